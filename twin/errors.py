"""What can go wrong in the twin; `api/errors.py` maps each to its status code."""


class NotFound(LookupError):
    """What was asked for is not in the twin."""


class Refused(ValueError):
    """The input cannot be taken; the message says what is wrong with it, in one line."""


class Forbidden(Exception):
    """What is asked for is not this role's to see or change."""


class Stale(RuntimeError):
    """The thing was changed by someone else since it was read."""
