"""Ray's token opens the whole cluster, so nobody but its owner may read the file that holds it.

Ray 2.60 makes one when it first starts on a machine, readable for everybody who may enter the home
folder (ray/_private/authentication/authentication_token_setup.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def closed_token() -> Iterator[None]:
    """Around the start of Ray: what it makes, or finds, is closed to others."""
    folder = Path.home() / ".ray"
    with suppress(OSError):  # a home that cannot be written: then the token is in a variable
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield
    token = folder / "auth_token"
    with suppress(OSError):  # somebody else's file, or none
        token.chmod(0o600)
