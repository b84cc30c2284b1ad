"""The errors that a user sees as a sentence instead of a traceback."""

SHOWN = 60  # characters of a name in a message


class UserError(Exception):
    """Something a user or a file caused: says what was given, what is allowed and what to do."""


class SweepStoppedError(UserError):
    """A sweep cannot go on here and now, and no trial is to blame for that: it can be resumed."""


class DiskError(SweepStoppedError):
    """A file cannot be written for want of room or rights."""


def too_long(error: OSError) -> str:
    """What a user is told whose name for a file or folder no drive could bear (ENAMETOOLONG)."""
    name = str(error.filename)
    shown = name if len(name) <= SHOWN else f"{name[:SHOWN]}..."
    return f"{shown} is {len(name)} characters long, too long for a file's name: give a shorter one"
