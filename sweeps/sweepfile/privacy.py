"""What a sweep on private dialogues may not do: nothing of it leaves this machine or its owner."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from empathy.cache import cache_folder
from empathy.errors import UserError
from empathy.privacy import owner_only, private_among
from sweeps.sweepfile.reading import SettingError

if TYPE_CHECKING:
    from sweeps.sweepfile.spec import SweepSpec


def private_corpora(spec: SweepSpec) -> list[str]:
    """The sweep's corpora that never leave the machine."""
    return private_among(spec.data.corpora, marked=spec.data.private)


def closed(spec: SweepSpec, out: Path) -> AbstractContextManager[None]:
    """Where the sweep is private, only its owner can open what it writes into `out` and the cache.

    Raises `UserError` where one of the two cannot be closed to others.
    """
    return owner_only(out, cache_folder()) if private_corpora(spec) else nullcontext()


def written_closed(spec: SweepSpec) -> AbstractContextManager[None]:
    """Where the sweep is private, only its owner can open the files that are made meanwhile."""
    return owner_only() if private_corpora(spec) else nullcontext()


def check_place(spec: SweepSpec, out: str) -> None:
    """Raises `UserError` for results of a private sweep in a bucket."""
    private = private_corpora(spec)
    if private:
        raise UserError(
            f"--out is {out}, but corpus '{private[0]}' is private and neither words nor weights "
            "that learnt them are uploaded; give a folder"
        )


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
    # A denial does not reach so far: whoever sends words elsewhere says so in the judge itself.
    private = private_among(spec.data.corpora, marked=spec.data.private or None)
    llm = spec.judges.llm
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
