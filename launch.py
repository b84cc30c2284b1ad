"""The command line: list the sweeps, plan one, run one, go on with one, compare finished ones.

python launch.py --list
python launch.py --sweep demo --merge
python launch.py --sweep demo --dry-run
python launch.py --sweep demo --data
python launch.py --sweep demo --set run_cap=4 --set 'data.corpora=[annomi]'
python launch.py --sweep demo --set run_cap=4 --set 'data.corpora=[annomi]' --resume
python launch.py --status results/demo
python launch.py --sweep demo --merge
python launch.py --compare results/dpo_gemma results/dpo_llama results/sft_gemma
python launch.py --dashboard --sweep demo
python launch.py --check-cluster cluster.yaml
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from math import inf
from pathlib import Path

from empathy.console import quiet_libraries
from empathy.errors import UserError
from empathy.options import OptionParser, quiet_pipe
from sweeps.planning.look_ahead import look_ahead
from sweeps.pool.stops import Terminated, heeding_sigterm
from sweeps.record import results_folder
from sweeps.storage.bucket import check_out, in_bucket
from sweeps.sweepfile import privacy, spec
from sweeps.watching.stopping import INTERRUPTED, leave

ALONE = ("list", "sweep", "compare", "status", "check_cluster")
ADDRESSES = ("local", "auto", "inprocess")
TERMINATED = 143  # as shells say of a program that SIGTERM has ended


def parser() -> argparse.ArgumentParser:
    """All options there are."""
    options = OptionParser(
        prog="launch.py", description="Search DPO and SFT settings for empathic replies."
    )
    _add_what(options)
    options.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a setting, as in training.max_steps=24; may be repeated",
    )
    options.add_argument(
        "--out",
        metavar="DIR",
        help="default: results/<sweep>, or results/comparison; s3://bucket/prefix for a sweep "
        "whose results all machines share",
    )
    options.add_argument(
        "--overwrite", action="store_true", help="replace the earlier results in --out"
    )
    options.add_argument(
        "--resume",
        action="store_true",
        help="go on with the sweep in --out, which was cut off: the same command and --resume",
    )
    options.add_argument(
        "--address",
        choices=ADDRESSES,
        default="local",
        help="local: Ray on this machine; auto: the Ray cluster it belongs to; inprocess: no Ray",
    )
    _add_plan(options)
    options.add_argument(
        "--data", action="store_true", help="print and save what the data step makes, and stop"
    )
    options.add_argument("--json", action="store_true", help="the --dry-run or --status as JSON")
    options.add_argument("--merge", action="store_true", help="write the winner as one model, too")
    options.add_argument(
        "--wandb", action="store_true", help="send the --compare to Weights & Biases as well"
    )
    options.add_argument(
        "--dashboard",
        action="store_true",
        help="make or update the W&B workspace and report of --sweep, --out, or the latest sweep",
    )
    options.add_argument("--debug", action="store_true", help="show tracebacks")
    return options


def _add_what(options: argparse.ArgumentParser) -> None:
    what = options.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help="name and describe the sweeps")
    what.add_argument(
        "--sweep", metavar="NAME", help="a sweep by name, a .yaml file, or a results folder"
    )
    what.add_argument(
        "--compare",
        metavar="DIR",
        type=Path,
        nargs="+",
        help="results folders of finished sweeps: answer the study's questions, train nothing",
    )
    what.add_argument(
        "--status",
        metavar="DIR",
        type=Path,
        nargs="?",
        const=Path("results"),
        help="how a sweep goes or went, from its results folder; default: the latest in results",
    )
    what.add_argument(
        "--check-cluster",
        metavar="FILE",
        type=Path,
        help="say what is missing or open in a file for `ray up`, as in cluster.yaml",
    )


def _add_plan(options: argparse.ArgumentParser) -> None:
    options.add_argument("--dry-run", action="store_true", help="say what would be done, and stop")
    options.add_argument(
        "--probe",
        action="store_true",
        help="measure this machine for the --dry-run: load the model, train and reply for seconds",
    )
    options.add_argument(
        "--price-per-hour",
        metavar="PRICE",
        type=float,
        help="of one device, for the plan and the report to say what the sweep costs",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 2 for a user's error, 130 for Ctrl-C, 143 for
    SIGTERM."""
    every = parser()
    options = every.parse_args(arguments)
    if not options.dashboard and not any(vars(options)[name] for name in ALONE):
        every.error(f"one of --{', --'.join(ALONE).replace('_', '-')} or --dashboard is needed")
    quiet_libraries()
    try:
        _check(options)
        return quiet_pipe(lambda: _do(options))
    except UserError as error:
        if options.debug:
            traceback.print_exc()
        print(f"launch.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"launch.py: {stop or 'interrupted'}", file=sys.stderr)
        return TERMINATED if isinstance(stop, Terminated) else INTERRUPTED


def _do(options: argparse.Namespace) -> int:
    if options.dry_run:
        return show_plan(options)
    if options.dashboard:
        from sweeps.dashboard import command

        command.run(options)
    elif options.list:
        list_sweeps()
    elif options.check_cluster:
        check_cluster(options.check_cluster)
    elif options.status:
        show_status(options)
    elif options.compare:
        compare(options)
    elif options.data:
        show_card(options)
    else:
        with heeding_sigterm():
            run(options)
        if options.merge:
            merge(options)
    return 0


def _check(options: argparse.Namespace) -> None:
    """Refuses options that would be ignored."""
    elsewhere = options.address != ADDRESSES[0]
    check_out(options.out)
    if options.dashboard:
        from sweeps.dashboard import command

        command.check(options, elsewhere=elsewhere or in_bucket(options.out))
    if options.merge and (not options.sweep or options.dry_run or options.data):
        raise UserError("--merge is for a sweep that runs: it takes --sweep, and trains it")
    if options.wandb and not options.compare:
        raise UserError("--wandb sends a comparison: add --compare, or set tracking.mode instead")
    if options.compare and (
        options.dry_run or options.data or options.set or options.overwrite or options.json
        or options.resume or elsewhere
    ):  # fmt: skip
        raise UserError(
            "--compare reads finished sweeps, trains nothing and replaces its own earlier report: "
            "it takes --out and --wandb, no other option"
        )
    if options.resume and (options.overwrite or options.dry_run or options.data):
        raise UserError(
            "--resume goes on with what is there: leave --overwrite, --dry-run and --data out"
        )
    if in_bucket(options.out) and (
        options.dry_run or options.data or options.compare or options.merge
    ):
        raise UserError(
            f"--out {options.out} is for a sweep that runs: --dry-run, --data, --compare and "
            "--merge take a folder"
        )
    if options.list and (
        options.dry_run or options.data or options.set or options.out or options.overwrite
        or options.json or options.resume or elsewhere
    ):  # fmt: skip
        raise UserError("--list takes no other option; to plan or run a sweep, give --sweep NAME")
    if options.check_cluster and (
        options.dry_run or options.data or options.set or options.out or options.overwrite
        or options.json or options.resume or elsewhere
    ):  # fmt: skip
        raise UserError("--check-cluster reads one file and takes no other option")
    if options.status and (
        options.dry_run or options.data or options.set or options.out or options.overwrite
        or options.resume or elsewhere
    ):  # fmt: skip
        raise UserError("--status reads one results folder and takes --json, no other option")
    if options.data and (options.dry_run or options.overwrite):
        raise UserError("--data trains nothing and deletes nothing: leave the other option out")
    if options.probe and not options.dry_run:
        raise UserError("--probe belongs to a plan: add --dry-run")
    if options.price_per_hour is not None:
        _check_price(options)
    if options.json and not (options.dry_run or options.status):
        raise UserError("--json is the form of a plan or a status: add --dry-run or --status")
    if elsewhere and (options.data or options.dry_run):
        raise UserError(
            "--address says where a sweep runs, and neither --data nor --dry-run starts one: "
            "leave it out"
        )


def _check_price(options: argparse.Namespace) -> None:
    """A price is a setting of the sweep, so that its report knows it too."""
    if not options.sweep or options.data:
        raise UserError("--price-per-hour is for a sweep, planned or run: add --sweep NAME")
    if not 0 <= options.price_per_hour < inf:
        raise UserError(f"--price-per-hour is {options.price_per_hour}; it must be 0 or more")
    options.set = [*options.set, f"resources.price_per_hour={options.price_per_hour}"]


def list_sweeps() -> None:
    """Print a line for each sweep; one that cannot be read says why."""
    for name in spec.names():
        try:
            text = spec.load(name).description
        except UserError as error:
            text = f"cannot be used: {error}"
        print(f"{name:<16}{text}")


def check_cluster(path: Path) -> None:
    """Say that a cluster file is ready; raises UserError with what it lacks."""
    from sweeps.planning import cluster_file

    cluster_file.check(path)
    print(f"{path} is ready for `ray up`")


def show_status(options: argparse.Namespace) -> None:
    """Print how a sweep stands: of a folder of sweeps, the one that was written to last."""
    from rich.console import Console

    from sweeps.watching import status
    from sweeps.watching.screen import Screen

    found = status.read(status.sweep_in(options.status))
    if options.json:
        print(status.as_json(found))
    else:
        Console().print(Screen(found))


def show_plan(options: argparse.Namespace) -> int:
    """Print what the sweep would do; the exit code is 2 where something stands in its way."""
    from sweeps.planning.plan import plan, probed
    from sweeps.planning.plan_text import as_text

    sweep = spec.load(options.sweep, options.set)
    speed = probed(sweep) if options.probe else None
    found = plan(sweep, _folder(options, sweep), speed=speed)
    if options.out or options.overwrite:
        try:
            results_folder.check(_folder(options, sweep), overwrite=options.overwrite)
        except UserError as error:
            found.missing.append(str(error))
    print(json.dumps(found.as_dict(), indent=2) if options.json else as_text(found))
    return 2 if found.missing else 0


def _folder(options: argparse.Namespace, sweep: spec.SweepSpec) -> Path:
    given = Path(options.sweep)
    if options.resume and not options.out and given.is_dir():
        return given  # the results folder itself, not the name of a sweep
    return Path(options.out) if options.out else Path("results") / sweep.name


def show_card(options: argparse.Namespace) -> None:
    """Print the data card, and where it was saved: beside the results folder, never in it."""
    sweep = spec.load(options.sweep, options.set)
    out = _folder(options, sweep)
    from sweeps.planning.card_text import as_text
    from sweeps.planning.data_step import card_of, save_card

    card = card_of(sweep)
    print(as_text(card))
    with privacy.written_closed(sweep):
        for path in save_card(card, out):
            print(f"saved       {path}")


def run(options: argparse.Namespace) -> None:
    """Run the sweep, or go on with it, and print where its results are."""
    sweep = spec.load(options.sweep, options.set)
    if not in_bucket(options.out):
        print(_run(options, sweep, _folder(options, sweep)))
        return
    privacy.check_place(sweep, options.out)
    from sweeps.planning import engines, plan
    from sweeps.storage import shared_results

    engines.check_bucket(sweep, plan.device_here(sweep)[0], options.address)
    elsewhere = options.address != "inprocess"
    with shared_results.staged(
        options.out, replace=options.overwrite, hosts_share=elsewhere
    ) as folder:
        report = _run(options, sweep, folder, options.out if elsewhere else None)
    print(f"{options.out.rstrip('/')}/{report.name}")


def _run(
    options: argparse.Namespace, sweep: spec.SweepSpec, out: Path, shared: str | None = None
) -> Path:
    """Where the report is. Lane hosts share their checkpoints at the URL `shared`, if any."""
    if options.resume:
        return resume(sweep, out, options.address, shared)
    results_folder.check(out, overwrite=options.overwrite)
    look_ahead(sweep, options.address)
    with results_folder.claimed(out, overwrite=options.overwrite), privacy.closed(sweep, out):
        # Only now: torch and Ray take seconds to import, a misspelt setting need not wait.
        from sweeps.runner import run as run_sweep

        return run_sweep(sweep, out, options.address, shared=shared)


def resume(sweep: spec.SweepSpec, out: Path, address: str, shared: str | None) -> Path:
    """Go on with the sweep in `out`; returns where its report is."""
    with results_folder.continued(out), privacy.closed(sweep, out):
        from sweeps.record import changes, resumption

        earlier = resumption.read(out)
        changes.check_settings(earlier, sweep)
        look_ahead(sweep, address)
        from sweeps.runner import run as run_sweep

        return run_sweep(sweep, out, address, earlier, shared=shared)


def merge(options: argparse.Namespace) -> None:
    """Write the finished sweep's winner as one model; where nobody won, say so."""
    from empathy.winner.merge_command import merged

    out = _folder(options, spec.load(options.sweep, options.set))
    try:
        print(merged(out))
    except UserError as error:  # the sweep itself is done, and its results are good
        print(f"launch.py: nothing was merged: {error}", file=sys.stderr)


def compare(options: argparse.Namespace) -> None:
    """Answer the study's questions from results folders; print where the answers are."""
    from sweeps.comparison import contrasts, folders, online, report

    out = Path(options.out) if options.out else Path("results") / report.STEM
    report.check_out(out)
    found = contrasts.findings(folders.read_all(options.compare))
    if options.wandb:
        online.check(found)
    print(report.write_comparison(found, out))
    if options.wandb:
        print(online.send(found))


if __name__ == "__main__":
    code = main()
    if code in (INTERRUPTED, TERMINATED):  # threads may wait for a device still
        leave(code)
    sys.exit(code)
