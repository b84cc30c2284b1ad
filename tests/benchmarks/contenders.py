"""Who races: the lane engine with some lanes, and TRL's `DPOTrainer` in its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from empathy.lanes.rows import Example

RANK, BETA, RATE = 16, 0.3, 1e-4


class TrlForm(NamedTuple):
    """What of TRL's configuration is varied; None leaves it to TRL."""

    precompute: bool = False
    checkpointing: bool | None = None
    attention: str = "sdpa"
    workers: int = 0

    @property
    def label(self) -> str:
        """In words, for tables."""
        checkpointing = {None: "TRL's checkpointing", True: "checkpointing"}
        return ", ".join(
            [
                "precomputed reference" if self.precompute else "reference in each step",
                checkpointing.get(self.checkpointing, "no checkpointing"),
                f"{self.attention} attention",
                f"{self.workers} dataloader workers",
            ]
        )


DEFAULTS, PRECOMPUTED = TrlForm(), TrlForm(precompute=True)
TRIED = (
    TrlForm(precompute=True, checkpointing=False),
    TrlForm(precompute=True, checkpointing=False, attention="eager"),
    TrlForm(precompute=True, checkpointing=False, workers=2),
)
"""What might be fastest beside PRECOMPUTED; activations computed twice are saved memory only."""


@dataclass(frozen=True)
class Contender:
    """One of the race: `lanes` trials in one process, or a TRL trial in each of `processes`."""

    name: str
    lanes: int = 1
    processes: int = 1
    trl: TrlForm | None = None
    """None: the lane engine."""

    @property
    def trials(self) -> int:
        """Trials that train at the same time."""
        return self.lanes * self.processes


def lanes(count: int) -> Contender:
    """The lane engine with this many lanes."""
    return Contender(f"{count} lane{'s' if count > 1 else ''}", lanes=count)


def processes(count: int) -> Contender:
    """TRL with a precomputed reference in so many processes on one device."""
    return Contender(f"TRL, {count} processes", processes=count, trl=PRECOMPUTED)


class Job(NamedTuple):
    """What one process of a contender does: warm up, wait for the others, then train `pairs`.

    `warm` is trained before the clock starts. The timed steps see every one of `pairs` once, each
    trial in an order of its own, so that all contenders have the same work in a run.
    """

    contender: Contender
    model: str
    pairs: list[Example]
    warm: list[Example]
    batch: int
    place: int = 0
    """Which of the contender's processes this is."""

    @property
    def steps(self) -> int:
        """Timed steps."""
        return len(self.pairs) // self.batch


class Timing(NamedTuple):
    """When the warm-up began, when the clock started and when each timed step ended."""

    warming: float
    start: float
    ends: list[float]


class Run(NamedTuple):
    """What one run of a contender showed, all its processes together."""

    pairs_per_second: float
    setup_seconds: float
    """From the beginning of the process to the warm-up: imports, weights, reference."""
    warm_seconds: float
    """Compilation and first use of kernels; not in any rate."""
    first_step_at: float
    """`time.time()` at the end of the first timed step."""
    peak_bytes: int | None
    device: str
    dtype: str
    threads: int
    source: str
