"""python -m pytest tests/test_generate.py"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from plain_model import reply_logp
from tiny_models import TARGETS_OF, VOCABULARY, WINDOW, tiny, trained_row
from transformers import DynamicCache, PreTrainedModel

from empathy.lanes import generate as generation
from empathy.lanes.adapters import Layout, adapt
from empathy.lanes.engine import measure
from empathy.lanes.generate import Decoding, Generated, Request, choose, generate
from empathy.lanes.kv_cache import roomy_cache
from empathy.lanes.rows import Example

FAMILIES = ["llama", "gemma", "bert"]
NEVER = frozenset({0})  # a token that these models do not say
GREEDY = Decoding(temperature=0.0, max_new_tokens=12, stop=NEVER, pad=0)
SAMPLED = GREEDY._replace(temperature=1.0)
RANKS, SCALES = (4, 2, 3), torch.tensor([2.0, 1.0, 3.0])


def requests() -> list[Request]:
    """Prompts of 3 to 40 tokens: padded beside each other, and longer than Gemma's window."""
    source = random.Random(0)
    lengths = (40, 3, 17, 25, 9)
    assert max(lengths) > 2 * WINDOW
    return [
        Request(tuple(source.randrange(5, VOCABULARY) for _ in range(length)), seed)
        for seed, length in enumerate(lengths)
    ]


def with_lanes(family: str) -> tuple[PreTrainedModel, Layout, torch.Tensor]:
    """A model and three adapters that speak differently, `(3, size)`."""
    model = tiny(family)
    layout = adapt(model, TARGETS_OF[family], rank=4)
    rows = [trained_row(layout, rank, seed, 0.3) for seed, rank in enumerate(RANKS)]
    return model, layout, torch.stack(rows)


def tokens(replies: Sequence[Generated]) -> list[tuple[int, ...]]:
    return [reply.tokens for reply in replies]


def greedily(model: PreTrainedModel, prompt: Sequence[int], stop: int | None) -> tuple[int, ...]:
    """What transformers itself generates for this prompt alone, without its cache."""
    ids = torch.tensor([list(prompt)])
    found = model.generate(  # type: ignore[operator]  # annotated as a tensor or a module
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        use_cache=False,
        max_new_tokens=GREEDY.max_new_tokens,
        eos_token_id=stop,
        pad_token_id=0,
    )
    return tuple(found[0, len(prompt) :].tolist())


@pytest.mark.parametrize("family", FAMILIES)
def test_greedy_replies_are_transformers_own(family: str) -> None:
    model = tiny(family)
    (found,) = generate(model, requests(), 1, GREEDY)
    expected = [greedily(model, request.prompt, None) for request in requests()]
    assert tokens(found) == expected
    assert len(set(expected)) > 1
    assert {len(reply) for reply in expected} == {12}  # max_new_tokens
    assert not any(reply.finished for reply in found)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reply_ends_at_its_stop_token_while_others_go_on(family: str) -> None:
    model = tiny(family)
    (endless,) = generate(model, requests(), 1, GREEDY)
    stop = endless[2].tokens[5]  # what some reply says sooner or later
    (found,) = generate(model, requests(), 1, GREEDY._replace(stop=frozenset({stop, 0})))
    expected = [greedily(model, request.prompt, stop) for request in requests()]
    assert tokens(found) == expected
    assert [reply.finished for reply in found] == [reply[-1] == stop for reply in expected]
    assert found[2].finished
    assert found[2].tokens[-1] == stop  # the end token belongs to the reply
    assert len(found[2].tokens) <= 6
    assert not all(reply.finished for reply in found)


@pytest.mark.parametrize("decoding", [GREEDY, SAMPLED], ids=["greedy", "sampled"])
@pytest.mark.parametrize("family", FAMILIES)
def test_lanes_in_one_batch_say_what_each_says_alone(family: str, decoding: Decoding) -> None:
    model, layout, rows = with_lanes(family)
    with layout.using(rows, SCALES):
        together = generate(model, requests(), 3, decoding)
    assert len({tuple(tokens(lane)) for lane in together}) == 3
    for lane in range(3):
        with layout.using(rows[lane : lane + 1], SCALES[lane : lane + 1]):
            (alone,) = generate(model, requests(), 1, decoding)
        assert tokens(alone) == tokens(together[lane])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_reply_s_log_probability_is_that_of_its_tokens(family: str) -> None:
    """Of the policy itself, whatever the temperature it is drawn at."""
    model, layout, rows = with_lanes(family)
    decoding = SAMPLED._replace(temperature=0.7, stop=frozenset(range(100)))  # most end early
    with layout.using(rows, SCALES):
        found = generate(model, requests(), 3, decoding)
        said = [
            [Example(r.prompt, (reply.tokens,)) for r, reply in zip(requests(), lane, strict=True)]
            for lane in found
        ]
        measured = measure(model, said)[..., 0]
    logps = torch.tensor([[reply.logp for reply in lane] for lane in found])
    torch.testing.assert_close(logps, measured, atol=1e-4, rtol=0)
    with layout.using(rows[2:], SCALES[2:]):
        plain = [reply_logp(model, each.prompt, each.replies[0]).item() for each in said[2]]
    torch.testing.assert_close(logps[2].tolist(), plain, atol=1e-4, rtol=0)
    assert len({len(reply.tokens) for lane in found for reply in lane}) > 2


