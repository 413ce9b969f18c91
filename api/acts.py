"""In whose name a route changes something, and why: the history and the audit read it."""

from __future__ import annotations

from twin import acting
from twin.db import Connection
from twin.errors import Refused

__all__ = ["by"]


def by(connection: Connection, why: str) -> str:
    """Say in the transaction who acts, and give the name. Raises Refused where nobody is known."""
    name = acting.actor(connection, None)
    if name is None:
        raise Refused("nobody has signed in: it is not known who acts")
    acting.acting(connection, name, why)
    return name
