"""What many tests share: a cache of their own, and tiny base models made in code."""

from __future__ import annotations

from pathlib import Path

import pytest

from empathy.families import FAMILIES
from empathy.weights import Base, Weights, load, prepare

COLLECTED = pytest.StashKey[set[str]]()
"""The ids of all tests that were found, those included that a marker leaves out."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Remember what was found, before markers choose among it."""
    config.stash[COLLECTED] = {item.nodeid for item in items}


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache folder for the whole run of the tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(
    request: pytest.FixtureRequest, session_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep tests out of the user's cache; slow ones use it, since conversions take minutes."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setenv("EMPATHY_CACHE", str(session_cache))


@pytest.fixture(scope="session")
def tiny_weights(session_cache: Path) -> dict[str, Weights]:
    """The two tiny checkpoints on disk, by name: tiny-llama and tiny-gemma3."""
    family = FAMILIES["tiny"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMPATHY_CACHE", str(session_cache))
        return {name: prepare(name, family, lambda stage, share: None) for name in family.built}


def _fresh(weights: Weights) -> Base:
    import torch

    return load(weights, FAMILIES["tiny"], dtype=torch.float32, device="cpu")


@pytest.fixture
def tiny_base(tiny_weights: dict[str, Weights]) -> Base:
    """Two random Llama layers in fp32, loaded anew for each test: the engine changes modules."""
    return _fresh(tiny_weights["tiny-llama"])


@pytest.fixture
def tiny_gemma_base(tiny_weights: dict[str, Weights]) -> Base:
    """Two random Gemma-3 layers, one with a sliding window of 16 tokens, tied embeddings."""
    return _fresh(tiny_weights["tiny-gemma3"])


@pytest.fixture(params=["tiny-llama", "tiny-gemma3"])
def each_tiny_base(request: pytest.FixtureRequest, tiny_weights: dict[str, Weights]) -> Base:
    """Each tiny model in turn."""
    return _fresh(tiny_weights[request.param])
