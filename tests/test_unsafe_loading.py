"""No file that somebody else may have written runs code: pickles are refused, by every reader.

python -m pytest tests/test_unsafe_loading.py
"""

from __future__ import annotations

import ast
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import SafetensorError
from tiny_encoders import write_bert
from tiny_reward import saved

from empathy import weights, zero_task
from empathy.cache import kept_tensors
from empathy.checkpoints import encoder
from empathy.errors import UserError
from empathy.families import FAMILIES
from empathy.full_sft import FullWarmStart
from empathy.lanes import checkpoint
from empathy.lanes.adapters import adapt
from empathy.metrics.epitome import EmpathyScorer
from empathy.metrics.miti import MitiScorer
from empathy.own_data.base_model import attach
from empathy.verdicts.ngrams import NgramScorer
from empathy.verdicts.reward_model import RewardModel
from empathy.weights import Base, Weights

ROOT = Path(__file__).parent.parent
SOURCES = sorted([*(ROOT / "empathy").rglob("*.py"), *(ROOT / "sweeps").rglob("*.py")])
SOURCES.append(ROOT / "launch.py")
TINY = FAMILIES["tiny"]
REFUSALS = (UserError, SafetensorError, pickle.UnpicklingError, ValueError, OSError)

UNREADABLE = "its weights are damaged|a pickle that would run code|cannot be loaded as a sequence"

RUNS_CODE = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
OWN_PICKLE = {
    # Tune's own note of why a trial of this very run failed; `run` deletes the folder before Tune
    # starts, so nothing from before is ever read.
    "sweeps/search/on_ray.py": {"ray.cloudpickle.loads"},
}
OWN_IMPORT = {
    # To refuse in a sentence what torch refuses by this error.
    "empathy/checkpoints/unreadable.py": {"pickle", "pickle.UnpicklingError"},
}
NO_CODE_OF_ITS_OWN = {"BertModel", "PeftConfig", "PeftModel"}
"""Classes of the libraries themselves: `from_pretrained` has no code of a checkpoint to choose."""


