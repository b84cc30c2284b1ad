"""Does DPO beat SFT, SFT continued as long, the untrained base? In words, family by family."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.comparison.contrasts import Arm, Contrast, Findings, Row, Verdict
from sweeps.comparison.doubts import doubted, testimony
from sweeps.comparison.folders import Sweep
from sweeps.comparison.phrases import Answer, listed, number_of, of_difference, sentence
from sweeps.record.wording import counted, named
from sweeps.report.findings import no_winner, outcome

CALLED: dict[Row, str] = {
    "sft": "SFT",
    "continued": "SFT continued",
    "base": "the untrained base",
    "dpo": "DPO",
}
QUESTIONS: dict[Row, str] = {
    "sft": "Does DPO beat SFT, the warm start it began with?",
    "continued": "Does DPO beat ordinary fine-tuning (SFT) continued for as long?",
    "base": "Does DPO beat the untrained base?",
}
CLAIMS: dict[Verdict, str] = {
    "better": "DPO beats {rival} in {names}",
    "worse": "DPO is worse than {rival} in {names}",
    "not separable": "DPO and {rival} cannot be told apart in {names}",
    "too few dialogues": "there are too few test dialogues to say in {names}",
}


def against(found: Findings, rival: Row) -> Answer:
    """DPO against one rival in every arm, also where that was not measured."""
    asked = {each.first: each for each in found.against(rival)}
    missing = [arm for arm in found.arms if arm.name not in asked]
    claims = [
        claim.format(rival=CALLED[rival], names=listed(names))
        for verdict, claim in CLAIMS.items()
        if (names := [name for name, each in asked.items() if each.verdict == verdict])
    ]
    if missing:
        claims.append(f"not measured in {listed([arm.name for arm in missing])}")
    details = [_detail(found, arm, asked[arm.name]) for arm in found.arms if arm.name in asked]
    reasons = [_why_missing(arm, rival, found.metric) for arm in missing]
    contrasts = list(asked.values())
    sentences = (sentence("; ".join(claims)), *details, *reasons, *testimony(contrasts))
    return Answer(QUESTIONS[rival], overall(contrasts, incomplete=bool(missing)), sentences)


def overall(asked: Sequence[Contrast], *, incomplete: bool = False) -> str:
    """A few words for "is the first better?" asked several times over."""
    if not asked:
        return "not measured"
    short = _overall([each.verdict for each in asked], incomplete)
    return f"{short}, with doubts" if doubted(asked) else short


def _overall(verdicts: Sequence[Verdict], incomplete: bool) -> str:
    where = ", where measured" if incomplete else ""
    if all(verdict == "better" for verdict in verdicts):
        return f"yes{where}"
    if all(verdict == "worse" for verdict in verdicts):
        return f"no, worse{where}"
    if "better" in verdicts:
        return "in part"
    return "not shown" if "worse" in verdicts else "open"


def searched(sweep: Sweep) -> str:
    """How a winner was found: "best of 32 trials of 150 steps"."""
    steps = sweep.setting("training.max_steps")
    trials = sweep.summary.get("trials")
    return f"best of {counted(trials, 'trial') if trials else 'its trials'} of {steps} steps"


def _detail(found: Findings, arm: Arm, contrast: Contrast) -> str:
    """Both numbers of one arm and their difference."""
    ours, theirs = (number_of(arm.rows[row], found.metric) for row in ("dpo", contrast.rival))
    first, second = CALLED["dpo"], CALLED[contrast.rival]
    if contrast.rival == "continued" and arm.continued is not None:
        first, second = (f"{name} ({searched(sweep)})" for name, sweep in
                         ((first, arm.dpo), (second, arm.continued)))  # fmt: skip
    difference = of_difference(contrast, found.metric)
    return f"{arm.name}: {first} {ours}, {second} {theirs}; difference {difference}."


def _why_missing(arm: Arm, rival: Row, metric: str) -> str:
    """Why an arm has no difference to a rival: one of the two is not there, or has no number."""
    if arm.dpo.best is None:
        return _no_winner(arm, arm.dpo, "dpo")
    if rival == "continued":
        if arm.continued is None:
            missing = f"sft_{arm.dpo.family}"
            return f"{arm.name}: no SFT sweep was given; run {missing} and add its folder."
        if arm.continued.best is None:
            return _no_winner(arm, arm.continued, "continued")
    unscored = [CALLED[row] for row in ("dpo", rival) if row not in arm.rows]
    if unscored:
        return f"{arm.name}: {named(metric)} was not measured for {listed(unscored)}."
    return f"{arm.name}: no test prompt has {named(metric)} for both DPO and {CALLED[rival]}."


def _no_winner(arm: Arm, sweep: Sweep, row: Row) -> str:
    """The reason that the sweep's own report gives."""
    return f"{arm.name}, {CALLED[row]}: {no_winner(outcome(sweep.record))}"
