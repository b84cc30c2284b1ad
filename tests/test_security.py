"""What the README promises of revisions, of W&B's client, and of Ray's doors.

Unsafe files are in test_unsafe_loading.py, tokens in test_canary.py and test_canary_online.py.

python -m pytest tests/test_security.py
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml
from tiny_reward import saved

from empathy import weights
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.study import Study
from empathy.verdicts.reward_model import RewardModel
from empathy.verdicts.verdict import Comparison
from empathy.weights import Base, Weights
from sweeps.record.changes import check_facts
from sweeps.record.resumption import Earlier
from sweeps.watching.tracking import _settings, tracker

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
TINY = FAMILIES["tiny"]
OLD, NEW = "a" * 40, "b" * 40  # commits
STARTS_RAY = re.compile(r"\bray (?:up|start|symmetric-run|job submit|exec|submit)\b")


# -- revisions of the hub ---------------------------------------------------------------------


@pytest.fixture
def publish(
    tiny_weights: dict[str, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Makes a commit of owner/model the newest one in a hub cache; the hub itself is away."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "hub" / "models--owner--model"

    def put(commit: str) -> None:
        shutil.copytree(tiny_weights["tiny-llama"].folder, repository / "snapshots" / commit)
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / "main").write_text(commit)

    return put


def facts(name: str) -> dict[str, Any]:
    """What the manifest notes of a model of that name."""
    import torch

    base = weights.load(weights.prepare(name, TINY), TINY, dtype=torch.float32, device="cpu")
    study = Study.__new__(Study)  # its facts need no more than its settings
    study.settings = type("Settings", (), {"quantization": "none"})()
    return {"weights": study._identified(base, "float32", "cpu")}


def test_the_hub_s_commit_is_noted_and_another_one_is_refused_on_resume(publish: Any) -> None:
    publish(OLD)
    before = facts("owner/model")
    assert (before["weights"]["name"], before["weights"]["revision"]) == ("owner/model", OLD)
    earlier = Earlier({"settings": {}, **before})
    check_facts(earlier, facts("owner/model"))
    publish(NEW)  # the same files: whoever moved the name may move more next time
    with pytest.raises(UserError, match=rf"weights\.revision was '{OLD}', is '{NEW}'"):
        check_facts(earlier, facts("owner/model"))
    check_facts(earlier, facts(f"owner/model@{OLD}"))  # which is how to bring it back


def test_a_reward_model_s_commit_is_part_of_its_name_in_the_results(
    tiny_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "models--owner--reward"
    saved(repository / "snapshots" / OLD, tiny_base.tokenizer)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(OLD)
    judge = RewardModel.load("owner/reward", device="cpu")
    told = judge.judge([Comparison("p", "one", "another", "sample", "en")])
    assert told.judge == f"reward_model:owner/reward@{OLD}"


# -- Weights & Biases -------------------------------------------------------------------------


def test_w_and_b_is_told_of_no_code_no_console_and_no_machine() -> None:
    settings = _settings(1.0)
    assert settings.disable_git is True
    assert settings.disable_code is True
    assert settings.console == "off"
    assert settings.x_disable_meta is True
    assert settings.x_disable_machine_info is True
    assert settings.x_save_requirements is False
    assert settings.host == "withheld"


def test_w_and_b_s_client_does_not_tell_its_makers_of_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wandb.env import error_reporting_enabled

    monkeypatch.setenv("WANDB_ERROR_REPORTING", "true")
    assert tracker("offline", "empathy", None) is not None
    assert os.environ["WANDB_ERROR_REPORTING"] == "false"
    assert not error_reporting_enabled()


# -- Ray --------------------------------------------------------------------------------------


def blocks(language: str) -> list[str]:
    """The fenced blocks of that language in the README."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def documented() -> list[str]:
    """Every shell block of the README that starts Ray, or talks to one."""
    shell = [*blocks("sh"), *blocks("bash")]
    return [block for block in shell if STARTS_RAY.search(block)]


def test_every_documented_start_of_ray_asks_for_the_token() -> None:
    assert len(documented()) >= 2  # `ray up`, Slurm
    for block in documented():
        asked = block.index("export RAY_AUTH_MODE=token")
        started = STARTS_RAY.search(block)
        assert started is not None
        assert asked < started.start(), block
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text(encoding="utf-8"))
    for key in ("head_start_ray_commands", "worker_start_ray_commands"):
        for command in config[key]:
            assert "ray start" not in command or "RAY_AUTH_MODE=token" in command
    jobs = [
        found for text in blocks("yaml") if "RayJob" in text for found in [yaml.safe_load(text)]
    ]
    assert [job["spec"]["rayClusterSpec"]["authOptions"]["mode"] for job in jobs] == ["token"]


def test_nothing_turns_the_token_off() -> None:
    pattern = re.compile(r"RAY_AUTH_MODE\W+(?!token)\w+|auth_mode\W+disabled", re.IGNORECASE)
    for path in [
        *ROOT.glob("*.*"),
        *(ROOT / "sweeps").rglob("*.py"),
        *(ROOT / "empathy").rglob("*.py"),
    ]:
        if path.is_file():
            assert not pattern.search(path.read_text(encoding="utf-8")), path


def test_the_token_is_made_where_nobody_else_reads_it() -> None:
    (generated,) = [line for line in README.splitlines() if "get-auth-token --generate" in line]
    assert generated.startswith("(umask 077;")


def test_the_dashboard_listens_on_loopback_wherever_ray_is_started() -> None:
    """But within Kubernetes, whose operator asks it for the job: there the token guards it."""
    config = (ROOT / "cluster.yaml").read_text(encoding="utf-8")
    for text in (README, config):
        hosts = re.findall(r"--dashboard-host[= ](\S+)", text)
        assert set(hosts) == {"127.0.0.1"}
        heads = re.findall(r"ray (?:start --head|symmetric-run)", text)
        assert len(hosts) == len(heads)


def test_ray_on_this_machine_has_no_dashboard_and_tells_nobody_of_its_use() -> None:
    from sweeps.search.on_ray import QUIET

    tree = ast.parse((ROOT / "sweeps" / "search" / "on_ray.py").read_text(encoding="utf-8"))
    starts = [
        {keyword.arg: keyword.value for keyword in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ray.init"
    ]
    (local,) = [each for each in starts if ast.unparse(each["address"]) == "'local'"]
    assert ast.unparse(local["include_dashboard"]) == "False"
    assert QUIET["RAY_USAGE_STATS_ENABLED"] == "0"


def test_an_old_token_file_is_closed_when_ray_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sweeps.search.ray_token import closed_token

    monkeypatch.setenv("HOME", str(tmp_path))
    with closed_token():
        token = tmp_path / ".ray" / "auth_token"
        token.write_text("secret")
        token.chmod(0o644)  # as Ray leaves it
    assert token.stat().st_mode & 0o777 == 0o600
    assert token.parent.stat().st_mode & 0o777 == 0o700
