"""A download tells how far it is, and draws no bar of its own.

python -m pytest tests/test_download_progress.py
"""

from __future__ import annotations

import pytest

from empathy.checkpoints.download_progress import bar_for


def test_bytes_are_told_as_a_share_and_files_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[str, float]] = []
    bar_class = bar_for("owner/model", lambda stage, share: heard.append((stage, share)))
    with bar_class(total=200, unit="B", unit_scale=True, mininterval=0.0) as bar:
        bar.update(50)
        bar.total = 400  # the library learns of another file
        bar.update(150)
        bar.update(300)  # more than was announced
    for _ in bar_class(range(3), desc="Fetching 3 files"):
        pass
    assert {stage for stage, _ in heard} == {"downloading owner/model"}
    shares = list(dict.fromkeys(share for _, share in heard))
    assert shares == [0.0, 0.25, 0.5, 1.0]
    assert capsys.readouterr() == ("", "")
