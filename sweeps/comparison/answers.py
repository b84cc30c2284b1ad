"""The study's questions in plain language, with no more certainty than the intervals have."""

from __future__ import annotations

from sweeps.comparison.between import best_family, specialist
from sweeps.comparison.contrasts import Arm, Findings
from sweeps.comparison.cost import cost_of, told
from sweeps.comparison.guards import guards_of
from sweeps.comparison.phrases import Answer, listed, percent
from sweeps.comparison.rivals import QUESTIONS, against
from sweeps.record.wording import duration, named

COST = "At what cost?"


def answers(found: Findings) -> list[Answer]:
    """An answer to each question of the study, also where it could not be measured."""
    own = [against(found, rival) for rival in QUESTIONS]
    return [*own, best_family(found), specialist(found), cost(found)]


def certainty(found: Findings) -> str:
    """What the intervals in the answers mean."""
    asked = len(found.contrasts)
    if asked == 0:
        return "No difference could be tested."
    what = "One difference was tested. Its interval holds at" if asked == 1 else (
        f"{asked} differences were tested. Their intervals in the answers hold at"
    )  # fmt: skip
    why = "" if asked == 1 else (
        " each, so that the chance of any false claim among all of them is about 5 % at most "
        "(Bonferroni)"
    )  # fmt: skip
    return (
        f"{what} {percent(found.level)}{why}; they are bootstrapped over dialogues. Where an "
        "interval includes 0 nothing is claimed, which is not to say that the two are equal."
    )


def cost(found: Findings) -> Answer:
    """Time, trials and steps of every search, and what the score was paid with beside."""
    searches = [
        (f"{arm.name}, {name}", cost_of(sweep))
        for arm in found.arms
        for name, sweep in (("DPO", arm.dpo), ("SFT continued", arm.continued))
        if sweep is not None
    ]
    known = [each.seconds for _, each in searches if each.seconds is not None]
    total = duration(sum(known)) if len(known) == len(searches) else "not measured"
    trials = sum(each.trials for _, each in searches)
    headline = (
        f"{len(searches)} searches of {trials} trials took {total} of wall clock, one after "
        "another; times of other machines, or of busy ones, do not compare."
    )
    details = [f"{name}: {told(each)}." for name, each in searches]
    return Answer(COST, total, (headline, *details, *(_price(arm, found) for arm in found.arms)))


def _price(arm: Arm, found: Findings) -> str:
    """On which other numbers the DPO winner is worse than SFT."""
    guards = guards_of(arm, found.metric)
    if not guards:
        return f"{arm.name}: no DPO winner, so nothing beside the score either."
    worse = [named(each.metric) for each in guards if each.verdict == "worse"]
    if not worse:
        return f"{arm.name}: no other number shows DPO worse than SFT (95 % each, see below)."
    return f"{arm.name}: DPO is worse than SFT on {listed(worse)} (95 % each, see below)."
