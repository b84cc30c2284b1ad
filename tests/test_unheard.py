"""Judges that were down when a sweep ended, and are asked again.

python -m pytest tests/test_unheard.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from empathy.errors import UserError
from sweeps.record.unheard import unheard, unheard_in


def judged(**missing: str | None) -> dict[str, Any]:
    return {"judges": {name: {"missing": why} for name, why in missing.items()}}


def test_only_who_may_answer_another_time_is_asked_again() -> None:
    assert unheard(None) == unheard({}) == unheard(judged(llm=None, referee="no word")) == []
    assert unheard(judged(llm="down", reward_model="gone")) == ["reward_model", "llm"]


def test_the_summary_tells_of_a_sweep_that_has_ended(tmp_path: Path) -> None:
    assert unheard_in(tmp_path) == []
    path = tmp_path / "summary.json"
    path.write_text(json.dumps({"judges": judged(llm="down")}))
    assert unheard_in(tmp_path) == ["llm"]
    path.write_text('{"judges": ')
    with pytest.raises(UserError, match=r"summary\.json is damaged \(JSONDecodeError\)"):
        unheard_in(tmp_path)
