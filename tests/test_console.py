"""The one line that is silenced, and none beside it.

.venv/bin/python -m pytest tests/test_console.py
"""

from __future__ import annotations

import logging

import pytest

from empathy.console import quiet_libraries


def test_only_the_line_about_the_accelerator_is_silenced(caplog: pytest.LogCaptureFixture) -> None:
    quiet_libraries()
    log = logging.getLogger("DeepSpeed")
    with caplog.at_level(logging.WARNING, logger="DeepSpeed"):
        log.warning("Setting accelerator to CPU. If you have GPU or other accelerator, ...")
        log.warning("something else")
    assert [record.getMessage() for record in caplog.records] == ["something else"]
