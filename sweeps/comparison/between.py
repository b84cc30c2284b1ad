"""Which family is best, and does the specialist beat the generalists? In words."""

from __future__ import annotations

from sweeps.comparison.contrasts import Arm, Contrast, Findings, turned
from sweeps.comparison.doubts import doubted, testimony
from sweeps.comparison.phrases import Answer, listed, number_of, of_difference, sentence
from sweeps.comparison.rivals import overall

BEST = "Which family is best after DPO?"
SPECIALIST = "Does the specialist (BioBERT) beat the generalists?"


def best_family(found: Findings) -> Answer:
    """The arm with the highest score, and which others it cannot be told from."""
    arms = _ranked(found)
    if len(arms) < 2:
        who = f"only {arms[0].name} has a DPO winner" if arms else "no DPO sweep has a winner"
        told = sentence(f"{who}, so there is nothing to choose from")
        return Answer(BEST, "not measured", (told,))
    first, rest = arms[0], arms[1:]
    duels = [_duel(found, first, other) for other in rest]
    equal = [each.second for each in duels if each.verdict != "better"]
    scored = f"{first.name} scored best, {number_of(first.rows['dpo'], found.metric)}"
    if equal:
        claim = f"{scored}, but cannot be told from {listed(equal)}: none is shown to be the best"
    else:
        claim = f"{scored}, and is better than {listed([arm.name for arm in rest])}"
    details = [_detail(found, first, other, duel) for other, duel in zip(rest, duels, strict=True)]
    short = "open" if equal else f"{first.name}{', with doubts' if doubted(duels) else ''}"
    context = (_confounded(arms), *_before(found, arms))
    return Answer(BEST, short, (f"{claim}.", *details, *context, *testimony(duels)))


def specialist(found: Findings) -> Answer:
    """The specialist's DPO winner against each generalist's."""
    arms = _ranked(found)
    special = [arm for arm in arms if arm.is_specialist]
    general = [arm for arm in arms if not arm.is_specialist]
    if not special or not general:
        return Answer(SPECIALIST, "not measured", (_who_is_missing(found, special),))
    pairs = [(one, other, _duel(found, one, other)) for one in special for other in general]
    claims = [
        claim.format(names=listed(names))
        for verdict, claim in {
            "better": "it is better than {names}",
            "worse": "it is worse than {names}",
            "not separable": "it cannot be told from {names}",
            "too few dialogues": "there are too few test dialogues to tell it from {names}",
        }.items()
        if (names := [each.second for _, _, each in pairs if each.verdict == verdict])
    ]
    headline = f"{listed([arm.name for arm in special])}: {'; '.join(claims)}."
    details = [_detail(found, one, other, duel) for one, other, duel in pairs]
    duels = [duel for _, _, duel in pairs]
    control = (
        "Specialist and generalists differ in architecture and size too; the control for the "
        "specialist's words alone is the same sweep on bert-base-cased."
    )
    return Answer(SPECIALIST, overall(duels), (headline, *details, control, *testimony(duels)))


def _ranked(found: Findings) -> list[Arm]:
    """Arms with a DPO winner, the best score first."""
    sign = 1 if found.goal == "maximize" else -1
    arms = [arm for arm in found.arms if "dpo" in arm.rows]
    return sorted(arms, key=lambda arm: -sign * arm.rows["dpo"].metrics[found.metric].value)


def _duel(found: Findings, one: Arm, other: Arm) -> Contrast:
    """The question between two arms' winners, asked of the first."""
    for each in found.against("dpo"):
        if (each.first, each.second) == (one.name, other.name):
            return each
        if (each.first, each.second) == (other.name, one.name):
            return turned(each)
    raise AssertionError("every pair of winners is asked")


def _detail(found: Findings, one: Arm, other: Arm, duel: Contrast) -> str:
    theirs = number_of(other.rows["dpo"], found.metric)
    difference = of_difference(duel, found.metric)
    return f"{one.name} minus {other.name} ({theirs}): {difference}."


def _confounded(arms: list[Arm]) -> str:
    weights = listed([arm.name if arm.dpo.weights in arm.name else f"{arm.dpo.weights} ({arm.name})"
                      for arm in arms])  # fmt: skip
    return (
        f"This compares the weights {weights}, which differ in size and pretraining: it says "
        "little of the families as such."
    )


def _before(found: Findings, arms: list[Arm]) -> list[str]:
    bases = [f"{number_of(arm.rows['base'], found.metric)} ({arm.name})"
             for arm in arms if "base" in arm.rows]  # fmt: skip
    return [f"Before any training they scored {listed(bases)}."] if bases else []


def _who_is_missing(found: Findings, special: list[Arm]) -> str:
    if special:
        return "No generalist has a DPO winner: add results/dpo_gemma or results/dpo_llama."
    stand_in = [arm for arm in found.arms if arm.dpo.family == "biobert" and not arm.is_specialist]
    if stand_in:
        return (
            f"Family biobert ran on {listed([arm.dpo.weights for arm in stand_in])}, which knows "
            "no biomedical texts and is no specialist: run dpo_biobert with BioBERT's own weights."
        )
    return "No sweep of family biobert with a DPO winner was given: add results/dpo_biobert."
