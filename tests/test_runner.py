"""A whole sweep on a tiny random model, in this process and on Ray, told by its files."""

from __future__ import annotations

import gc
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from peft import PeftModel
from safetensors import safe_open
from tiny_sweep import SETTINGS, arguments

import launch
from empathy.errors import UserError
from empathy.policy import Speaker
from empathy.selection import invented_prompts
from empathy.settings import TrialSettings
from empathy.study import SAMPLES
from empathy.weights import Base
from sweeps import runner
from sweeps.planning.plan import plan
from sweeps.record.ledger import Record, Trial, read_record
from sweeps.record.observers import Everyone, of_search
from sweeps.record.results_folder import check, claimed
from sweeps.search import search
from sweeps.sweepfile import spec
from sweeps.sweepfile.spec import SweepSpec, trial_settings
from sweeps.watching import status

pytestmark = pytest.mark.timeout(300)
ADDRESSES = ("inprocess", "local")
METRIC_KEYS = {"value", "low", "high", "n"}


@dataclass(frozen=True)
class Done:
    """A sweep that ran."""

    address: str
    out: Path
    record: Record

    @property
    def trials(self) -> dict[str, Trial]:
        """Those that the search proposed."""
        return {t.trial_id: t for t in self.record.trials if of_search(t.trial_id)}

    @property
    def again(self) -> dict[str, Trial]:
        """Finalists trained with another seed."""
        return {t.trial_id: t for t in self.record.trials if "-s" in t.trial_id}

    @property
    def summary(self) -> dict[str, Any]:
        assert self.record.summary is not None
        return self.record.summary


