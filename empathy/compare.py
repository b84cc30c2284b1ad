"""Is one policy better than another? Paired on the same prompts, corrected for many questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from empathy.errors import UserError
from empathy.evaluate import Evaluation
from empathy.metrics import METRICS
from empathy.uncertainty import Estimate, paired_difference

Rival = TypeVar("Rival")


def compare(a: Evaluation, b: Evaluation, metric: str, level: float = 0.95) -> Estimate:
    """How much higher `a` scores than `b` on the prompts that both answered, with its interval.

    Raises UserError if either has no score of that name per prompt, or they share no prompt.
    """
    for each in (a, b):
        if metric not in each.scores:
            raise UserError(
                f"{each.policy!r} has no {metric!r} per prompt; known: {', '.join(each.scores)}"
            )
    theirs = dict(zip(b.prompt_ids, b.scores[metric], strict=True))
    rows = [
        (own, theirs[prompt_id], group)
        for prompt_id, own, group in zip(a.prompt_ids, a.scores[metric], a.groups, strict=True)
        if prompt_id in theirs
    ]
    if not rows:
        raise UserError(
            f"{a.policy!r} and {b.policy!r} share no prompt: evaluate both on the same split"
        )
    own_scores, their_scores, groups = zip(*rows, strict=True)
    return paired_difference(own_scores, their_scores, groups, level=level)


def both_scored(a: Evaluation, b: Evaluation, metric: str) -> bool:
    """Whether there is a prompt to which both gave a reply with this number, so that `compare` has
    something to compare."""
    theirs = dict(zip(b.prompt_ids, b.scores.get(metric, ()), strict=False))
    own = zip(a.prompt_ids, a.scores.get(metric, ()), strict=False)
    return any(each is not None and theirs.get(name) is not None for name, each in own)


def tied(
    best: Evaluation,
    others: Sequence[Evaluation],
    metric: str,
    level: float = 0.95,
    *,
    among: int | None = None,
) -> list[str]:
    """The policies among `others` that cannot be said to be worse than `best`.

    Guarantee: with probability `level` or more no policy that is at least as good as `best` is left
    out. So the truly best one, being that, is `best` or in the list.

    Each is compared on the same prompts, corrected for many questions: by Holm where `best` was
    chosen elsewhere. Where it is the best of `among` policies on these very prompts, any of them
    might have been it, so all pairs of them count (Bonferroni): the luckiest of sixteen equals
    would otherwise leave one of the others out in far more than 5 % of sweeps. With fewer than ten
    groups there is no interval, so nothing can be told apart.
    """
    sign = sign_of(metric)

    def gap(other: Evaluation, at: float) -> Estimate:
        return compare(best, other, metric, at)

    if among is None:
        kept = holm(others, gap, sign, level)
    else:
        at = 1 - (1 - level) / max(1, among * (among - 1) // 2)
        kept = [other for other in others if not _surely_better(gap(other, at), sign)]
    return [other.policy for other in kept]


def holm(
    rivals: Sequence[Rival], gap: Callable[[Rival, float], Estimate], sign: int, level: float
) -> list[Rival]:
    """The rivals that stay when all that are surely worse are left out, in their order.

    `gap(rival, level)` is the best's lead over it; a whole interval on the better side of 0 leaves
    the rival out. All are asked at 1 - (1 - level) / their number. Those left out make the others
    fewer, who are asked again (Holm 1979): never worse than one correction for all (Bonferroni).
    """
    kept = list(rivals)
    while kept:
        at = 1 - (1 - level) / len(kept)
        staying = [rival for rival in kept if not _surely_better(gap(rival, at), sign)]
        if len(staying) == len(kept):
            break
        kept = staying
    return kept


def sign_of(metric: str) -> int:
    """+1 where more of the metric is better, -1 where less is. Raises UserError for neither."""
    goal = METRICS[metric].goal if metric in METRICS else None
    if goal is None:
        raise UserError(f"{metric!r} has no better or worse; choose a metric with a goal")
    return 1 if goal == "maximize" else -1


def _surely_better(gap: Estimate, sign: int) -> bool:
    if gap.level is None or gap.low is None or gap.high is None:
        return False
    return min(sign * gap.low, sign * gap.high) > 0
