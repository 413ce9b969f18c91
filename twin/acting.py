"""Say who changes the twin, and why: the history of every change, and the audit, read it from the transaction."""

from __future__ import annotations

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["IMPORT", "SYSTEM", "acting", "actor", "role"]

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


def actor(connection: Connection, said: str | None) -> str | None:
    """Give who acts: whose account it is, else who is said to act, else as who the door is open; None: nobody."""
    name = _setting(connection, "linli.actor")
    return name if _setting(connection, "linli.account_id") else said or name


def role(connection: Connection) -> str | None:
    """Give the role of who acts, as the sign-in has set it; None where nobody has signed in."""
    return _setting(connection, "linli.role")


def _setting(connection: Connection, name: str) -> str | None:
    found = connection.scalar(sa.text("SELECT nullif(current_setting(:name, true), '')"), {"name": name})
    return None if found is None else str(found)
