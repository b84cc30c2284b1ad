"""How a sweep grows: many trials simulated, many real clients of Ray Tune, and what it costs.

python tests/benchmarks/scale.py simulate --trials 250 500 1000 --hosts 8 --lanes 8
python tests/benchmarks/scale.py clients --clients 24
python tests/benchmarks/scale.py cost --trials 1000 --gpus-per-node 8 --price 30

The last one's price, of a node and an hour, is an example of the option alone: none is known here.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pace import H100, Pace

from empathy.errors import UserError
from empathy.options import OptionParser

if TYPE_CHECKING:
    from simulation import Simulated
    from tune_clients import Clients

FAR_HOSTS, FAR_LANES = 64, 16
"""Where the clients' figures are extrapolated to."""
T = TypeVar("T")


def parser() -> argparse.ArgumentParser:
    """All options there are."""
    options = OptionParser(prog="scale.py", description="How a sweep grows, and what it costs.")
    parts = options.add_subparsers(dest="part", required=True)
    simulate = parts.add_parser("simulate", help="a sweep in virtual time, its driver's cost")
    simulate.add_argument("--trials", type=_positive, nargs="+", default=[250, 500, 1000])
    simulate.add_argument("--tracking", choices=("disabled", "offline"), default="disabled")
    clients = parts.add_parser("clients", help="real Ray Tune trials, without a model")
    clients.add_argument("--clients", type=_positive, default=24)
    clients.add_argument("--reports", type=_positive, default=20, help="of each client")
    cost = parts.add_parser("cost", help="GPU-hours of a search by number of nodes")
    cost.add_argument("--trials", type=_positive, default=1000)
    cost.add_argument("--nodes", type=_positive, nargs="+", default=[1, 2, 4, 8])
    cost.add_argument("--gpus-per-node", type=_positive, default=8)
    cost.add_argument("--price", type=float, help="of a node and an hour; none is assumed")
    for each in (simulate, cost):
        each.add_argument("--hosts", type=_positive, default=8, help="GPUs that are simulated")
        each.add_argument("--lanes", type=_positive, default=8, help="of each host")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is none; give 1 or more")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one part; returns the exit code."""
    given = parser().parse_args(arguments)
    # What stands in for models in the tests stands in for them here.
    sys.path.insert(0, str(Path(__file__).parent.parent))
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "simulate": show_simulated, "clients": show_clients, "cost": show_cost,
    }  # fmt: skip
    try:
        parts[given.part](given)
    except UserError as error:
        print(f"scale.py: {error}", file=sys.stderr)
        return 2
    return 0


def show_simulated(given: argparse.Namespace) -> None:
    """A table with a row for each number of trials, each simulated in a process of its own."""
    print(f"{given.hosts} hosts of {given.lanes} lanes, each {H100.name}; dpo_gemma's search")
    print("The driver's columns are of a processor and per trial; MiB: before, after, at the peak")
    print("| trials | stopped | steps | makespan / ideal | search / ASHA / observers / report "
          "| in all | MiB | KiB per trial |")  # fmt: skip
    print("| ---: " * 8 + "|")
    for trials in given.trials:
        found = apart(simulated, trials, given.hosts, given.lanes, given.tracking)
        print(_row(found), flush=True)


def simulated(trials: int, hosts: int, lanes: int, tracking: str = "disabled") -> Simulated:
    """The sweep in virtual time, into a folder that goes with the process."""
    from simulation import simulate, sweep

    asked = sweep(trials, hosts, lanes, f"tracking.mode={tracking}")
    with tempfile.TemporaryDirectory() as out:
        return simulate(asked, Path(out) / "sweep", hosts, H100)


