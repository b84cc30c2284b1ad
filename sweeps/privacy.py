"""What a sweep on private dialogues may not do: nothing of it leaves this machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from empathy.corpora import CORPORA
from sweeps.reading import SettingError

if TYPE_CHECKING:
    from sweeps.spec import SweepSpec


def private_corpora(spec: SweepSpec) -> list[str]:
    """The sweep's corpora that never leave the machine."""
    return private_among(spec.data.corpora)


def private_among(corpora: Iterable[str]) -> list[str]:
    """Those that never leave the machine; a corpus that is not known here counts as one."""
    return [name for name in corpora if name not in CORPORA or CORPORA[name].private]


def check_tracking(spec: SweepSpec) -> None:
    """Raises `SettingError` for online tracking of a private corpus."""
    private = private_corpora(spec)
    if private and spec.tracking.mode == "online":
        raise SettingError(
            "tracking.mode",
            f"is 'online', but corpus '{private[0]}' is private and nothing of it is uploaded; "
            "take offline or disabled",
        )


def check_llm_judge(spec: SweepSpec) -> None:
    """Raises `SettingError` for a private corpus whose words would go to an llm judge."""
    private, llm = private_corpora(spec), spec.judges.llm
    if private and llm is not None and not llm.allow_private:
        raise SettingError(
            "judges.llm",
            f"is given, but corpus '{private[0]}' is private and its words would be sent to "
            "judges.llm.url; leave the judge out, or set judges.llm.allow_private to true if the "
            "corpus's owners agree",
        )


def tracking_mode(spec: SweepSpec) -> Literal["auto", "online", "offline", "disabled"]:
    """The sweep's mode of tracking, where auto never means online for a private corpus."""
    if spec.tracking.mode == "auto" and private_corpora(spec):
        return "offline"
    return spec.tracking.mode
