"""The judges of a sweep: who may judge, what that will take and what is missing. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from empathy.checkpoints import hub
from empathy.errors import UserError
from empathy.records import Prompt
from empathy.selection import select
from empathy.settings import JudgeSettings, LlmSettings, ScorerName
from empathy.verdicts.budget import CHARACTERS_PER_TOKEN, forecast
from empathy.verdicts.endpoint import authorization, checked_url
from empathy.verdicts.reward_folder import local
from sweeps.sweepfile.reading import SettingError

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec

SCORERS: Mapping[ScorerName, str] = {
    "referee": "counted words and letters, a scorer of another kind that no search sees",
    "rank": "the scorer that ranks training pairs",
    "evaluate": "the evaluating scorer, which does not steer this search",
}
SCORER_OF: Mapping[str, ScorerName] = {
    **dict.fromkeys(
        ("empathy", "emotional_reactions", "interpretations", "explorations"), "evaluate"
    ),
    "empathy_second": "rank",
}
"""Whose numbers metrics are; those of the referee no search may follow."""


def steering(spec: SweepSpec) -> dict[ScorerName, str]:
    """The scorers that steer the search, each with the metric by which it does."""
    names = [aim.name for aim in spec.metric.aims]
    names += spec.guards.limits if spec.guards.enforce else ()
    return {SCORER_OF[name]: name for name in names if name in SCORER_OF}


def chosen(spec: SweepSpec) -> JudgeSettings:
    """The judges with their scorers named: unless the sweep names some, all that do not steer."""
    if spec.judges.scorers is not None:
        return spec.judges
    free = tuple(name for name in get_args(ScorerName) if name not in steering(spec))
    return spec.judges.model_copy(update={"scorers": free})


def check_judges(spec: SweepSpec) -> None:
    """Raises `SettingError` for a judge that steers the search, or that is named twice."""
    names, steers = spec.judges.scorers or (), steering(spec)
    for name in names:
        if name in steers:
            free = [each for each in SCORERS if each not in steers]
            raise SettingError(
                "judges.scorers",
                f"names '{name}', which steers the search by the metric '{steers[name]}' and must "
                f"not judge what it found; take of {', '.join(free)}",
            )
        if names.count(name) > 1:
            raise SettingError("judges.scorers", f"names '{name}' twice; name each judge once")


def missing(spec: SweepSpec) -> list[str]:
    """What stands in the way of the judges, a sentence each. No server is asked."""
    found = []
    for look in (_look_for_reward_model, _look_for_endpoint):
        try:
            look(spec.judges)
        except UserError as error:
            found.append(str(error))
    return found


def unavailable(spec: SweepSpec) -> list[str]:
    """The same at a start, when the hub is asked for the reward model, too."""
    found, reward = missing(spec), spec.judges.reward_model
    if found or reward is None or local(reward.model) is not None:
        return found
    name, _, revision = reward.model.partition("@")
    if hub.cached(name, revision or None) is not None:
        return []
    reason = hub.unavailable(name)
    return [f"reward model {name} cannot be had: {reason}; give a local folder"] if reason else []


def _look_for_reward_model(judges: JudgeSettings) -> None:
    if judges.reward_model is not None:
        local(judges.reward_model.model)


def _look_for_endpoint(judges: JudgeSettings) -> None:
    if judges.llm is not None:
        authorization(judges.llm, checked_url(judges.llm))


def lines(spec: SweepSpec, finalists: int) -> list[str]:
    """A line per judge for the plan: who it is, and what asking it will take."""
    found = chosen(spec)
    told = [f"{name}: {SCORERS[name]}" for name in found.scorers or ()]
    if found.reward_model is not None:
        told.append(f"reward_model: {found.reward_model.model}")
    if found.llm is not None:
        cost = _cost(spec, found.llm, finalists)
        told.append(f"llm: {found.llm.model} at {found.llm.url}: {cost}")
    return told


def _cost(spec: SweepSpec, llm: LlmSettings, finalists: int) -> str:
    try:
        test = select(spec.data, spec.evaluation).prompts["test"]
    except UserError:  # `missing` says it
        return "how much it will be asked is open until the dialogues can be read"
    expected = forecast(llm, *comparisons(spec, test, finalists))
    if llm.token_budget is None:
        return f"{expected.line()}; no token_budget"
    text = f"{expected.line()}; never more than {llm.token_budget:,} tokens (token_budget)"
    if expected.tokens_in + expected.tokens_out > llm.token_budget:
        text += ", which is too little: some comparisons will stay unjudged"
    return text


def comparisons(spec: SweepSpec, test: Sequence[Prompt], finalists: int) -> tuple[int, float]:
    """How many there are, and the mean characters of prompt and two replies, where models are
    taken to say as much as they may.

    Base and finalists meet SFT model and people on every test prompt, and SFT meets people.
    """
    said = CHARACTERS_PER_TOKEN * spec.evaluation.max_new_tokens
    human = sum(len(prompt.human_reply) for prompt in test)
    client = sum(len(prompt.client_text) for prompt in test)
    against_sft = (finalists + 1) * (client + 2 * said * len(test))
    against_human = (finalists + 2) * (client + said * len(test) + human)
    count = (2 * finalists + 3) * len(test)
    return count, (against_sft + against_human) / count
