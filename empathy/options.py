"""Command-line options whose mistakes are told in one sentence, as all mistakes are."""

from __future__ import annotations

import os
import select
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import NoReturn


class OptionParser(ArgumentParser):
    """argparse without its usage lines before an error; sub-commands are parsed by it too."""

    def error(self, message: str) -> NoReturn:
        """Exits with code 2."""
        self.exit(2, f"{self.prog}: {message}; --help lists what is allowed\n")


def quiet_pipe(work: Callable[[], int]) -> int:
    """The exit code of `work`, or 141 as of SIGPIPE where nobody reads its output to the end."""
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads(sys.stdout.fileno()):
            raise  # it was another pipe, as of a server that went away
        # Python flushes once more when it exits, which would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return code


def _nobody_reads(descriptor: int) -> bool:
    """Whether this is the end of a pipe or socket whose other end is closed."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(state & (select.POLLERR | select.POLLHUP) for _, state in watch.poll(0))
