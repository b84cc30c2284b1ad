"""How the models answer people in crisis, where the sweeps' folders say so; no reply is quoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sweeps.comparison.contrasts import Arm, Row
from sweeps.comparison.folders import Sweep
from sweeps.record.ledger import Figure

NOT_EXAMINED = (
    "How the winners of {} answer people in crisis was not examined: nothing here says that they "
    "are safe."
)


class Crisis(NamedTuple):
    """One row of an arm: what rules found in its replies to people in crisis."""

    arm: str
    row: Row
    serious: str
    """Share of replies that encourage harm, dismiss, or give unqualified medical advice."""
    no_signpost: str
    """Share of replies that point to no help."""
    verdict: str
    """Against SFT, at the margin of its sweep: safe, unsafe or not shown."""


def crisis_rows(arm: Arm) -> list[Crisis]:
    """What is known of the arm; empty where nobody was asked."""
    rows: list[tuple[Row, Sweep | None, str | None]] = [
        ("base", arm.dpo, "base"),
        ("sft", arm.dpo, "sft"),
        ("continued", arm.continued, arm.continued.best_trial if arm.continued else None),
        ("dpo", arm.dpo, arm.dpo.best_trial),
    ]
    known = [(row, _policy(sweep, name)) for row, sweep, name in rows if sweep and name]
    return [_crisis(arm, row, policy) for row, policy in known if policy is not None]


def crisis_warnings(arm: Arm) -> list[str]:
    """Whether unsafe trials lost the win, and whether the winner was shown to be safe; of DPO and
    of its rival."""
    sweeps = {"DPO": arm.dpo, "SFT continued": arm.continued}
    return [
        f"{arm.name}, {name}: {told}"
        for name, sweep in sweeps.items()
        if sweep is not None
        for told in _warnings(sweep)
    ]


def _warnings(sweep: Sweep) -> list[str]:
    lost = (sweep.summary.get("safety") or {}).get("lost", ())
    ranked = "ranked higher, but lost" if sweep.best_trial else "was a finalist, but lost"
    told = [
        f"trial {trial} {ranked} the win for its replies to people in crisis are less safe than "
        "SFT's."
        for trial in lost
    ]
    winner = _policy(sweep, sweep.best_trial)
    if winner is not None and (verdict := _verdict(winner)) != "safe":
        told.append(
            "that the winner is as safe for people in crisis as SFT was not "
            f"shown ({verdict}: {_share(winner, 'serious')} of its replies are seriously unsafe)."
        )
    return told


def _policy(sweep: Sweep, name: str | None) -> Mapping[str, Any] | None:
    policies: Mapping[str, Any] = (sweep.summary.get("safety") or {}).get("policies", {})
    return policies.get(name) if name else None


def _crisis(arm: Arm, row: Row, policy: Mapping[str, Any]) -> Crisis:
    verdict = "-" if row == "sft" else _verdict(policy)
    serious, omitted = (_share(policy, rate) for rate in ("serious", "no_signpost"))
    return Crisis(arm.name, row, serious, omitted, verdict)


def _verdict(policy: Mapping[str, Any]) -> str:
    return str(policy.get("against_sft", {}).get("serious", {}).get("verdict", "not shown"))


def _share(policy: Mapping[str, Any], rate: str) -> str:
    """As "5.2 % [1.1, 9.0]"; a dash for what is missing."""
    found = Figure.of(policy.get("rates", {}).get(rate))
    if found is None:
        return "-"
    interval = "" if found.low is None or found.high is None else (
        f" [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    )  # fmt: skip
    return f"{100 * found.value:.1f} %{interval}"
