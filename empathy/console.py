"""Standard output is for results: libraries that talk there in between are asked not to."""

from __future__ import annotations

import logging


def quiet_libraries() -> None:
    """Silence one line of DeepSpeed, which transformers imports.

    On a machine without a GPU it says so on standard output, in the middle of a data card or of
    JSON; what trials run on is told by `empathy.device`.
    """
    logging.getLogger("DeepSpeed").addFilter(_not_the_accelerator)


def _not_the_accelerator(record: logging.LogRecord) -> bool:
    return "Setting accelerator to CPU" not in record.getMessage()