def _row(found: Simulated) -> str:
    trials = found.work.trials
    parts = [f"{1000 * found.cpu[name] / trials:.1f} ms" for name in
             ("search", "early stopping", "observers", "summary and report")]  # fmt: skip
    grown = 1024 * (found.memory["after"] - found.memory["before"]) / trials
    memory = ", ".join(f"{found.memory[when]:.0f}" for when in ("before", "after", "peak"))
    whole = 1000 * sum(found.cpu.values()) / trials
    return (
        f"| {trials} | {found.stopped} | {found.work.steps} "
        f"| {found.makespan:.0f} / {found.ideal:.0f} s = {found.makespan / found.ideal:.3f} "
        f"| {' / '.join(parts)} | {whole:.1f} ms | {memory} | {grown:.0f} |"
    )


def show_clients(given: argparse.Namespace) -> None:
    """What was measured, and beside it what follows for many more."""
    from tune_clients import measure

    print(clients_text(measure(given.clients, given.reports), H100))


def clients_text(found: Clients, pace: Pace) -> str:
    """Measured figures, then extrapolated ones, which say so."""
    lanes = FAR_HOSTS * FAR_LANES
    queued = FAR_HOSTS * (FAR_LANES + max(1, FAR_LANES // 4))
    every, pairs, prompts = 25, 8, 48  # dpo_gemma's
    period = every * pace.step(FAR_LANES, pairs) + pace.evaluation(FAR_LANES, prompts)
    most = 1 / found.cpu_per_result["driver"]
    shares = ", ".join(f"{part} {1000 * cpu:.1f}" for part, cpu in found.cpu_per_result.items())
    return "\n".join([
        f"measured: {found.clients} clients, {found.results} results in {found.seconds:.1f} s, "
        f"{found.per_second:.1f} a second; first results of all after "
        f"{found.first_result_seconds:.0f} s",
        f"measured: ms of a processor per result: {shares}",
        f"measured: MiB per client {found.rss:.0f} resident, {found.pss:.0f} of its own and its "
        f"share of the rest; driver {found.driver_rss:.0f}",
        f"extrapolated: a driver with a core to itself hears {most:.0f} results a second at most",
        f"extrapolated: {FAR_HOSTS} hosts of {FAR_LANES} lanes ({pace.name}) report every "
        f"{period:.1f} s, {lanes / period:.0f} results a second, "
        f"{lanes / period / most:.0%} of that",
        f"extrapolated: their {queued} clients take {queued * found.pss / 1024:.0f} GiB "
        f"over all nodes; Tune's loop is full at {most * period:.0f} lanes",
    ])  # fmt: skip


def show_cost(given: argparse.Namespace) -> None:
    """A table with a row for each number of nodes, from the steps that a simulated ASHA leaves."""
    from cost import Search, cost
    from simulation import search_alone, sweep

    asked = sweep(given.trials, given.hosts, given.lanes)
    work, _ = search_alone(asked, given.hosts, H100)
    search = Search(
        work, asked.training.max_steps, len(asked.report_steps), asked.training.batch_size,
        asked.evaluation.validation_prompts, repeats=1,
    )  # fmt: skip
    print(f"{given.trials} trials of dpo_gemma, {work.steps} steps, {given.lanes} lanes on "
          f"{H100.name}")  # fmt: skip
    print("| nodes | GPUs | hours | GPU-hours | lanes busy | cost |")
    print("| ---: " * 6 + "|")
    for nodes in given.nodes:
        each = cost(search, H100, nodes=nodes, gpus_per_node=given.gpus_per_node,
                    lanes=given.lanes, price_per_node_hour=given.price)  # fmt: skip
        money = "no price given" if each.money is None else f"{each.money:.2f}"
        print(f"| {each.nodes} | {each.gpus} | {each.hours:.2f} | {each.gpu_hours:.1f} "
              f"| {each.busy:.0%} | {money} |")  # fmt: skip


def apart(work: Callable[..., T], *arguments: object) -> T:
    """The result of `work` in a new process, whose memory none has grown before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


if __name__ == "__main__":
    sys.exit(main())
