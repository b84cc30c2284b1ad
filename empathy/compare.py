"""Is one policy better than another? Paired on the same prompts, corrected for many questions."""

from __future__ import annotations

from collections.abc import Sequence

from empathy.errors import UserError
from empathy.evaluate import Evaluation
from empathy.metrics import METRICS
from empathy.uncertainty import BOOTSTRAP, Estimate, paired_difference


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


def tied(
    best: Evaluation, others: Sequence[Evaluation], metric: str, level: float = 0.95
) -> list[str]:
    """The policies among `others` that cannot be said to be worse than `best`.

    Each is compared on the same prompts at a confidence raised for the number of comparisons
    (Bonferroni). It is worse only if the whole interval of the difference says so: with fewer than
    ten groups there is no interval, so nothing can be told apart.
    """
    goal = METRICS[metric].goal if metric in METRICS else None
    if goal is None:
        raise UserError(f"{metric!r} has no better or worse; choose a metric with a goal")
    each_level = 1 - (1 - level) / max(1, len(others))
    gaps = ((other.policy, compare(best, other, metric, each_level)) for other in others)
    return [policy for policy, gap in gaps if not _surely_better(gap, goal == "maximize")]


def _surely_better(gap: Estimate, more_is_better: bool) -> bool:
    if gap.method != BOOTSTRAP or gap.low is None or gap.high is None:
        return False
    return gap.low > 0 if more_is_better else gap.high < 0
