"""Notices to those who live somewhere: written by who looks after them, read on the page that needs no account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["LONGEST", "Notice", "Words", "coming", "get", "standing", "withdraw", "write"]

LONGEST = 500  # characters of a text
READ = """
SELECT n.id, n.grid_id, g.code AS grid_code, n.building_id, n.text, n.text_zh, n.begins_at, n.ends_at, n.written_by, n.withdrawn_at
  FROM notice AS n LEFT JOIN grid AS g ON g.id = n.grid_id
 WHERE n.place_id = :place
"""

# The grid that a building lies in, and the community and street around that.
AROUND = """
WITH RECURSIVE around AS (
    SELECT g.id, g.parent_id FROM grid AS g JOIN building AS b ON b.grid_id = g.id WHERE b.id = :building
    UNION ALL
    SELECT g.id, g.parent_id FROM grid AS g JOIN around AS a ON g.id = a.parent_id)
"""


@dataclass(frozen=True, slots=True)
class Words:
    """What a notice says, to whom, and from when until when; neither grid nor building: to the whole place."""

    text: str
    text_zh: str
    begins_at: datetime
    ends_at: datetime
    grid_id: int | None = None
    building_id: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice on record."""

    id: int
    grid_id: int | None
    grid_code: str | None
    building_id: int | None
    text: str
    text_zh: str
    begins_at: datetime
    ends_at: datetime
    written_by: str
    withdrawn_at: datetime | None


def write(connection: Connection, place_id: int, words: Words, by: str) -> Notice:
    """Put up a notice. Raises Refused for one of no or too many words, no time or two addressees, and NotFound for none."""
    if not (words.text.strip() or words.text_zh.strip()):
        raise Refused("a notice says something")
    if max(len(words.text), len(words.text_zh)) > LONGEST:
        raise Refused(f"a notice has at most {LONGEST} characters")
    if words.ends_at <= words.begins_at:
        raise Refused("a notice ends after it begins")
    if words.grid_id is not None and words.building_id is not None:
        raise Refused("a notice is for a grid or for a building")
    for table, key in (("grid", words.grid_id), ("building", words.building_id)):
        here = sa.text(f"SELECT count(*) FROM {table} WHERE id = :id AND place_id = :place")
        if key is not None and not connection.scalar(here, {"id": key, "place": place_id}):
            raise NotFound(f"there is no {table} {key}")
    found = connection.scalar(
        sa.text("""
        INSERT INTO notice (place_id, grid_id, building_id, text, text_zh, begins_at, ends_at, written_by)
        VALUES (:place, :grid, :building, :text, :text_zh, :begins, :ends, :by) RETURNING id
        """),
        {
            "place": place_id,
            "grid": words.grid_id,
            "building": words.building_id,
            "text": words.text.strip(),
            "text_zh": words.text_zh.strip(),
            "begins": words.begins_at,
            "ends": words.ends_at,
            "by": by,
        },
    )
    assert found is not None
    return get(connection, place_id, found)


def get(connection: Connection, place_id: int, notice_id: int) -> Notice:
    """Give a notice. Raises NotFound."""
    row = connection.execute(sa.text(f"{READ} AND n.id = :id"), {"place": place_id, "id": notice_id}).one_or_none()
    if row is None:
        raise NotFound(f"there is no notice {notice_id}")
    return Notice(*row)


def withdraw(connection: Connection, place_id: int, notice_id: int, by: str) -> Notice:
    """Take a notice down; it stays on record, and one that is down already stays as it was. Raises NotFound."""
    connection.execute(
        sa.text("""
        UPDATE notice SET withdrawn_by = :by, withdrawn_at = clock_timestamp() WHERE id = :id AND withdrawn_at IS NULL
        """),
        {"by": by, "id": notice_id},
    )
    found = get(connection, place_id, notice_id)
    if found.withdrawn_at is None:  # who may read it may not change it: it is of another grid
        raise NotFound(f"there is no notice {notice_id} of yours")
    return found


def coming(connection: Connection, place_id: int, now: datetime) -> list[Notice]:
    """List what is up now or will be, the soonest first."""
    query = f"{READ} AND n.ends_at > :now AND n.withdrawn_at IS NULL ORDER BY n.begins_at, n.id"
    return [Notice(*row) for row in connection.execute(sa.text(query), {"place": place_id, "now": now})]


def standing(connection: Connection, place_id: int, building_id: int, now: datetime) -> list[Notice]:
    """List what is said at a moment to who lives in a building, the nearest addressee first."""
    query = f"""{AROUND} {READ} AND n.withdrawn_at IS NULL AND n.begins_at <= :now AND n.ends_at > :now
        AND (n.building_id = :building OR n.grid_id IN (SELECT id FROM around)
             OR n.building_id IS NULL AND n.grid_id IS NULL)
      ORDER BY n.building_id NULLS LAST, n.grid_id NULLS LAST, n.begins_at, n.id"""
    values = {"place": place_id, "building": building_id, "now": now}
    return [Notice(*row) for row in connection.execute(sa.text(query), values)]