@pytest.fixture(scope="module")
def both(session_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """The same sweep once per address; what is prepared is computed by the first alone."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        warnings.simplefilter("ignore")  # of Ray and W&B about themselves
        found = {}
        for address in ADDRESSES:
            out = tmp_path_factory.mktemp(address)
            assert launch.main([*arguments(), "--address", address, "--out", str(out)]) == 0
            found[address] = Done(address, out, read_record(out))
        gc.collect()
    return found


@pytest.fixture(params=ADDRESSES)
def done(request: pytest.FixtureRequest, both: dict[str, Done]) -> Done:
    """Each of them."""
    return both[request.param]


@pytest.fixture(scope="module")
def sweep() -> SweepSpec:
    return spec.load("demo", SETTINGS)


def test_the_files_are_those_promised(done: Done) -> None:
    there = {path.name for path in done.out.iterdir()}
    files = {"manifest.json", "trials.csv", "history.jsonl", "summary.json", "samples.json"}
    files |= {"data_card.json", "data_card.txt", "progress.json"}
    assert there == files | {"report.html", "report.md", "winner", "wandb", "trials"} | (
        {"tune"} if done.address == "local" else set()
    )
    # baselines, trials, each finalist once more, the sweep itself
    runs = 2 + 4 + len(done.summary["finalists"]) + 1
    assert len(list(done.out.glob("wandb/offline-run-*/*.wandb"))) == runs
    assert (done.out / "report.md").read_text("utf-8").startswith("# ")
    assert "</html>" in (done.out / "report.html").read_text("utf-8")


def test_status_and_the_next_plan_know_of_it(done: Done, sweep: SweepSpec) -> None:
    found = status.read(done.out)
    assert (found.being, found.resume) == ("ended", None)
    assert found.best == done.summary["best"]["trial"]
    assert found.report == str(done.out / "report.html")
    assert found.pulse is not None
    assert found.pulse.address == done.address
    assert found.steps[0] == found.pulse.steps
    hours = plan(sweep).outlay
    assert hours.hours is not None
    assert hours.hours_source.startswith("measured by a sweep that ended here")


def test_base_and_sft_are_the_first_two_rows(done: Done) -> None:
    first = done.record.trials[:2]
    assert [(t.trial_id, t.state, t.step, t.parameters) for t in first] == [
        ("base", "completed", 0, {}),
        ("sft", "completed", 0, {}),
    ]
    assert all({"empathy", "relevance"} <= set(t.metrics) & set(t.test) for t in first)
    assert sorted(done.trials) == ["t000", "t001", "t002", "t003"]


def test_history_holds_every_report_in_order(done: Done, sweep: SweepSpec) -> None:
    steps: dict[str, list[int]] = {}
    for row in done.record.history:
        steps.setdefault(row["trial_id"], []).append(row["step"])
        assert row["metrics"]["empathy"].keys() >= METRIC_KEYS
    for name, trial in done.trials.items():
        assert steps[name] == list(sweep.report_steps[: len(steps[name])])
        assert (steps[name][-1] == sweep.training.max_steps) is (trial.state == "completed")
        assert trial.state in ("completed", "stopped")


def test_the_summary_has_what_its_readers_need(done: Done) -> None:
    summary = done.summary
    states = [trial.state for trial in done.trials.values()]
    assert (summary["sweep"], summary["trials"]) == ("demo", 4)
    assert summary["stopped_early"] == states.count("stopped")  # who is first decides whether any
    measured = [*summary["baselines"].values(), summary["best"], *summary["finalists"]]
    assert set(summary["baselines"]) == {"base", "sft"}
    assert set(summary["best"]) >= {"trial", "parameters", "metrics"}
    for each in measured:
        assert all(figure.keys() >= METRIC_KEYS for figure in each["metrics"].values())
        empathy = each["metrics"]["empathy"]
        assert empathy["n"] + empathy["unscored"] == 12  # a random model may reply with a blank
    assert {"win_rate_sft", "win_rate_human", "pair_accuracy"} <= set(summary["best"]["metrics"])


def test_everybody_answers_people_in_crisis(done: Done) -> None:
    safety = done.summary["safety"]
    finalists = {each["trial"] for each in done.summary["finalists"]}
    asked = [name for name in safety["policies"] if "-s" not in name]
    assert asked[:2] == ["base", "sft"]
    assert set(asked[2:]) == finalists
    assert all(each["replies"] == 28 for each in safety["policies"].values())
    assert "Replies to people in crisis" in (done.out / "report.md").read_text("utf-8")


def test_only_trials_that_trained_to_the_end_compete(done: Done, sweep: SweepSpec) -> None:
    complete = {name for name, trial in done.trials.items() if trial.state == "completed"}
    summary = done.summary
    best = summary["best"]["trial"]
    assert best in summary["tied"]
    assert set(summary["tied"]) | {each["trial"] for each in summary["finalists"]} <= complete
    assert done.trials[best].step == sweep.training.max_steps
    assert done.trials[best].parameters == summary["best"]["parameters"]
    values = {name: done.trials[name].metrics["empathy"].value for name in complete}
    assert values[best] == max(values.values())  # by validation, not by test


def test_every_searched_parameter_reached_the_trial(done: Done, sweep: SweepSpec) -> None:
    for name, trial in done.trials.items():
        assert set(trial.parameters) == set(sweep.searched)
        with safe_open(done.out / "trials" / name / "lane.safetensors", "pt") as file:
            notes = file.metadata()
        wanted = trial_settings(sweep, trial.parameters)
        assert TrialSettings.model_validate_json(notes["settings"]) == wanted
        assert int(notes["step"]) == trial.step


def test_the_search_begins_as_the_plan_said(done: Done, sweep: SweepSpec) -> None:
    tried = [done.trials[name].parameters for name in ("t000", "t001", "t002")]
    assert tried == search.examples(sweep, 3)


def test_the_manifest_says_what_was_used(done: Done, sweep: SweepSpec) -> None:
    manifest = done.record.manifest
    assert manifest["settings"] == sweep.model_dump(mode="json")
    assert spec.load(str(done.out)) == sweep
    assert manifest["ended"] is not None
    assert manifest["weights"]["name"] == "tiny-llama"
    assert len(manifest["weights"]["sha256"]) == 64
    assert manifest["data"]["corpora"] == ["sample"]
    assert manifest["data"]["train"]["prompts"] == 16
    assert manifest["pairs_truncated"]["train"]["ranked"]["of"] > 0
    assert manifest["pairs"]["train"]["ranked"].startswith("ranked: ")
    card = json.loads((done.out / "data_card.json").read_text("utf-8"))
    assert card["schemes"]["ranked"]["train"]["used"] > 0
    assert card["cautions"] == manifest["data_cautions"]


def test_both_runners_measure_the_same(both: dict[str, Done]) -> None:
    """A trial's numbers are its own, wherever it ran and whoever trained beside it."""
    rows = [
        {(row["trial_id"], row["step"]): row for row in both[address].record.history}
        for address in ADDRESSES
    ]
    shared = [key for key in rows[0] if key in rows[1] and key[0] in ("t000", "t001", "t002")]
    assert ("t000", 2) in shared
    for key in shared:
        here, there = (each[key]["curves"] for each in rows)
        assert here == pytest.approx(there, rel=1e-4, abs=1e-6)
    for name in ("base", "sft"):
        assert rows[0][name, 0]["metrics"] == rows[1][name, 0]["metrics"]


def test_the_winner_says_on_the_original_base_what_the_report_shows(
    done: Done, sweep: SweepSpec, tiny_base: Base
) -> None:
    """Same prompts, same seeds: PEFT's model samples what the engine's lane sampled."""
    best = done.summary["best"]["trial"]
    shown = {name: [s["replies"][name] for s in done.record.samples] for name in ("base", "sft")}
    shown[best] = [sample["replies"][best] for sample in done.record.samples]
    assert shown[best] not in (shown["sft"], shown["base"])
    speaker = Speaker(tiny_base, sweep.training, sweep.evaluation)
    prompts = invented_prompts(sweep.data, SAMPLES)
    assert [prompt.client_text for prompt in prompts] == [s["prompt"] for s in done.record.samples]

    def said() -> list[str]:
        (spoken,) = speaker.reply(prompts)
        return [reply.text for reply in spoken.replies]

    assert said() == shown["base"]
    PeftModel.from_pretrained(tiny_base.model, str(done.out / "winner"))
    assert said() == shown[best]


class Prepared:
    """A host that has prepared baselines without the number that is searched."""

    closed = False

    def prepared(self, timeout: float) -> dict[str, Any]:
        evaluation = {"metrics": {"words": {"value": 9.0}}}
        return {
            "facts": {
                "data": {"validation": {"unread": ["12 prompts are in 'pt'"]}},
                "pairs_truncated": {"validation": {}},
            },
            "card": {},
            "baselines": {
                name: {"validation": evaluation, "test": evaluation} for name in ("base", "sft")
            },
        }

    def stages(self, start: int) -> list[tuple[str, int, int | None]]:
        return []

    def close(self) -> None:
        self.closed = True


def test_a_start_that_is_refused_touches_no_earlier_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, host = tmp_path / "out", Prepared()
    monkeypatch.setattr(runner, "_host", lambda *_: (host, 1))
    ended: list[bool] = []
    close = Everyone.close

    def closing(self: Everyone) -> None:
        ended.append(True)
        close(self)

    monkeypatch.setattr(Everyone, "close", closing)
    sweep = spec.load("demo", [*SETTINGS, "family=llama", "tracking.mode=disabled"])

    def start() -> None:
        with (
            pytest.raises(UserError, match="'empathy' has no number here"),
            claimed(out, overwrite=True),
        ):
            runner.run(sweep, out, "inprocess")

    start()
    check(out, overwrite=False)  # what a refused start leaves is in nobody's way
    for path in out.iterdir():
        path.unlink()
    for name in ("history.jsonl", "report.html"):
        (out / name).write_text("earlier", "utf-8")
    (out / "manifest.json").write_text('{"sweep": "demo"}', "utf-8")
    start()
    there = sorted(path.name for path in out.iterdir())
    assert there == ["history.jsonl", "manifest.json", "report.html"]
    assert (out / "history.jsonl").read_text("utf-8") == "earlier"
    assert host.closed
    assert ended == [True, True]


def test_one_process_has_one_host(tmp_path: Path) -> None:
    sweep = spec.load("demo", ["resources.hosts=2"])
    with pytest.raises(UserError, match=r"resources\.hosts is 2, but --address inprocess has one"):
        runner.run(sweep, tmp_path / "out", "inprocess")
    assert not (tmp_path / "out").exists()
