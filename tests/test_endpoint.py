"""python -m pytest tests/test_endpoint.py"""

from __future__ import annotations

import pytest

from empathy.errors import UserError
from empathy.settings import LlmSettings
from empathy.verdicts.endpoint import authorization, checked_url, is_here

SECRET = "sk-very-secret"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("https://api.example.org/openai/v1", "https://api.example.org/openai/v1"),
    ],
)
def test_the_address_before_chat_completions(given: str, meant: str) -> None:
    assert str(checked_url(LlmSettings(url=given, model="m"))) == meant


@pytest.mark.parametrize(
    "given", ["host", "localhost:8000", "ftp://host/v1", "http://", "http://h:port"]
)
def test_no_address(given: str) -> None:
    with pytest.raises(UserError, match="give an address such as"):
        checked_url(LlmSettings(url=given, model="m"))


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_that_no_server_can_have_is_refused(port: int) -> None:
    with pytest.raises(UserError, match=f"has port {port}; a port is 1 to 65535"):
        checked_url(LlmSettings(url=f"http://localhost:{port}/v1", model="m"))
    assert checked_url(LlmSettings(url="http://localhost:65535/v1", model="m")).port == 65535


@pytest.mark.parametrize("given", ["https://u:{}@h/v1", "https://h/v1?key={}", "https://h/v1#{}"])
def test_an_address_with_a_secret_is_refused_without_telling_it(given: str) -> None:
    with pytest.raises(UserError, match="a password, a query or a fragment") as error:
        checked_url(LlmSettings(url=given.format(SECRET), model="m"))
    assert SECRET not in str(error.value)


def header(url: str, variable: str | None = "JUDGE_KEY") -> dict[str, str]:
    settings = LlmSettings(url=url, model="m", key_variable=variable)
    return authorization(settings, checked_url(settings))


def test_the_key_goes_into_one_header_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", SECRET)
    for url in ("https://api.example.org/v1", "http://127.0.0.1:1/v1", "http://localhost/v1"):
        assert header(url) == {"Authorization": f"Bearer {SECRET}"}
    assert header("https://api.example.org/v1", None) == {}
    named = LlmSettings(url="http://localhost", model="m", key_variable="JUDGE_KEY")
    assert SECRET not in repr(named)


def test_a_key_never_crosses_a_network_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", SECRET)
    with pytest.raises(UserError, match=r"sent to judge\.example\.org unencrypted") as error:
        header("http://judge.example.org/v1")
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(("key", "message"), [("", "is not set"), ("a\nb", "characters that no")])
def test_a_key_that_is_none(key: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", key)
    with pytest.raises(UserError, match=message):
        header("https://api.example.org/v1")


def test_this_machine() -> None:
    assert [is_here(host) for host in ("localhost", "127.8.0.1", "::1")] == [True] * 3
    assert [is_here(host) for host in ("10.0.0.1", "example.org")] == [False] * 2
