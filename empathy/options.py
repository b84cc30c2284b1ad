"""Command-line options whose mistakes are told in one sentence, as all mistakes are."""

from __future__ import annotations

import errno
import os
import select
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import NoReturn

from empathy.errors import UserError

SHOWN = 60  # characters of a name in a message


class OptionParser(ArgumentParser):
    """argparse without its usage lines before an error; sub-commands are parsed by it too."""

    def error(self, message: str) -> NoReturn:
        """Exits with code 2."""
        self.exit(2, f"{self.prog}: {message}; --help lists what is allowed\n")


def quiet_pipe(work: Callable[[], int]) -> int:
    """The exit code of `work`, or 141 as of SIGPIPE where nobody reads its output to the end.

    Raises UserError where a user's name for a file is longer than any drive bears.
    """
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        if not _nobody_reads(sys.stdout.fileno()):
            raise  # it was another pipe, as of a server that went away
        # Python flushes once more when it exits, which would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UserError(_too_long(str(error.filename))) from error
    return code


def _too_long(name: str) -> str:
    shown = name if len(name) <= SHOWN else f"{name[:SHOWN]}..."
    return f"{shown} is {len(name)} characters long, too long for a file's name: give a shorter one"


def _nobody_reads(descriptor: int) -> bool:
    """Whether this is the end of a pipe or socket whose other end is closed."""
    watch = select.poll()
    watch.register(descriptor, 0)
    return any(state & (select.POLLERR | select.POLLHUP) for _, state in watch.poll(0))
