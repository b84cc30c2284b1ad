"""`python -m empathy merge DIR`: the winner as one model, without an adapter."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from empathy.checkpoints.packaged import on_console
from empathy.winner.folder import find

MERGED, FACTS = "merged", "merged.json"
"""The folder of the result, and the file in it that says what was merged: with that it may be
replaced."""


def arguments(parser: ArgumentParser) -> None:
    """The options of `merge`."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the results folder of a sweep, or its winner/"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="default: merged/ beside winner/"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="of the weights; float32 (the default) gives the logits of base and adapter, the "
        "others half the size and rounding, of which the largest effect is told",
    )


def run(options: Namespace) -> int:
    """Merge, and say where the result is."""
    print(merged(options.folder, options.out, options.dtype))
    return 0


def merged(folder: Path, out: Path | None = None, dtype: str = "float32") -> str:
    """Merge the winner of a folder; returns a sentence. Raises UserError as `merge.merge`."""
    winner = find(folder)
    place = out or winner.folder.resolve().with_name(MERGED)
    # Only now: torch takes seconds to import, a wrong folder need not wait.
    from empathy.winner.merge import merge

    with on_console() as progress:
        found = merge(winner, place, dtype, progress)
    where = found.folder
    if where.is_relative_to(Path.cwd()):
        where = where.relative_to(Path.cwd())
    return (
        f"{where} holds the merged model, in {dtype}; its logits differ from those of base and "
        f"adapter by {found.difference:.1g} at most"
    )
