"""`python -m empathy fetch`: the public data sets, from their authors' repositories.

States each licence and fetches nothing before `--accept-licence`. Files that are there and right
stay; a file that is there and differs stops the command before anything is fetched.
"""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from empathy.cache import file_sha256
from empathy.corpora import CORPORA
from empathy.errors import UserError
from empathy.fetch.downloads import data_folder, mirror, origins
from empathy.fetch.transfer import PATIENCE, Patience, Wanted, download, part_of, session
from empathy.fetch.transfer_errors import disk_error, full_disk


class Plan(NamedTuple):
    """The files that are still to be fetched, and how many are there already."""

    missing: list[Wanted]
    present: int


def arguments(parser: ArgumentParser) -> None:
    """The options of `fetch`."""
    parser.add_argument(
        "corpora", nargs="+", metavar="CORPUS", help=f"which to fetch: {', '.join(origins())}"
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="folder to put them in [EMPATHY_DATA, else a folder of the cache]",
    )
    parser.add_argument(
        "--accept-licence", action="store_true", help="you accept the licences that are shown"
    )


def run(options: Namespace) -> int:
    """Shows the licences and, once they are accepted, fetches what is missing; 0 when all is."""
    names = checked(options.corpora)
    for name in names:
        origin = origins()[name]
        print(f"{name}: https://github.com/{origin.repository} at {origin.commit[:7]}")
        print(f"  licence: {CORPORA[name].licence}")
    if not options.accept_licence:
        raise UserError(
            "nothing was fetched: read the licences above and give --accept-licence if you accept"
            f" {'it' if len(names) == 1 else 'all of them'}"
        )
    folder = options.data.expanduser() if options.data else data_folder()
    plan = planned(names, folder)
    if plan.missing:
        fetch(plan.missing)
    size = sum(wanted.size for wanted in plan.missing) / 1e6
    print(
        f"{len(plan.missing)} files fetched ({size:.1f} MB), {plan.present} were there already;"
        f" all have the published SHA-256: {folder}"
    )
    return 0


def checked(names: Sequence[str]) -> Sequence[str]:
    """The names; UserError for one that is repeated or that we cannot fetch."""
    for name in names:
        if name not in origins():
            raise UserError(f"there is no corpus '{name}' to fetch; choose: {', '.join(origins())}")
    if len(set(names)) < len(names):
        raise UserError(f"a corpus is named twice: {' '.join(names)}; name each once")
    return names


def planned(names: Iterable[str], folder: Path) -> Plan:
    """What is to be done in `folder`. UserError for a file there that differs, or a full disk."""
    missing, present = [], 0
    for name in names:
        origin = origins()[name]
        for file in origin.files:
            path = folder / name / file.target
            wanted = Wanted(origin.address(file, mirror()), path, file.size, file.sha256)
            if _is_there(wanted):
                present += 1
            else:
                missing.append(wanted)
    try:
        _check_room(missing, folder)
    except OSError as error:
        raise disk_error(folder, error) from error
    return Plan(missing, present)


def fetch(missing: Sequence[Wanted], patience: Patience = PATIENCE) -> None:
    """Downloads the files one after the other, with a bar. Files before a failing one stay."""
    from rich import progress as bars

    columns = (
        *(bars.TextColumn("{task.description}"), bars.BarColumn(), bars.DownloadColumn()),
        *(bars.TransferSpeedColumn(), bars.TimeRemainingColumn()),
    )
    total, done = sum(wanted.size for wanted in missing), 0
    with bars.Progress(*columns) as progress, session(patience) as link:
        task = progress.add_task("", total=total)
        for wanted in missing:
            progress.update(task, description=wanted.path.name)

            def report(here: int, before: int = done) -> None:
                progress.update(task, completed=before + here)

            download(wanted, link, report, patience)
            done += wanted.size


def _is_there(wanted: Wanted) -> bool:
    """Whether the right file stands in its place; UserError where another thing does."""
    if not os.path.lexists(wanted.path):
        return False
    try:
        found = file_sha256(wanted.path)
    except OSError as error:
        raise UserError(
            f"{wanted.path} is there but cannot be read ({error.strerror}); move it away"
        ) from error
    if found != wanted.sha256:
        raise UserError(
            f"{wanted.path} is there but is not the published file: its SHA-256 is {found} instead"
            f" of {wanted.sha256}; move it away, or name another folder by --data or EMPATHY_DATA"
        )
    return True


def _check_room(missing: Sequence[Wanted], folder: Path) -> None:
    """UserError when the disk has less room than the files still need."""
    need = sum(wanted.size - _already(part_of(wanted.path)) for wanted in missing)
    standing = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    if need > shutil.disk_usage(standing).free:
        raise full_disk(folder)


def _already(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0
