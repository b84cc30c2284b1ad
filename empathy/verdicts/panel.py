"""Who compares the replies: from settings to judges, what each says and how far they agree.

Every policy meets the SFT model and the human replies on the same prompts. A judge hears all these
comparisons at once, so that a budget holds for all of them together. What comes out is numbers; a
judge that fails has none, and a reason in their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from empathy.errors import UserError
from empathy.judges import Judges, Scorer
from empathy.records import Prompt
from empathy.settings import JudgeSettings, RewardModelSettings
from empathy.verdicts.agreement import agreement
from empathy.verdicts.llm import LlmJudge
from empathy.verdicts.scored import ScoredJudge, scorer_totals
from empathy.verdicts.verdict import BLANK, IDENTICAL, Comparison, Verdict, Verdicts, WinJudge
from empathy.verdicts.win_report import win_report

if TYPE_CHECKING:
    from empathy.policy import Progress

SFT, HUMAN = "sft", "human"
RIVALS = (SFT, HUMAN)
UNJUDGED = "unjudged"


class Match(NamedTuple):
    """Who meets whom, on every prompt."""

    policy: str
    rival: str


class Heard(NamedTuple):
    """What a judge said of all comparisons, empty where it said nothing, and then the reason."""

    verdicts: tuple[Verdict, ...]
    counts: Mapping[str, int]
    missing: str | None = None


Asked = Mapping[Match, Sequence[Comparison]]
Panel = dict[str, Callable[[], WinJudge]]
"""How to make each judge, by name; a reward model is loaded only when it is asked."""


def panel(settings: JudgeSettings, scorers: Judges, device: str) -> Panel:
    """The judges that the settings name."""
    built_in = {"referee": scorers.referee, "rank": scorers.ranking, "evaluate": scorers.evaluating}
    found: Panel = {
        name: partial(_scored, name, built_in[name]) for name in settings.scorers or ()
    }
    if settings.reward_model is not None:
        found["reward_model"] = partial(_reward_model, settings.reward_model, device)
    if settings.llm is not None:
        found["llm"] = partial(LlmJudge, settings.llm)
    return found


def matches(policies: Sequence[str]) -> list[Match]:
    """Everybody but people meets the SFT model and the human replies; nobody meets itself."""
    models = [policy for policy in policies if policy != HUMAN]
    return [Match(policy, rival) for policy in models for rival in RIVALS if policy != rival]


def verdicts(
    judges: Panel,
    prompts: Sequence[Prompt],
    said: Mapping[str, Sequence[str]],
    progress: Progress,
) -> dict[str, Any]:
    """All judges on what each policy, `sft` and `human` among them, has said to the prompts.

    Returns plain JSON: {"judges": {judge: {"missing": why it has no numbers, or None, "counts",
    "wins": {policy: {rival: a `WinReport`}}}}, "agreement": [{"judges": [two names], "raw",
    "kappa"}]}. Agreement is on who beats SFT, where the two replies differ.
    """
    asked = {
        match: [
            Comparison(prompt.client_text, a, b, prompt.corpus, prompt.language)
            for prompt, a, b in zip(prompts, said[match.policy], said[match.rival], strict=True)
        ]
        for match in matches(list(said))
    }
    heard: dict[str, Heard] = {}
    for number, (name, judge) in enumerate(judges.items()):
        progress(f"verdicts of {name}", number, len(judges))
        heard[name] = _heard(judge, list(chain.from_iterable(asked.values())))
    groups = [prompt.group for prompt in prompts]
    return {
        "judges": {name: _numbers(name, each, asked, groups) for name, each in heard.items()},
        "agreement": _agreement(heard, asked, groups),
    }


def _scored(name: str, scorer: Scorer) -> ScoredJudge:
    return ScoredJudge(name, scorer_totals(scorer), getattr(scorer, "languages", None))


def _reward_model(settings: RewardModelSettings, device: str) -> WinJudge:
    from empathy.verdicts.reward_model import RewardModel  # torch

    return RewardModel.load(settings.model, settings.label, device)


def _heard(judge: Callable[[], WinJudge], comparisons: Sequence[Comparison]) -> Heard:
    """The verdicts, or the reason why there are none: hours of training hang on no judge."""
    try:
        found = judge().judge(comparisons)
    except UserError as error:
        return Heard((), {}, str(error))
    except Exception as error:  # such as too little memory; its message may quote somebody's words
        return Heard((), {}, f"the judge failed ({type(error).__name__})")
    different = [win for win, each in zip(found.wins, comparisons, strict=True) if each.a != each.b]
    if different and all(win is None for win in different):
        counts = ", ".join(f"{what}: {n}" for what, n in found.counts.items())
        why = f"none of {len(different)} comparisons was judged ({counts})"
        return Heard((), found.counts, why)
    return Heard(found.verdicts, found.counts)


def _numbers(name: str, heard: Heard, asked: Asked, groups: Sequence[str]) -> dict[str, Any]:
    """One judge's reports by policy and rival."""
    wins: dict[str, dict[str, Any]] = {}
    rest = iter(heard.verdicts)
    for match, comparisons in asked.items() if heard.verdicts else ():
        part = tuple(next(rest) for _ in comparisons)
        told = Verdicts(name, part, _counts(part, comparisons))
        report = win_report(told, comparisons, groups).as_dict()
        wins.setdefault(match.policy, {})[match.rival] = report
    return {"missing": heard.missing, "counts": dict(heard.counts), "wins": wins}


def _counts(part: Sequence[Verdict], comparisons: Sequence[Comparison]) -> Counter[str]:
    """Of one match: replies of the same words, blank ones, and all that has no verdict."""
    blank = sum(not (each.a.strip() and each.b.strip()) for each in comparisons)
    same = sum(each.a == each.b and bool(each.a.strip()) for each in comparisons)
    unjudged = sum(verdict.win is None for verdict in part)
    return +Counter({BLANK: blank, IDENTICAL: same, UNJUDGED: unjudged})


def _agreement(
    heard: Mapping[str, Heard], asked: Asked, groups: Sequence[str]
) -> list[dict[str, Any]]:
    """Of each two judges that were heard; `raw` and `kappa` are None where they share nothing."""
    told = [
        (match.rival == SFT and each.a != each.b, group)
        for match, comparisons in asked.items()
        for each, group in zip(comparisons, groups, strict=True)
    ]
    shared = [group for kept, group in told if kept]
    columns = {
        name: [one.win for one, (kept, _) in zip(each.verdicts, told, strict=True) if kept]
        for name, each in heard.items()
        if each.verdicts
    }
    found = []
    for one, other in combinations(columns, 2):
        both = agreement(columns[one], columns[other], shared)
        raw, kappa = (None, None) if both is None else both
        found.append(
            {
                "judges": [one, other],
                "raw": raw.as_dict() if raw else None,
                "kappa": kappa.as_dict() if kappa else None,
            }
        )
    return found
