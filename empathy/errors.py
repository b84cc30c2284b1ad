"""The one error that a user sees as a sentence instead of a traceback."""


class UserError(Exception):
    """Something a user or a file caused: says what was given, what is allowed and what to do."""
