"""Mappings as rows: how plain JSON is read, by whom it was written, and what it was before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin import changes
from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["CHANGED", "LONGEST", "Entry", "add", "change", "entries", "get", "history", "in_use", "remove"]

CHANGED = "mappings"  # the kind of change that is announced
LONGEST = 32_768  # bytes of a text
MOST = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One mapping as one revision made it; `text` is TOML."""

    id: int
    name: str
    text: str
    enabled: bool
    revision: int
    at: datetime
    actor: str
    reason: str


NOW = """
SELECT m.id, m.name, m.text, m.enabled, m.revision, r.at, r.actor, r.reason
  FROM mapping m JOIN revision r ON r.id = m.revision
"""
EVER = """
SELECT m.id, m.name, m.text, m.enabled, m.revision, r.at, r.actor, r.reason
  FROM (SELECT id, name, text, enabled, revision FROM mapping
        UNION ALL SELECT id, name, text, enabled, revision FROM mapping_past) m
  JOIN revision r ON r.id = m.revision WHERE m.id = :id ORDER BY m.revision DESC
"""


def entries(connection: Connection) -> list[Entry]:
    """Give the mappings by name."""
    return [Entry(*row) for row in connection.execute(sa.text(f"{NOW} ORDER BY m.name"))]


def in_use(connection: Connection) -> list[tuple[str, str]]:
    """Give name and text of the mappings that ingest reads by, the oldest first."""
    rows = connection.execute(sa.text("SELECT name, text FROM mapping WHERE enabled ORDER BY id"))
    return [(row.name, row.text) for row in rows]


def get(connection: Connection, mapping_id: int) -> Entry:
    """Give one mapping. Raises NotFound."""
    row = connection.execute(sa.text(f"{NOW} WHERE m.id = :id"), {"id": mapping_id}).one_or_none()
    if row is None:
        raise NotFound(f"no mapping {mapping_id}")
    return Entry(*row)


def history(connection: Connection, mapping_id: int) -> list[Entry]:
    """Give what a mapping is and was, the newest first; also of one that was removed. Raises NotFound."""
    found = [Entry(*row) for row in connection.execute(sa.text(EVER), {"id": mapping_id})]
    if not found:
        raise NotFound(f"no mapping {mapping_id}")
    return found


def add(connection: Connection, name: str, text: str, *, enabled: bool) -> int:
    """Keep a new mapping, whose text has been checked, and give its number. Raises Refused where its name is taken."""
    if (connection.scalar(sa.text("SELECT count(*) FROM mapping")) or 0) >= MOST:
        raise Refused(f"there are {MOST} mappings, and no more are kept")
    made = connection.scalar(
        sa.text("""
        INSERT INTO mapping (name, text, enabled) VALUES (:name, :text, :enabled) ON CONFLICT (name) DO NOTHING RETURNING id
        """),
        {"name": name, "text": text, "enabled": enabled},
    )
    if made is None:
        raise Refused(f"there is a mapping {name} already")
    changes.announce(connection, CHANGED, channel=changes.INGEST)
    return int(made)


def change(connection: Connection, mapping_id: int, name: str, text: str, *, enabled: bool) -> None:
    """Let a mapping be so from now on. Raises NotFound, and Refused where another has the name."""
    values = {"id": mapping_id, "name": name, "text": text, "enabled": enabled}
    if connection.scalar(sa.text("SELECT EXISTS (SELECT FROM mapping WHERE name = :name AND id <> :id)"), values):
        raise Refused(f"there is a mapping {name} already")
    changed = connection.execute(
        sa.text("UPDATE mapping SET name = :name, text = :text, enabled = :enabled WHERE id = :id"), values
    )
    if not changed.rowcount:
        raise NotFound(f"no mapping {mapping_id}")
    changes.announce(connection, CHANGED, channel=changes.INGEST)


def remove(connection: Connection, mapping_id: int) -> None:
    """Let a mapping go; its history stays. Raises NotFound."""
    if not connection.execute(sa.text("DELETE FROM mapping WHERE id = :id"), {"id": mapping_id}).rowcount:
        raise NotFound(f"no mapping {mapping_id}")
    changes.announce(connection, CHANGED, channel=changes.INGEST)
