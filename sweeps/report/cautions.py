"""What a reader should know before using the winner: ranges too narrow, prices of the score."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from empathy.metrics import METRICS
from empathy.privacy import holds_private
from sweeps.record.ledger import Figure
from sweeps.record.wording import named, said, setting
from sweeps.report.findings import Outcome, change_of, judged
from sweeps.report.guard_text import breaks
from sweeps.report.widening import longer, wider
from sweeps.sweepfile.limits import LIMITS, rival
from sweeps.verdict.guards import bounds

EDGE = 0.05  # of a range: so near to its end the optimum may lie beyond
LENGTH_CHANGE = 0.25  # of SFT's words: more may explain a score by itself
PRIVATE = (
    "Trained on private words: no reply is shown, for a model may say again what it learnt, and "
    "its weights (winner, trials, cache) are as sensitive as the words."
)


def data_warnings(manifest: Mapping[str, Any]) -> list[str]:
    """That the words are private, and where pairs can be told apart without a model."""
    data = manifest.get("settings", {}).get("data", {})
    private = [PRIVATE] if holds_private(data) else []
    return [*private, *manifest.get("data_cautions", ())]


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
        up = at > EDGE
        span = " to ".join(setting(float(end)) for end in (low, high))
        where = f"lies at the {'upper' if up else 'lower'} edge of its range ({span})"
        return _beyond(f"The best {named(name)}, {setting(value)}, {where}", "widen it",
                       wider(name, ranges, up=up))  # fmt: skip
    numeric = [v for v in values or () if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numeric) < 3 or value not in (min(numeric), max(numeric)):
        return None
    up = value == max(numeric)
    where = f"is the {'largest' if up else 'smallest'} of its values"
    return _beyond(f"The best {named(name)}, {setting(value)}, {where}", "try beyond it",
                   longer(name, values or (), up=up))  # fmt: skip


def _beyond(told: str, what: str, option: str | None) -> str:
    """What lies at an edge, and how to search past it; `option` None: the setting ends there."""
    if option is None:
        return f"{told}, and this setting can go no further."
    return f"{told}, so a better one may lie outside: {what}, for instance with {option}."


def position(value: float, ranges: Mapping[str, Any]) -> float:
    """Where a value lies between min (0) and max (1), by logarithm for log distributions."""
    low, high = float(ranges["min"]), float(ranges["max"])
    if low == high:
        return 0.5
    if str(ranges.get("distribution") or "").startswith("log"):
        value, low, high = log(value), log(low), log(high)
    return (value - low) / (high - low)


def guard_warnings(found: Outcome) -> list[str]:
    """Guards that the winner breaks on test prompts, and other numbers that explain its score or on
    which it is worse than SFT."""
    if found.best is None or "sft" not in found.trials:
        return []
    winner, sft = found.trials[found.best].test, found.trials["sft"].test
    broken = breaks(found.guarded.of("test"), winner, found.differences)
    told = [
        f"{found.best} wins the score, but {does} {'; '.join(map(str, some))}."
        for does, some in broken.items()
    ]
    settled = {found.metric, *(each.bound.metric for some in broken.values() for each in some)}
    settled |= {bound.metric for bound in found.guarded.of("test") if rival(bound.form) == "sft"}
    others = [_beside_sft(name, winner[name], sft.get(name), found)
              for name in METRICS if name in winner and name not in settled]  # fmt: skip
    return [*told, *(text for text in others if text is not None)]


def style_warnings(found: Outcome) -> list[str]:
    """What the winner breaks of the usual limits where the sweep does not guard that number."""
    if found.best is None:
        return []
    winner, guarded = found.trials[found.best].test, {b.metric for b in found.guarded.of("test")}
    limits = {name: limit for name, limit in LIMITS.items() if name not in guarded}
    sft = found.trials["sft"].test if "sft" in found.trials else {}
    usual = bounds(limits, sft=sft, human=found.human)
    return [
        f"This sweep does not guard it, but {found.best} {does} {'; '.join(map(str, some))}."
        for does, some in breaks(usual, winner, found.differences).items()
    ]


def _beside_sft(name: str, winner: Figure, sft: Figure | None, found: Outcome) -> str | None:
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
