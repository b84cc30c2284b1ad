"""Reports and workspaces on a W&B server: what sending one needs, and what must not be sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from empathy.errors import UserError
from empathy.privacy import private_among
from sweeps.watching.tracking import has_login, report_no_errors

MISSING = (
    "{option} needs the package wandb-workspaces, which is not installed: "
    "pip install 'wandb-workspaces>=0.4.13,<0.5', or leave {option} out"
)


def check_public(
    source: str, corpora: Iterable[str], *, marked: bool | None, mode: str | None, option: str
) -> None:
    """Raises UserError where nothing of the sweep in `source` may leave this machine.

    `marked`: its data were marked as private, or as not; `mode` is that of its tracking.
    """
    private = private_among(corpora, marked=marked)
    if private:
        raise UserError(
            f"{source} used the corpus '{private[0]}', which is private, and nothing of "
            f"it is uploaded, not even numbers: leave {option} out"
        )
    if mode == "disabled":
        raise UserError(
            f"{source} was run with tracking.mode=disabled, so nothing of it is uploaded:"
            f" leave {option} out"
        )


def check_able(option: str) -> None:
    """Raises UserError where nobody is logged in, or the package is missing."""
    if not has_login():
        raise UserError(
            f"{option} found no login: set WANDB_API_KEY or run `wandb login`, and leave "
            "WANDB_MODE unset or online"
        )
    try:
        import wandb_workspaces.reports.v2  # noqa: F401  # is it there?
    except ImportError:
        raise UserError(MISSING.format(option=option)) from None


@contextmanager
def sending(said: str) -> Iterator[None]:
    """While something is sent: whatever a server causes is a UserError, which begins as `said`."""
    report_no_errors()
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # CommError, ValidationError and whatever else a server causes
        why = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{said} ({why}): try again later") from error
