"""A server that speaks OpenAI's chat protocol, asked patiently and within a budget. No torch.

`httpx2` is the client that the Hugging Face hub's library already brings along. What is sent and
what comes back appears in no log and no error: a complaint names the server's status and nothing it
said, since servers like to quote the request.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, Self

import httpx2

from empathy.errors import UserError
from empathy.settings import LlmSettings
from empathy.verdicts.asking import Message
from empathy.verdicts.budget import Budget, most_tokens
from empathy.verdicts.endpoint import authorization, checked_url, is_here

LARGEST_ANSWER = 1_000_000  # bytes; a verdict is a few hundred
HOPELESS = {
    401: "check the key in the variable that key_variable names",
    403: "check what the key may do",
    404: "check url and model",
}
"""Statuses that every request would meet, and what to do."""
TRY_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
LONGEST_WAIT = 60.0  # seconds, also where the server asks for more


class Reply(NamedTuple):
    """What the model wrote; None where no answer was had. `refused`: the budget forbade to ask."""

    text: str | None
    tokens: int = 0
    refused: bool = False


class _Response(NamedTuple):
    status: int
    headers: httpx2.Headers
    body: bytes


class Chat:
    """Asks an endpoint from many threads; `counts` has requests, retries and failures by kind."""

    def __init__(
        self,
        settings: LlmSettings,
        budget: Budget,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        url = checked_url(settings)
        self.settings, self.budget, self._sleep = settings, budget, sleep
        self.counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._address = str(url).rstrip("/") + "/chat/completions"
        self._client = httpx2.Client(
            headers=authorization(settings, url),
            timeout=httpx2.Timeout(settings.timeout_seconds),
            limits=httpx2.Limits(max_connections=settings.concurrent),
            trust_env=not is_here(url.host),  # a proxy would look for this machine elsewhere
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer, after as many attempts as the endpoint allows.

        Raises UserError where every other request would fare the same: the server refuses the key,
        or knows no such model.
        """
        most = most_tokens(messages, self.settings.max_answer_tokens)
        for attempt in range(self.settings.attempts):
            if not self.budget.reserve(most):
                return Reply(None, refused=True)
            self._count("requests")
            response = self._sent(messages, most)
            if isinstance(response, _Response):
                if response.status == 200:
                    return self._read(response.body, most)
                self._complain(response.status)
                if response.status not in TRY_AGAIN:
                    return Reply(None)
            if attempt + 1 < self.settings.attempts:
                headers = response.headers if isinstance(response, _Response) else {}
                self._count("retries")
                self._sleep(wait(headers, attempt))
        return Reply(None)

    def _sent(self, messages: Sequence[Message], most: int) -> _Response | None:
        """The server's response, None without one; the budget gets back what was surely unused."""
        try:
            response = self._post(messages)
        except httpx2.RequestError as error:
            never_sent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            # What a server had already read may be on the bill, so it stays in the budget.
            self.budget.settle(most, 0 if never_sent else most)
            self._count("time-outs" if isinstance(error, httpx2.TimeoutException) else "no answer")
            return None
        if response.status != 200:  # an error has no tokens to bill
            self.budget.settle(most, 0)
        return response

    def _post(self, messages: Sequence[Message]) -> _Response:
        """One request. The clock runs over all of it: a server that sends a byte now and then is
        as silent as one that sends none."""
        rules = self.settings
        body: dict[str, Any] = {"model": rules.model, "messages": list(messages), "stream": False}
        body[rules.tokens_field] = rules.max_answer_tokens
        if rules.temperature is not None:
            body["temperature"] = rules.temperature
        end = time.monotonic() + rules.timeout_seconds
        parts: list[bytes] = []
        with self._client.stream("POST", self._address, json=body) as response:
            for part in response.iter_bytes():
                parts.append(part)
                if sum(map(len, parts)) > LARGEST_ANSWER:
                    raise httpx2.DecodingError("the answer is too long")
                if time.monotonic() > end:
                    raise httpx2.ReadTimeout("the answer takes too long")
            return _Response(response.status_code, response.headers, b"".join(parts))

    def _read(self, body: bytes, most: int) -> Reply:
        """The text of a completion; one that makes no sense is an empty answer."""
        text, used = completion(body)
        used = most if used is None else used
        self.budget.settle(most, used)
        if text is None:
            self._count("unreadable")
        return Reply(text or "", used)

    def _complain(self, status: int) -> None:
        self._count(f"status {status}")
        if status in HOPELESS:
            raise UserError(
                f"the judge's server answered a question to model {self.settings.model!r} with "
                f"status {status}; {HOPELESS[status]}"
            )

    def _count(self, what: str) -> None:
        with self._counting:
            self.counts[what] += 1


def wait(headers: Mapping[str, str], attempt: int) -> float:
    """Seconds until the next attempt: what Retry-After asks for (RFC 9110, 10.2.3), else doubling
    from about one second, with chance in it so that many threads do not come back at once."""
    asked = headers.get("retry-after", "").strip()
    if asked.isdigit():
        return min(LONGEST_WAIT, float(asked))
    try:
        seconds = (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        return min(LONGEST_WAIT, max(0.0, seconds))
    except (TypeError, ValueError):  # none, or a date without a zone
        return min(LONGEST_WAIT, 2.0**attempt * random.uniform(0.5, 1.5))


def completion(body: bytes) -> tuple[str | None, int | None]:
    """The first choice's text and the tokens used in all, each None where the JSON lacks it."""
    try:
        found = json.loads(body)
    except ValueError:
        return None, None
    text = _at(found, "choices", 0, "message", "content")
    used = _at(found, "usage", "total_tokens")
    if not isinstance(used, int) or isinstance(used, bool) or used < 0:
        used = None
    return (text if isinstance(text, str) else None), used


def _at(found: object, *path: str | int) -> object:
    for step in path:
        if isinstance(step, str) and isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(step, int) and isinstance(found, list) and len(found) > step:
            found = found[step]
        else:
            return None
    return found
