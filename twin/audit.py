"""The audit: who did what, sealed in a chain; added to and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from twin.db import Connection

__all__ = ["Broken", "Entry", "Head", "append", "broken", "entries", "head", "wait_at_most"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the audit."""

    id: int
    at: datetime
    actor: str
    role: str
    event: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry that is not as it was written."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: noted elsewhere, it tells later whether the end of the chain was cut off."""

    id: int
    seal: str  # in hexadecimal


def append(connection: Connection, event: str, **detail: object) -> None:
    """Add an entry of whoever the transaction is of; it holds others up until the transaction ends, so keep that short.

    No secrets in detail, and no payloads: whoever reads the audit reads them.
    """
    connection.execute(
        sa.text("SELECT audit_append(:event, :detail)").bindparams(sa.bindparam("detail", type_=JSONB)),
        {"event": event, "detail": detail},
    )


def wait_at_most(connection: Connection, seconds: float) -> None:
    """Let this transaction wait so long for others that write, then raise Lost."""
    query = sa.text("SELECT set_config('lock_timeout', :limit, true)")
    connection.execute(query, {"limit": f"{round(seconds * 1000)}ms"})


def entries(
    connection: Connection, *, before: int | None = None, limit: int = 100, actor: str | None = None, event: str = ""
) -> list[Entry]:
    """Read the newest entries, or those before one, the newest first; of one actor, and of events that begin so."""
    rows = connection.execute(
        sa.text("""
        SELECT id, at, actor, role, event, detail FROM audit_entry
        WHERE (CAST(:before AS bigint) IS NULL OR id < :before) AND (CAST(:actor AS text) IS NULL OR actor = :actor)
          AND starts_with(event, :event)
        ORDER BY id DESC LIMIT :limit
        """),
        {"before": before, "limit": limit, "actor": actor, "event": event},
    )
    return [Entry(*row) for row in rows]


def broken(connection: Connection) -> list[Broken]:
    """Check the whole chain, and give the entries that are not as they were written."""
    return [Broken(*row) for row in connection.execute(sa.text("SELECT id, why FROM audit_broken()"))]


def head(connection: Connection, number: int | None = None) -> Head | None:
    """Give the newest entry, or the one of a number; None where it is not there."""
    row = connection.execute(
        sa.text("""
        SELECT id, encode(seal, 'hex') FROM audit_entry
        WHERE CAST(:number AS bigint) IS NULL OR id = :number ORDER BY id DESC LIMIT 1
        """),
        {"number": number},
    ).one_or_none()
    return None if row is None else Head(*row)
