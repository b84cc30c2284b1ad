"""Which server judges: its address, the model's name and the key's whereabouts. No torch."""

from __future__ import annotations

import ipaddress
import os

import httpx2

from empathy.errors import UserError
from empathy.settings import LlmSettings


def checked_url(settings: LlmSettings) -> httpx2.URL:
    """The address before `/chat/completions`.

    Raises UserError for one that is no http address or carries more than an address: a password in
    it would stand in logs, and so would a key behind a question mark.
    """
    try:
        url = httpx2.URL(settings.url)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    if url.userinfo or url.query or url.fragment:
        raise UserError(
            "the judge's url carries a password, a query or a fragment; give the plain address, and"
            " name the environment variable with the key by key_variable"
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise UserError(
            f"the judge's url is {settings.url!r}; give an address such as http://localhost:8000/v1"
        )
    if url.port is not None and not 0 < url.port <= 65535:
        raise UserError(f"the judge's url has port {url.port}; a port is 1 to 65535")
    return url.copy_with(path="/v1") if url.path in ("", "/") else url


def authorization(settings: LlmSettings, url: httpx2.URL) -> dict[str, str]:
    """The header with the key, or none.

    Raises UserError where the variable is not set, or the key would cross a network in the clear.
    """
    if settings.key_variable is None:
        return {}
    key = os.environ.get(settings.key_variable, "").strip()
    if not key:
        raise UserError(
            f"the environment variable {settings.key_variable} is not set; put the judge's key "
            "there, or leave key_variable out for a server that needs none"
        )
    if not (key.isascii() and key.isprintable()):
        raise UserError(f"the key in {settings.key_variable} has characters that no header can")
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
