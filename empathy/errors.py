"""The errors that a user sees as a sentence instead of a traceback."""


class UserError(Exception):
    """Something a user or a file caused: says what was given, what is allowed and what to do."""


class SweepStoppedError(UserError):
    """A sweep cannot go on here and now, and no trial is to blame for that: it can be resumed."""


class DiskError(SweepStoppedError):
    """A file cannot be written for want of room or rights."""
