"""Which server judges: its address, the model's name and the key's whereabouts. No torch."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass

import httpx2

from empathy.errors import UserError

TOKEN_FIELDS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the judge is asked, and how patiently."""

    url: str
    """What stands before `/chat/completions`: `https://api.openai.com/v1`, or a local server's
    `http://localhost:8000/v1`; without any path `/v1` is meant."""
    model: str
    """The model's name, as the server knows it."""
    key_variable: str | None = None
    """The environment variable that holds the key; None sends none. The key itself is in no
    setting, file or message."""
    temperature: float | None = 0.0
    """None sends none, for models that allow no choice."""
    max_answer_tokens: int = 16
    """Enough for one word; a model that reasons before it answers needs hundreds more."""
    tokens_field: str = "max_tokens"
    """`max_completion_tokens` for servers that have renamed it."""
    timeout_seconds: float = 60.0
    """Of one request from first to last byte."""
    attempts: int = 5
    """Requests for one answer at most, when servers are busy, broken or silent."""
    concurrent: int = 8
    """Requests under way at the same time."""

    def __post_init__(self) -> None:
        """Raises UserError for a value that no request can have."""
        for name in ("max_answer_tokens", "timeout_seconds", "attempts", "concurrent"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} is {getattr(self, name)}; give a number above 0")
        if self.tokens_field not in TOKEN_FIELDS:
            known = ", ".join(TOKEN_FIELDS)
            raise UserError(f"unknown tokens_field {self.tokens_field!r}; known: {known}")


def checked_url(endpoint: Endpoint) -> httpx2.URL:
    """The address before `/chat/completions`.

    Raises UserError for one that is no http address or carries more than an address: a password in
    it would stand in logs, and so would a key behind a question mark.
    """
    try:
        url = httpx2.URL(endpoint.url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.userinfo or url.query or url.fragment:
        raise UserError(
            "the judge's url carries a password, a query or a fragment; give the plain address, and"
            " name the environment variable with the key by key_variable"
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(
            f"the judge's url is {endpoint.url!r}; give an address such as http://localhost:8000/v1"
        )
    return url.copy_with(path="/v1") if url.path in ("", "/") else url


def authorization(endpoint: Endpoint, url: httpx2.URL) -> dict[str, str]:
    """The header with the key, or none.

    Raises UserError where the variable is not set, or the key would cross a network in the clear.
    """
    if endpoint.key_variable is None:
        return {}
    key = os.environ.get(endpoint.key_variable, "").strip()
    if not key:
        raise UserError(
            f"the environment variable {endpoint.key_variable} is not set; put the judge's key "
            "there, or leave key_variable out for a server that needs none"
        )
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the key in {endpoint.key_variable} has characters that no header can")
    if url.scheme != "https" and not is_here(url.host):
        raise UserError(
            f"a key would be sent to {url.host} unencrypted; use its https address, or leave "
            "key_variable out"
        )
    return {"Authorization": f"Bearer {key}"}


def is_here(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