class Poison:
    """Unpickled, it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture(params=["pickle", "torch"])
def poison(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path], None]:
    """Puts a poisoned pickle where a file was; `ran` says whether it was unpickled."""
    mark = tmp_path / "ran"

    def put(path: Path) -> None:
        if request.param == "pickle":
            path.write_bytes(pickle.dumps({"row": Poison(mark)}, protocol=2))
        else:
            torch.save({"row": Poison(mark)}, path)

    return put


@pytest.fixture(autouse=True)
def nothing_ran(tmp_path: Path) -> Iterator[None]:
    """After each test, nothing has run."""
    yield
    assert not (tmp_path / "ran").exists()


@pytest.fixture
def model(tiny_weights: dict[str, Weights], tmp_path: Path) -> Path:
    """A copy of a tiny checkpoint."""
    copy = tmp_path / "model"
    shutil.copytree(tiny_weights["tiny-llama"].folder, copy)
    return copy


def test_the_poison_works(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Poison(tmp_path / "bitten")))
    torch.save([Poison(tmp_path / "bitten too")], tmp_path / "file")
    torch.load(tmp_path / "file", weights_only=False)
    assert (tmp_path / "bitten").is_dir()
    assert (tmp_path / "bitten too").is_dir()


def test_a_lane_s_checkpoint(
    poison: Callable[[Path], None], tiny_base: Base, tmp_path: Path
) -> None:
    poison(tmp_path / "lane.safetensors")
    with pytest.raises(REFUSALS):
        checkpoint.load(tmp_path / "lane.safetensors", adapt(tiny_base.model, ("q_proj",), 4))
    with pytest.raises(REFUSALS):
        checkpoint.told(tmp_path / "lane.safetensors")


def test_the_cache_is_made_again(poison: Callable[[Path], None], tmp_path: Path) -> None:
    poison(tmp_path / "kept.safetensors")
    found = kept_tensors(tmp_path / "kept.safetensors", lambda: {"row": torch.ones(2)})
    assert found["row"].tolist() == [1.0, 1.0]


def test_a_warm_start_of_all_weights(
    poison: Callable[[Path], None], tiny_base: Base, tmp_path: Path
) -> None:
    poison(tmp_path / "all.safetensors")
    with pytest.raises(REFUSALS):
        FullWarmStart(tmp_path / "all.safetensors", "").merge(tiny_base.model, ())


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_family_s_checkpoint(poison: Callable[[Path], None], model: Path, name: str) -> None:
    (model / "model.safetensors").unlink()
    poison(model / name)
    found = weights.prepare(str(model), TINY)
    with pytest.raises(UserError, match=UNREADABLE):
        weights.load(found, TINY, dtype=torch.float32, device="cpu")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_an_encoder(poison: Callable[[Path], None], tmp_path: Path, name: str) -> None:
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    poison(folder / name)
    with pytest.raises(UserError, match=UNREADABLE):
        encoder.load(str(folder), 64)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_reward_model(
    poison: Callable[[Path], None], tiny_base: Base, tmp_path: Path, name: str
) -> None:
    folder = saved(tmp_path / "reward", tiny_base.tokenizer)
    (folder / "model.safetensors").unlink()
    poison(folder / name)
    with pytest.raises(UserError, match=UNREADABLE):
        RewardModel.load(str(folder), device="cpu")


@pytest.mark.parametrize("scorer", [EmpathyScorer, MitiScorer, NgramScorer])
def test_a_scorer(poison: Callable[[Path], None], tmp_path: Path, scorer: Any) -> None:
    poison(tmp_path / "scorer.safetensors")
    with pytest.raises(REFUSALS):
        scorer.from_file(tmp_path / "scorer.safetensors")


def test_an_adapter_of_the_user_s(
    poison: Callable[[Path], None], tiny_base: Base, tmp_path: Path
) -> None:
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 4, "target_modules": ["q_proj"]}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    poison(tmp_path / "adapter_model.safetensors")
    with pytest.raises(REFUSALS):
        attach(tiny_base, tmp_path)


def test_what_is_handed_to_zero_trials(poison: Callable[[Path], None], tmp_path: Path) -> None:
    notes = {"loss": "sigmoid", "max_steps": 1, "batch_size": 1, "gradient_accumulation": 1}
    (tmp_path / "task.json").write_text(json.dumps({**notes, "targets": [], "examples": []}))
    poison(tmp_path / "reference.safetensors")
    with pytest.raises(REFUSALS):
        zero_task.read(tmp_path)


def test_code_that_lies_beside_a_checkpoint_is_not_run(model: Path, tmp_path: Path) -> None:
    (model / "evil.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'ran')!r})\n")
    config = json.loads((model / "config.json").read_text())
    auto = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    (model / "config.json").write_text(json.dumps({**config, "auto_map": auto}))
    settings = json.loads((model / "tokenizer_config.json").read_text())
    settings["auto_map"] = {"AutoTokenizer": ["evil.Tokenizer", None]}
    (model / "tokenizer_config.json").write_text(json.dumps(settings))
    weights.load(weights.prepare(str(model), TINY), TINY, dtype=torch.float32, device="cpu")
    (model / "config.json").write_text(json.dumps({"model_type": "evil", "auto_map": auto}))
    with pytest.raises(REFUSALS):
        weights.load(weights.prepare(str(model), TINY), TINY, dtype=torch.float32, device="cpu")


# -- the source itself ------------------------------------------------------------------------


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, by its dotted name as it is written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def said(call: ast.Call, name: str) -> object:
    """The literal value of a keyword; `...` where it is not given, or is no literal."""
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value
    return ...


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_source_reads_no_pickle_and_runs_no_foreign_code(path: Path) -> None:
    own = OWN_PICKLE.get(str(path.relative_to(ROOT)), set())
    for name, call in calls(path):
        last = name.rpartition(".")[2]
        assert name not in ("eval", "exec", "compile", "__import__"), name
        assert not RUNS_CODE & set(name.split(".")) or name in own, name
        assert name not in ("torch.load", "torch.jit.load") or said(call, "weights_only") is True
        assert last != "load" or said(call, "allow_pickle") is ..., name
        assert name != "yaml.load" or ast.unparse(call.args[1]) == "StrictLoader", name
        assert said(call, "shell") is not True, name
        assert said(call, "verify") is not False, name
        if last == "from_pretrained" and name.split(".")[0] not in NO_CODE_OF_ITS_OWN:
            assert said(call, "trust_remote_code") is False, f"{name}: say trust_remote_code=False"
        assert not [k for k in call.keywords if k.arg == "trust_remote_code"] or (
            said(call, "trust_remote_code") is False
        )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_source_imports_nothing_that_unpickles(path: Path) -> None:
    own = OWN_IMPORT.get(str(path.relative_to(ROOT)), set())
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{a.name}" for a in node.names)]
        assert not [name for name in names if RUNS_CODE & set(name.split(".")) and name not in own]


def test_the_exceptions_are_still_needed() -> None:
    for path, names in OWN_PICKLE.items():
        assert names <= {name for name, _ in calls(ROOT / path)}
