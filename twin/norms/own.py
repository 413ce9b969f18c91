"""A city's own norms, kept in the twin with their past."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

from twin.db import Connection
from twin.history import as_of
from twin.norms.rules import Rule, parse

__all__ = ["put", "stored"]


def put(
    connection: Connection, place_id: int, content: str, source: str
) -> tuple[int, Literal["new", "changed", "same"]]:
    """Take a file of norms into a place in the stead of the set of the same id; give its number of rules, and what it did.

    Raises Refused, naming the source, with what is wrong in it.
    """
    found = parse(content.encode(), source)
    row = {"place": place_id, "set": found[0].set_id, "version": found[0].version, "content": content}
    is_new = connection.execute(sa.text(PUT), row).scalar_one_or_none()
    return len(found), "same" if is_new is None else "new" if is_new else "changed"


def stored(connection: Connection, place_id: int, revision: int | None = None) -> tuple[Rule, ...]:
    """Give the rules that a place has of its own, or had after a revision; each knows its set and version."""
    rows = connection.execute(sa.text(as_of(STORED, revision)), {"place": place_id})
    return tuple(rule for row in rows for rule in parse(row.content.encode(), row.set_id))


PUT = """
INSERT INTO norm_set AS old (place_id, set_id, version, content) VALUES (:place, :set, :version, :content)
ON CONFLICT (place_id, set_id) DO UPDATE SET version = excluded.version, content = excluded.content
WHERE old.content <> excluded.content RETURNING old.xmax = 0
"""

STORED = "SELECT n.set_id, n.content FROM {norm_set} AS n WHERE n.place_id = :place ORDER BY n.set_id"
