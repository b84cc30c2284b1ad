"""What W&B's own reader finds in a sweep's offline runs, and which keys a view asks of runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

READER = [sys.executable, "-m", "wandb", "leet", "inspect", "--json"]


@dataclass
class OfflineRun:
    """A run as `wandb sync` would send it."""

    folder: Path
    started: dict[str, Any] = field(default_factory=dict)
    """Its group, job type, tags, name and id."""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    """A row per step, "_step" among its values."""
    summary: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The trial, or "sweep"."""
        return str(self.config.get("trial_id", "sweep"))

    @property
    def logged(self) -> set[str]:
        """Every key of its history and summary; of a table or plot the name it is logged under."""
        every = {key for row in self.history for key in row} | set(self.summary)
        return every | {key.removesuffix("._type") for key in every if key.endswith("._type")}


def records(folder: Path) -> list[dict[str, Any]]:
    """All records of an offline run, by W&B's own reader."""
    done = subprocess.run(
        [*READER, str(folder)], capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(folder: Path) -> OfflineRun:
    """The run in an offline folder."""
    found = OfflineRun(folder)
    for record in records(folder):
        told = record.get(record["type"], {})
        if record["type"] == "run":
            found.started = told
            found.config |= told["config"]["update"]
        elif record["type"] == "history":
            found.history.append({**told["item"], "_step": told["step"]["num"]})
            found.summary |= told["item"]
        elif record["type"] == "summary":
            found.summary |= told["update"]
    return found


def read_all(out: Path) -> dict[str, OfflineRun]:
    """All runs of a results folder by trial; the sweep's own is "sweep"."""
    runs = [read(folder) for folder in sorted(out.glob("wandb/offline-run-*"))]
    return {run.name: run for run in runs}


@dataclass(frozen=True)
class Asked:
    """What a panel reads, and of which runs."""

    title: str
    filters: tuple[tuple[Mapping[str, Any], ...], ...]
    """Of each set of runs that it draws; a run must pass all of one set's."""
    logged: frozenset[str]
    """Keys of history or summary."""
    config: frozenset[str]

    def takes(self, run: OfflineRun) -> bool:
        """Whether the filters of a set let a run through."""
        attributes = {
            "group": [run.started.get("run_group")],
            "jobType": [run.started.get("job_type")],
            "tags": run.started.get("tags", []),
        }
        return any(
            all(set(attributes[each["key"]["name"]]) & set(each["value"]) for each in some)
            for some in self.filters
        )


def asked(view: Mapping[str, Any]) -> list[Asked]:
    """What each panel of a view reads, as it was sent."""
    return [
        Asked(f"{where}: {_title(panel)}", tuple(map(_filters, run_sets)), *_keys(panel))
        for where, run_sets, panels in _grids(json.loads(view["spec"]))
        for panel in panels
    ]


def columns(view: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Keys that a workspace's table of runs shows or sorts by: logged, and of the config."""
    (run_set,) = json.loads(view["spec"])["section"]["runSets"]
    shown = [*run_set["runFeed"]["columnPinned"]]
    shown += [f"{each['key']['section']}:{each['key']['name']}" for each in run_set["sort"]["keys"]]
    return _split([each for each in shown if not each.startswith("run:")])


def _grids(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """(where, sets of runs, panels) of a workspace or a report."""
    if "section" in spec:
        for section in spec["section"]["panelBankConfig"]["sections"]:
            yield section["name"], spec["section"]["runSets"], section["panels"]
        return
    heading = ""
    for block in spec["blocks"]:
        if block["type"] == "heading":
            heading = block["children"][0]["text"]
        if block["type"] == "panel-grid":
            data = block["metadata"]
            yield heading, data["runSets"], data["panelBankSectionConfig"]["panels"]


def _filters(run_set: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    found = tuple(run_set["filters"]["filters"])
    assert all(each["op"] == "IN" for each in found)
    assert all(each["key"]["section"] == "run" for each in found)
    return found


def _title(panel: Mapping[str, Any]) -> str:
    return str(panel["config"].get("chartTitle") or panel["viewType"])


def _keys(panel: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """What a panel reads of what runs log, and of their config."""
    config, found = panel["config"], list[str]()
    if panel["viewType"] in ("Run History Line Plot", "Bar Chart"):
        found += [f"summary:{key}" for key in config["metrics"]]
        found += [f"config:{config['groupBy']}"] if "groupBy" in config else []
        found += re.findall(r"\$\{(config:\w+)\}", config.get("legendTemplate", ""))
    elif panel["viewType"] == "Scatter Plot":
        found += [config["xAxis"], config["yAxis"]]
    elif panel["viewType"] == "Parallel Coordinates Plot":
        found += [each["accessor"] for each in config["columns"]]
    elif panel["viewType"] == "Parameter Importance":
        found.append(f"summary:{config['targetKey']}")
    elif panel["viewType"] == "Weave":
        inputs = config["panel2Config"]["exp"]["fromOp"]["inputs"]
        found.append(f"summary:{inputs['key']['val']}")
    else:
        raise AssertionError(f"nobody knows what a {panel['viewType']} reads")
    logged, settings = _split(found)
    return frozenset(logged), frozenset(settings)


def _split(accessors: list[str]) -> tuple[set[str], set[str]]:
    """Names by kind: "summary:loss" and "config:beta.value" as {"loss"} and {"beta"}."""
    parts = [each.partition(":") for each in accessors]
    assert {kind for kind, _, _ in parts} <= {"summary", "config"}
    return (
        {name for kind, _, name in parts if kind == "summary"},
        {name.removesuffix(".value") for kind, _, name in parts if kind == "config"},
    )
