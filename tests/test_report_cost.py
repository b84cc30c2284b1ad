"""What a sweep cost, as its folder tells it.

python -m pytest tests/test_report_cost.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from invented_sweep import write

from sweeps.record.ledger import Record, read_record
from sweeps.report.report_cost import UNPRICED, cost, device_count


def record(folder: Path, price: float | None = None, **facts: Any) -> Record:
    write(folder)
    found = read_record(folder)
    settings = {**found.manifest["settings"], "resources": {"price_per_hour": price}}
    return replace(found, manifest={**found.manifest, "settings": settings, **facts})


def test_hours_of_all_devices_and_what_they_cost(tmp_path: Path) -> None:
    weights = {"device": "cuda:0"}
    told = dict(cost(record(tmp_path, 2.5, devices=4, weights=weights)))
    assert told["time"] == "7 min 17 s from start to end"  # 437 s
    assert told["devices"].startswith("4 (cuda:0), Linux")
    # 4 * 437 / 3600 = 0.4856; at 2.5 that is 1.2139
    assert told["GPU-hours"] == "0.49 (every device for the whole time)"
    assert told["money"] == "1.21, at 2.5 for a GPU-hour, in that price's currency"


def test_trials_and_steps_are_counted_from_the_table(tmp_path: Path) -> None:
    told = dict(cost(record(tmp_path)))
    # t000, t002, t003, t005 at 12; t001, t004 at 4; t006 at 8; t007 failed before its first report
    assert told["training"] == (
        "8 trials (4 trained to the end, 3 stopped early, 1 failed): 64 training steps in all"
    )


def test_what_is_not_on_record_is_told_as_such(tmp_path: Path) -> None:
    found = record(tmp_path)
    told = dict(cost(found))
    assert told["device-hours"] == "not on record"
    assert told["money"] == UNPRICED
    priced = dict(cost(record(tmp_path, 2.5)))
    assert priced["money"] == "not known, at 2.5 for a device-hour"
    running = dict(cost(replace(found, summary=None)))
    assert running["time"] == "not on record: this sweep has not ended"
    again = dict(cost(record(tmp_path, devices=1, resumed=["2030-01-03T00:00:00+00:00"])))
    assert again["time"] == "7 min 17 s since it was resumed last"


def test_older_results_tell_one_device_at_most() -> None:
    busy = {"busy_share": 0.9}
    assert device_count({"occupancy": {"host 0": busy}}) == 1
    assert device_count({"occupancy": busy}) == 1
    assert device_count({"occupancy": {"host 0": busy, "host 1": busy}}) is None
    assert device_count({"occupancy": {"host 0": busy, "host 1": busy}, "devices": 2}) == 2
    assert device_count({}) is None
