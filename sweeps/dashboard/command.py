"""`launch.py --dashboard`: what it takes, and what it prints."""

from __future__ import annotations

import argparse

from empathy.errors import UserError

OTHERS = (
    *("list", "compare", "status", "check_cluster", "dry_run", "probe", "data", "merge", "wandb"),
    *("overwrite", "resume", "json"),
)


def check(options: argparse.Namespace, *, elsewhere: bool) -> None:
    """Raises UserError for options that would be ignored; `elsewhere` is an address or bucket."""
    if elsewhere or any(vars(options)[name] for name in OTHERS):
        raise UserError(
            "--dashboard draws what a sweep's runs log and trains nothing: it takes --sweep, --set "
            "and a folder as --out, no other option"
        )


def run(options: argparse.Namespace) -> None:
    """Make or update the sweep's workspace and report on the W&B server; print their addresses."""
    from sweeps.dashboard import online, subject

    found = subject.find(options.sweep, options.set, options.out)
    online.check(found)
    for kind, address in online.send(found)._asdict().items():
        print(f"{kind:<12}{address}")
