"""Fixtures of tests that talk to a W&B server of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key, and nothing that would keep runs offline."""
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)


@pytest.fixture
def package() -> None:
    """The optional package, without which no report and no workspace is sent."""
    pytest.importorskip("wandb_workspaces.reports.v2", exc_type=ImportError)
    pytest.importorskip("wandb_workspaces.workspaces", exc_type=ImportError)


@pytest.fixture
def service() -> Iterator[None]:
    """Ends W&B's background process, which the first request starts, and its settings: whoever
    used W&B before in this process has read another server's address."""
    import wandb

    wandb.teardown()
    yield
    wandb.teardown()