def test_a_sample_depends_on_its_own_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny("llama")
    asked = requests()
    (found,) = generate(model, asked, 1, SAMPLED)
    (alone,) = generate(model, asked[2:3], 1, SAMPLED)
    assert alone[0].tokens == found[2].tokens
    (reversed_,) = generate(model, asked[::-1], 1, SAMPLED)
    assert tokens(reversed_) == tokens(found)[::-1]
    monkeypatch.setitem(generation.ROWS_PER_PASS, "cpu", 2)
    torch.manual_seed(99)  # the global luck has no say
    (in_pairs,) = generate(model, asked, 1, SAMPLED)
    assert tokens(in_pairs) == tokens(found)


def test_draws_for_one_prompt_differ_by_their_seeds() -> None:
    model = tiny("llama")
    prompt = requests()[0].prompt
    asked = [Request(prompt, seed) for seed in (5, 6, 5)]
    (found,) = generate(model, [requests()[1], *asked], 1, SAMPLED)
    assert found[1].tokens == found[3].tokens
    assert found[1].tokens != found[2].tokens
    (alone,) = generate(model, asked[1:2], 1, SAMPLED)
    assert alone[0].tokens == found[2].tokens


def test_a_longer_limit_only_lengthens() -> None:
    model = tiny("llama")
    (long,) = generate(model, requests(), 1, SAMPLED)
    (short,) = generate(model, requests(), 1, SAMPLED._replace(max_new_tokens=1))
    assert [reply[:1] for reply in tokens(long)] == tokens(short)


def test_a_lane_that_is_not_finite_leaves_the_others_alone() -> None:
    model, layout, rows = with_lanes("gemma")
    said = []
    for spoilt in (False, True):
        if spoilt:
            rows[1] = math.nan
        with layout.using(rows, SCALES):
            said.append(generate(model, requests(), 3, SAMPLED))
    assert said[0][0] == said[1][0]
    assert said[0][2] == said[1][2]
    assert all(math.isnan(reply.logp) for reply in said[1][1])  # it can be told by this
    assert all(0 <= token < VOCABULARY for reply in said[1][1] for token in reply.tokens)


def test_choosing_worked_by_hand() -> None:
    logits = torch.tensor([0.1, 0.2, 0.7]).log()
    # cumulated: 0.1, 0.3, 1
    for luck, expected in ((0.05, 0), (0.15, 1), (0.29, 1), (0.31, 2), (0.9999, 2)):
        assert choose(logits[None], torch.tensor([luck]), 1.0).tolist() == [expected]
    # at temperature 0.5 the squares 0.01, 0.04, 0.49 of 0.54; cumulated: 0.0185, 0.0926, 1
    for luck, expected in ((0.01, 0), (0.05, 1), (0.15, 2)):
        assert choose(logits[None], torch.tensor([luck]), 0.5).tolist() == [expected]
    assert choose(logits[None], torch.tensor([0.01]), 0.0).tolist() == [2]  # greedy


def test_rows_are_chosen_by_their_own_luck_with_the_right_frequencies() -> None:
    luck = (torch.arange(1000) + 0.5) / 1000
    logits = torch.tensor([0.5, 0.0, 0.125, 0.375]).log().expand(1000, 4)
    counts = torch.bincount(choose(logits, luck, 1.0), minlength=4)
    assert counts.tolist() == [500, 0, 125, 375]


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_that_have_ended_leave_the_batch_and_change_no_reply(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With most tokens ending a reply, rows leave at nearly every step, lanes at different ones."""
    model, layout, rows = with_lanes(family)
    decoding = SAMPLED._replace(stop=frozenset(range(VOCABULARY // 4)))
    decoded: list[int] = []
    read = generation._Batch.next_logits

    def counted(
        batch: generation._Batch, model: PreTrainedModel, ids: torch.Tensor, *rest: Any
    ) -> torch.Tensor:
        decoded.append(len(ids))
        return read(batch, model, ids, *rest)

    monkeypatch.setattr(generation._Batch, "next_logits", counted)
    with layout.using(rows, SCALES):
        leaving = generate(model, requests(), 3, decoding)
        steps, decoded[:] = list(decoded), []
        monkeypatch.setattr(generation, "SHRINK_AT", -1)  # nobody leaves
        staying = generate(model, requests(), 3, decoding)
    assert [tokens(lane) for lane in leaving] == [tokens(lane) for lane in staying]
    for one, other in zip(leaving, staying, strict=True):
        expected = pytest.approx([reply.logp for reply in other], abs=1e-4)
        assert [reply.logp for reply in one] == expected
    assert steps[0] == decoded[0] == 15
    assert steps[-1] < 15
    assert steps == sorted(steps, reverse=True)
    assert all(count % 3 == 0 for count in steps)  # lanes have equally many rows
    assert set(decoded) == {15}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_cache_is_transformers_own_without_its_copies(family: str) -> None:
    model = tiny(family)
    source = torch.Generator().manual_seed(0)
    ours, theirs = roomy_cache(model.config, 40), DynamicCache(config=model.config)
    for length, rows in ((20, None), (1, [2, 0, 0]), (1, [1]), (1, None)):
        count = 3 if rows is None or length == 20 else len(rows)
        ids = torch.randint(5, VOCABULARY, (count, length), generator=source)
        if rows is not None:
            for cache in (ours, theirs):
                cache.batch_select_indices(torch.tensor(rows))
        elif length == 1:
            ids = ids[:1]
        found, expected = (
            model(input_ids=ids, past_key_values=cache, use_cache=True).logits
            for cache in (ours, theirs)
        )
        torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert ours.get_seq_length() == theirs.get_seq_length() == 23
