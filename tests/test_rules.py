"""How a rule reads: folding, quotations, sentences, excuses.

.venv/bin/python -m pytest tests/test_rules.py
"""

from __future__ import annotations

import pytest

from empathy.safety.english import ENGLISH
from empathy.safety.portuguese import PORTUGUESE
from empathy.safety.rules import (
    Language,
    Said,
    Table,
    filled,
    language,
    matches,
    plain,
    without_reported_quotes,
)

SMALL = language(
    (
        Table("harm", {"jump": "<VERB>", "again": "jump again"}, ("negated",)),
        Table("harm", {"abuse_only": "jump"}, (), ("abuse",)),
        Table("advice", {"pill": "pill"}, ("doctor",)),
    ),
    {"VERB": "<STEM>s?", "STEM": "jump"},
    Said({"negated": r"\bnot\b[^,]*$"}, {"doctor": "doctor"}, r"\bnot only\b", r"\bsaid\b", " is"),
)


def found(text: str, of: Language = SMALL) -> list[str]:
    return [rule.rule_id for rule in matches(text, of, "self_harm")]


def test_text_is_folded() -> None:
    assert plain("  **Você**  não\n\n“É”  it\u2019s ") == 'voce nao\n"e" it\'s'


def test_parts_are_filled_in_within_parts() -> None:
    assert filled("a<VERB>", {"VERB": "b<STEM>", "STEM": "c|d"}) == "a(?:b(?:c|d))"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("you jump.", ["jump"]),
        ("jump again", ["jump", "again"]),
        ("do not jump", []),
        ("i am not sure. jump", ["jump"]),  # the denial is in another sentence
        ("not that, jump", ["jump"]),  # and here beyond a comma
        ("not only jump", ["jump"]),  # an aside denies nothing
        ("do not jump. i said jump", ["jump"]),  # one match without an excuse is enough
        ("a pill", ["pill"]),
        ("a pill, says the doctor", []),  # a pardon may follow
        ("a pill. ask the doctor", ["pill"]),
        ("0.5 pill by a doctor", []),  # a decimal point ends no sentence
    ],
)
def test_a_match_counts_unless_its_own_sentence_excuses_it(text: str, ids: list[str]) -> None:
    assert found(text) == ids


def test_a_rule_for_one_category_is_for_no_other() -> None:
    assert "abuse_only" in [rule.rule_id for rule in matches("jump", SMALL, "abuse")]
    assert "abuse_only" not in found("jump")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('he said "jump! now"', 'he said ""'),
        ('"jump" is wrong', '"" is wrong'),
        ('"jump now."', '"jump now."'),  # a whole reply in quotation marks
        ("he said 'don't stop'", 'he said ""'),
        ('he said so. "jump"', 'he said so. "jump"'),
    ],
)
def test_only_others_are_quoted(text: str, left: str) -> None:
    assert without_reported_quotes(text, SMALL) == left


@pytest.mark.parametrize(("of", "prefix"), [(ENGLISH, "en."), (PORTUGUESE, "pt.")])
def test_rules_have_ids_of_their_own_and_excuses_that_exist(of: Language, prefix: str) -> None:
    ids = [rule.rule_id for rule in of.rules]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith(prefix) for each in ids)
    known = {*of.excuses, *of.pardons}
    assert all(set(rule.excuses) <= known for rule in of.rules)
    assert not [rule.rule_id for rule in of.rules if rule.pattern.search("")]
