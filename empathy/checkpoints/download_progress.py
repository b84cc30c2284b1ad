"""A download from the hub as one number between 0 and 1, for whoever shows how far things are."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

if TYPE_CHECKING:
    Bar = tqdm[Any]
else:  # which takes no arguments when it runs
    Bar = tqdm
Progress = Callable[[str, float], None]


def bar_for(hub_id: str, progress: Progress) -> type[Bar]:
    """The class of bar that the hub's library is to draw with: it draws nothing and tells.

    Bars that count files are ignored, those that count bytes are heard; the sum of bytes grows as
    the library learns of files, so that the share may fall.
    """

    class Told(Bar):
        """Bytes of all files together."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{**named, "file": io.StringIO(), "disable": False})

        def display(self, *_: Any, **__: Any) -> None:
            """Called by tqdm ten times a second at most, and at the end."""
            if self.unit == "B" and self.total:
                progress(f"downloading {hub_id}", min(1.0, self.n / self.total))

    return Told
