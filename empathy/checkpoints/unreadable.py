"""Weights that cannot be read, or that would run code when they are: refused in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError  # the name of an error: nothing is unpickled here

from empathy.errors import UserError


@contextmanager
def refused_if_unreadable(source: str) -> Iterator[None]:
    """Raises UserError, naming `source`, for a file of weights that is damaged or unsafe.

    torch's own message tells how to load an unsafe file after all; it goes no further than here.
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise UserError(
            f"{source}: its weights are damaged ({error}); copy or download them again"
        ) from error
    except UnpicklingError:
        raise UserError(
            f"{source}: its weights are no plain tensors but a pickle that would run code, or a "
            "damaged one; give weights in safetensors"
        ) from None
