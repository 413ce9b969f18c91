"""A message that cannot be read; the reasons are the twin's, for other ways in set readings aside by them too."""

from __future__ import annotations

from twin.reasons import Reason, printable

__all__ = ["Reason", "Unreadable", "printable"]


class Unreadable(ValueError):
    """A message that cannot be decoded; `code` is for machines, `reason` for the operator."""

    def __init__(self, code: Reason, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
