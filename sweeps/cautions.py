"""What a reader should know before using the winner: ranges too narrow, prices of the score."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from empathy.metrics import METRICS
from sweeps.findings import Outcome, change_of, judged
from sweeps.ledger import Figure
from sweeps.wording import named, said, setting

EDGE = 0.05  # of a range: so near to its end the optimum may lie beyond
LENGTH_CHANGE = 0.25  # of SFT's words: more may explain a score by itself
ABOVE_HUMAN = 0.10  # in shares of replies: a phrase so much commoner than counsellors' is a tell
TELLS = ("common_opener", "apologies", "shared_experience", "repetition")
DRIFT_NATS = 15.0  # over a reply; beyond it our experiments saw gaming more than empathy


def data_warnings(manifest: Mapping[str, Any]) -> list[str]:
    """Where the pairs can be told apart without a model, as the data card says."""
    return list(manifest.get("data_cautions", ()))


def edge_warnings(found: Outcome) -> list[str]:
    """Where the winner's setting lies at the end of what was searched."""
    if found.best is None:
        return []
    chosen = found.trials[found.best].parameters
    tried = {
        name: {t.parameters[name] for t in found.trials.values() if name in t.parameters}
        for name in chosen
    }
    told = (
        _edge(name, value, found.parameters.get(name, {}))
        for name, value in chosen.items()
        if len(tried[name]) > 1  # of one value nothing can be said
    )
    return [text for text in told if text is not None]


def _edge(name: str, value: Any, ranges: Mapping[str, Any]) -> str | None:
    low, high, values = ranges.get("min"), ranges.get("max"), ranges.get("values")
    if low is not None and high is not None:
        at = position(value, ranges)
        if EDGE < at < 1 - EDGE:
            return None
        side, end = ("lower", low) if at <= EDGE else ("upper", high)
        return (
            f"The best {named(name)}, {setting(value)}, lies at the {side} edge of its range "
            f"({setting(float(end))}): widen it."
        )
    numeric = [v for v in values or () if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numeric) < 3 or value not in (min(numeric), max(numeric)):
        return None
    side = "smallest" if value == min(numeric) else "largest"
    return f"The best {named(name)}, {setting(value)}, is the {side} of its values: try beyond it."


def position(value: float, ranges: Mapping[str, Any]) -> float:
    """Where a value lies between min (0) and max (1), by logarithm for log distributions."""
    low, high = float(ranges["min"]), float(ranges["max"])
    if low == high:
        return 0.5
    if str(ranges.get("distribution") or "").startswith("log"):
        value, low, high = log(value), log(low), log(high)
    return (value - low) / (high - low)


def guard_warnings(found: Outcome) -> list[str]:
    """Numbers on which the winner is worse than SFT, or which may explain its score."""
    if found.best is None or "sft" not in found.trials:
        return []
    winner, sft = found.trials[found.best].test, found.trials["sft"].test
    told = [_guard(name, winner[name], sft.get(name), found)
            for name in METRICS if name in winner and name != found.metric]  # fmt: skip
    return [text for text in told if text is not None]


def style_warnings(found: Outcome) -> list[str]:
    """Where the winner's phrases are far commoner than in the human replies to the same prompts."""
    if found.best is None:
        return []
    winner, told = found.trials[found.best].test, []
    for name in TELLS:
        own, human = winner.get(name), found.human.get(name)
        if own is not None and human is not None and own.value > human.value + ABOVE_HUMAN:
            told.append(
                f"The winner's {named(name)} is {said(own, name)}, against {said(human, name)} in "
                "the human replies to the same prompts: a phrase that pays may have been learnt."
            )
    own, human = winner.get("questions"), found.human.get("questions")
    if own is not None and human is not None and own.value > max(1.0, human.value):
        told.append(
            f"The winner asks {said(own, 'questions')} questions in a reply, counsellors "
            f"{said(human, 'questions')}: more than one interrogates."
        )
    return told


def _guard(name: str, winner: Figure, sft: Figure | None, found: Outcome) -> str | None:
    if name == "log_ratio":
        return _drift(winner)
    if sft is None:
        return None
    pair = f"{said(winner, name)} against {said(sft, name)}"
    if name == "words":
        share = winner.value / sft.value - 1 if sft.value else 0.0
        if abs(share) <= LENGTH_CHANGE:
            return None
        longer = "longer" if share > 0 else "shorter"
        return f"The winner's replies are {longer} than SFT's ({pair}): length alone moves scores."
    verdict = judged(name, change_of(name, winner, sft, found))
    if not verdict.startswith("worse"):
        return None
    sure = "" if verdict == "worse" else ", by values that were not compared prompt by prompt"
    return f"The winner is worse than SFT on {named(name)}{sure}: {pair}."


def _drift(figure: Figure) -> str | None:
    if figure.value <= DRIFT_NATS:
        return None
    return (
        f"The winner moved far from SFT: {said(figure, 'log_ratio')} nats over a reply. Beyond "
        f"{DRIFT_NATS:.0f} nats a rising score was more often gaming than empathy."
    )
