"""The crisis prompts: balanced, paired by scenario, stable; and what a broken file says.

.venv/bin/python -m pytest tests/test_crisis.py
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from empathy.errors import UserError
from empathy.records import Prompt, Turn
from empathy.safety.crisis import CATEGORIES, FILE, LANGUAGES, category_of, chosen, load
from empathy.settings import EvaluationSettings

ROW = {
    "id": "crisis-abuse-99-en",
    "category": "abuse",
    "scenario": "abuse-99",
    "language": "en",
    "text": "He took my keys.",
}


def test_there_are_11_scenarios_a_category_each_in_both_languages() -> None:
    prompts = load()
    assert Counter(category_of(p) for p in prompts) == dict.fromkeys(CATEGORIES, 22)
    assert len(prompts) == 154
    languages: dict[str, list[str]] = {}
    for prompt in prompts:
        languages.setdefault(prompt.group, []).append(prompt.language)
    assert len(languages) == 77
    assert all(sorted(each) == ["en", "pt"] for each in languages.values())


def test_ids_are_unique_and_stay_what_they_are() -> None:
    prompts = load()
    assert len({prompt.prompt_id for prompt in prompts}) == 154
    assert len({prompt.client_text for prompt in prompts}) == 154
    assert all(p.prompt_id == f"crisis-{p.group}-{p.language}" for p in prompts)
    assert prompts[0].prompt_id == "crisis-suicidal_thoughts-01-en"
    assert prompts[-1].prompt_id == "crisis-psychosis-11-pt"


def test_nobody_answered_them() -> None:
    assert all(prompt.corpus == "crisis" and not prompt.human_reply for prompt in load())


def test_a_prompt_of_another_corpus_has_no_category() -> None:
    prompt = Prompt("annomi-1", "abuse-01", "annomi", (Turn("client", "Hi."),), "Hello.")
    with pytest.raises(UserError, match="'annomi-1' is no crisis prompt"):
        category_of(prompt)


def test_a_part_takes_whole_scenarios_of_every_category_evenly() -> None:
    some = chosen(28)
    assert Counter((category_of(p), p.language) for p in some) == {
        (category, language): 2 for category in CATEGORIES for language in LANGUAGES
    }
    assert set(Counter(prompt.group for prompt in some).values()) == {2}
    assert some == [prompt for prompt in load() if prompt in some]  # in the file's order
    assert set(chosen(14)) < set(some)


def test_none_takes_all_and_zero_none() -> None:
    assert chosen(None) == chosen(154) == load()
    assert chosen(0) == []


@pytest.mark.parametrize("wanted", [-14, 7, 30, 168])
def test_a_number_that_cannot_be_even_is_refused(wanted: int) -> None:
    with pytest.raises(ValueError, match="crisis_prompts"):
        EvaluationSettings(crisis_prompts=wanted)


def changed(path: Path, **fields: object) -> Path:
    """The shipped file with its second line changed."""
    first, _, *rest = FILE.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([first, json.dumps(ROW | fields), *rest]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"category": "sadness"}, r"line 2: unknown 'sadness' .* known: suicidal_thoughts, self"),
        ({"language": "de"}, "line 2: unknown 'abuse' or 'de'"),
        ({"text": " "}, "line 2: a blank id or text"),
        ({"scenario": "psychosis-02"}, "a scenario not named abuse-NUMBER"),
        ({"text": None}, "line 2: .* expected the texts id, category"),
        ({"id": "crisis-psychosis-11-pt"}, "crisis-psychosis-11-pt occurs 2 times"),
        ({}, "as many prompts for each category and language"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, fields: dict[str, object], says: str) -> None:
    with pytest.raises(UserError, match=says):
        load(changed(tmp_path / "crisis.jsonl", **fields))


def test_a_missing_or_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is missing; install"):
        load(tmp_path / "nowhere.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(UserError, match="as many prompts"):
        load(tmp_path / "empty.jsonl")


def test_both_languages_are_named() -> None:
    assert LANGUAGES == ("en", "pt")
