"""What asking a language model will cost, and a limit that is never passed. No torch.

`forecast` is for plans: it counts requests and estimates tokens, from characters, before any model
is asked. `Budget` is for the run: it lets a request go only if even its worst case fits.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from empathy.settings import LlmSettings
from empathy.verdicts.asking import Message, question

CHARACTERS_PER_TOKEN = 4.0
"""Of English, for forecasts; other languages need more tokens."""
FRAME = 16
"""Tokens that a chat template may put around a message; an upper bound for those we know."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """An estimate of requests, tokens sent and received, and cost (None without prices)."""

    requests: int
    tokens_in: int
    tokens_out: int
    cost: float | None

    def line(self) -> str:
        """One line for a plan."""
        sent = f"{self.requests:,} requests, about {self.tokens_in:,} tokens sent and at most "
        cost = "no prices given" if self.cost is None else f"about {self.cost:,.2f} at your prices"
        return f"{sent}{self.tokens_out:,} received: {cost}; what is cached is not asked again"


def forecast(judge: LlmSettings, comparisons: int, characters: float) -> Forecast:
    """The estimate for so many comparisons whose prompt and two replies have `characters` in all,
    on average. Answers that have to be asked for again are not in it."""
    if comparisons < 0 or characters < 0:
        raise ValueError(f"{comparisons} comparisons of {characters} characters cannot be")
    requests = comparisons * (2 if judge.both_orders else 1)
    frame = len(question("", "", "")[0]["content"])
    tokens_in = round(requests * ((frame + characters) / CHARACTERS_PER_TOKEN + FRAME))
    tokens_out = requests * judge.max_answer_tokens
    cost = None
    if judge.prices is not None:
        cost = (tokens_in * judge.prices.sent + tokens_out * judge.prices.received) / 1e6
    return Forecast(requests, tokens_in, tokens_out, cost)


def most_tokens(messages: Sequence[Message], max_answer_tokens: int) -> int:
    """More tokens than a request and its answer can have: byte-level tokenizers make at most one
    of each byte."""
    sent = sum(len(each["content"].encode()) + FRAME for each in messages)
    return sent + max_answer_tokens


class Budget:
    """Tokens that may still be spent; threads share it. `limit` None sets no limit.

    A request first reserves its worst case, which keeps the limit true whatever is under way, and
    then settles for what the server says it used.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._spent = 0

    @property
    def spent(self) -> int:
        """Tokens spent, with what is reserved for requests under way."""
        return self._spent

    def reserve(self, tokens: int) -> bool:
        """Whether so many tokens were left; if so they are taken."""
        with self._lock:
            if self._limit is not None and self._spent + tokens > self._limit:
                return False
            self._spent += tokens
            return True

    def settle(self, reserved: int, used: int) -> None:
        """Give back what was reserved and not used."""
        with self._lock:
            self._spent += used - reserved
