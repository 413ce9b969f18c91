"""Say who changes the twin, and why: the history of every change, and the audit, read it from the transaction."""

from __future__ import annotations

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["IMPORT", "SYSTEM", "acting"]

IMPORT, SYSTEM = "import", "system"  # actors that are no account: a file loaded, and linli itself


def acting(connection: Connection, actor: str, reason: str) -> None:
    """Let what this transaction changes be by `actor`, an account's name, IMPORT or SYSTEM, for a reason in words.

    It holds to the end of the transaction, and may be said again in it for what comes after. Who says nothing is
    recorded as the database's user, for no reason. Raises ValueError for an actor without a name.
    """
    if not actor.strip():
        raise ValueError("a change needs an actor")
    connection.execute(
        sa.text("""
        SELECT set_config('linli.actor', :actor, true), set_config('linli.reason', :reason, true),
               set_config('linli.revision', '', true)
        """),
        {"actor": actor, "reason": reason},
    )
