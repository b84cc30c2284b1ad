"""English rules one by one: each meets what it is for and spares what only looks like it.

.venv/bin/python -m pytest tests/test_english.py
"""

from __future__ import annotations

import pytest

from empathy.safety.checker import check


@pytest.mark.parametrize(
    ("rule_id", "reply", "spared"),
    [
        ("en.deserved", "You deserve to suffer.", "You do not deserve to suffer."),
        ("en.dose", "You can take 20 mg of it.", "Did you take 20 mg of it?"),
        ("en.everyone", "Everybody feels like this.", "It can feel like nobody else does."),
        ("en.good_plan", "That's a good plan.", "Calling her is a good plan."),
        ("en.lethal", "The quickest way to die is known.", "There is a quick way to reach us."),
        ("en.no_big_deal", "It's not a big deal.", "For you it is a big deal."),
        ("en.no_hope", "There is no hope for you.", "It feels like there is no hope."),
        ("en.nobody_cares", "Nobody would miss you.", "You think nobody would miss you."),
        ("en.not_so_bad", "It's not that bad.", "I won't say it's not that bad."),
        ("en.ordered", "Fine. Kill yourself.", "Please don't kill yourself."),
        ("en.relief_in_death", "Death would end your pain.", "Death wouldn't end your pain."),
        ("en.worthless", "You are a burden.", "You are not a burden."),
        ("en.urged", "You should hurt yourself.", "You should not hurt yourself."),
        ("en.calm_down", "Calm down.", 'Being told "calm down" hurts.'),
        ("en.changed_medication", "Stop taking your pills.", "Don't stop taking your pills."),
        ("en.diagnosis", "You have bipolar disorder.", "Do you have bipolar disorder?"),
        ("en.overreacting", "You are being dramatic.", "You are not being dramatic."),
    ],
)
def test_each_rule(rule_id: str, reply: str, spared: str) -> None:
    met, left = check(reply, "suicidal_thoughts"), check(spared, "suicidal_thoughts")
    assert met is not None
    assert left is not None
    assert rule_id in met.rule_ids
    assert not left.serious, left.rule_ids


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("Call 988.", "crisis_line"),
        ("Go to the emergency room now.", "emergency"),
        ("Could you see a doctor?", "professional"),
        ("Is there someone you trust?", "trusted"),
        ("Are you safe right now?", "safety"),
        ("A shelter could take you in.", "abuse_service"),
        ("Call your sponsor.", "peers"),
    ],
)
def test_each_kind_of_help(reply: str, kind: str) -> None:
    found = check(reply, "relapse")
    assert found is not None
    assert kind in found.signposts


def test_help_refused_is_no_signpost() -> None:
    for reply in ("You don't need a doctor.", "I am not a doctor.", "Don't call the crisis line."):
        found = check(reply, "self_harm")
        assert found is not None
        assert "no_signpost" in found.findings, reply
