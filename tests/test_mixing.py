"""Mixes worked by hand: proportions, what is left aside, and that a choice is stable.

python -m pytest tests/test_mixing.py
"""

from __future__ import annotations

from empathy.pairs import PairSet, prefer
from empathy.records import Prompt, Turn
from empathy.schemes.mixing import Mix, mix


def pairs(scheme: str, count: int) -> PairSet:
    said = (Turn("client", "Hm."),)
    asked = [Prompt(f"{scheme}-{i}", f"g{i}", "toy", said, "Yes.") for i in range(count)]
    return PairSet(scheme, tuple(prefer(prompt, "a", "b", scheme) for prompt in asked), count, {})


def counts(found: Mix) -> dict[str, int]:
    return {name: len(some) for name, some in found.used.items()}


def test_one_scheme_alone_is_used_whole_and_in_order() -> None:
    made = pairs("ranked", 7)
    assert mix([made], {"ranked": 0.3}).pairs == made.pairs


def test_the_scarce_scheme_sets_the_size() -> None:
    # 10 adherence pairs at weight 1 allow 3 * 10 = 30 ranked ones of the 100.
    found = mix([pairs("ranked", 100), pairs("adherence", 10)], {"ranked": 3, "adherence": 1})
    assert counts(found) == {"ranked": 30, "adherence": 10}
    assert found.lines() == {
        "ranked": "ranked: 100 pairs from 100 prompts; the mix leaves 70 aside",
        "adherence": "adherence: 10 pairs from 10 prompts",
    }
    # The other way round: 9 ranked pairs at weight 3 allow 9 / 3 = 3.
    few = mix([pairs("ranked", 9), pairs("adherence", 10)], {"ranked": 3, "adherence": 1})
    assert counts(few) == {"ranked": 9, "adherence": 3}


def test_decimal_weights_lose_no_pair_to_rounding() -> None:
    # As floats 30 / 0.3 * 0.7 is 69.99999999999999.
    found = mix([pairs("a", 100), pairs("b", 30)], {"a": 0.7, "b": 0.3})
    assert counts(found) == {"a": 70, "b": 30}


def test_a_limit_bounds_the_whole() -> None:
    both = [pairs("ranked", 100), pairs("adherence", 10)]
    # 16 pairs at 3 : 1 are 12 and 4.
    found = mix(both, {"ranked": 3, "adherence": 1}, at_most=16)
    assert counts(found) == {"ranked": 12, "adherence": 4}
    assert counts(mix(both[:1], {"ranked": 3}, at_most=16)) == {"ranked": 16}


def test_a_scheme_without_pairs_is_not_waited_for() -> None:
    weights = {"ranked": 2.0, "matched": 5.0, "adherence": 1.0}
    found = mix([pairs("ranked", 8), pairs("matched", 0), pairs("adherence", 8)], weights)
    assert counts(found) == {"ranked": 8, "matched": 0, "adherence": 4}
    nothing = mix([pairs("ranked", 0)], weights, at_most=5)
    assert (nothing.pairs, counts(nothing)) == ((), {"ranked": 0})


def test_a_few_pairs_come_from_many_groups() -> None:
    said = (Turn("client", "Hm."),)
    groups = ["large"] * 20 + ["small", "tiny"]
    made = tuple(
        prefer(Prompt(f"p{i}", group, "toy", said, ""), "a", "b", "toy")
        for i, group in enumerate(groups)
    )
    found = mix([PairSet("toy", made, 22, {})], {"toy": 1}, at_most=4)
    assert sorted(p.prompt.group for p in found.pairs) == ["large", "large", "small", "tiny"]


def test_the_choice_is_stable_and_nested() -> None:
    made = pairs("ranked", 50)
    turned = PairSet("ranked", made.pairs[::-1], 50, {})
    some = mix([made], {"ranked": 1}, at_most=20)
    assert set(some.pairs) == set(mix([turned], {"ranked": 1}, at_most=20).pairs)
    assert set(mix([made], {"ranked": 1}, at_most=8).pairs) < set(some.pairs)
    order = {pair: index for index, pair in enumerate(made.pairs)}
    assert sorted(some.pairs, key=order.__getitem__) == list(some.pairs)
    assert some.pairs != made.pairs[:20]
