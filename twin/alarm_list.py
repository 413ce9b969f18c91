"""Alarms by page, however many there are: those that stand, that nobody has closed, or that are done with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from twin.alarms import COLUMNS, Alarm
from twin.db import Connection
from twin.errors import NotFound
from twin.terms import Severity

__all__ = ["Event", "Line", "Mark", "Standing", "counts", "events", "page", "rows"]


class Standing(StrEnum):
    """How far an alarm is in its life."""

    OPEN = "open"  # 未恢复
    CLEARED = "cleared"  # 已恢复待关闭
    CLOSED = "closed"  # 已关闭
    EXPLAINED = "explained"  # 由上级告警解释


class Mark(NamedTuple):
    """Where a page ended: the next one begins behind it, also when alarms come and go meanwhile."""

    urgency: int
    id: int


@dataclass(frozen=True, slots=True)
class Line:
    """An alarm with what the list shows beside it; without a device the names and place are None."""

    alarm: Alarm
    name: str | None
    name_zh: str | None
    lon: float | None
    lat: float | None
    explains: int  # how many alarms that stand it explains


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an alarm; by None: linli itself."""

    at: datetime
    what: str
    by: str | None
    note: str | None


WHERE = {
    Standing.OPEN: "cleared_at IS NULL AND suppressed_by IS NULL",
    Standing.CLEARED: "cleared_at IS NOT NULL AND closed_at IS NULL",
    Standing.CLOSED: "closed_at IS NOT NULL",
    Standing.EXPLAINED: "cleared_at IS NULL AND suppressed_by IS NOT NULL",
}
NAMED = """
SELECT {columns}, t.name, t.name_zh, ST_X(t.point) AS lon, ST_Y(t.point) AS lat,
       (SELECT count(*) FROM alarm s WHERE s.suppressed_by = a.id AND s.cleared_at IS NULL) AS explains
  FROM ({chosen}) a LEFT JOIN thing t ON t.id = a.thing_id
 ORDER BY a.urgency DESC, a.id DESC
"""


def page(
    connection: Connection,
    place_id: int,
    *,
    standing: Standing = Standing.OPEN,
    severity: Severity | None = None,
    after: Mark | None = None,
    limit: int,
    dwellings: bool = False,
) -> list[Line]:
    """Read up to `limit` alarms behind a mark: the unacknowledged first, then the most severe, then the newest.

    `dwellings`: also those of devices in homes.
    """
    chosen = f"""
    SELECT * FROM alarm WHERE place_id = :place AND {WHERE[standing]} AND (:dwellings OR NOT is_dwelling)
       AND (CAST(:severity AS text) IS NULL OR severity = :severity)
       {"AND (urgency, id) < (:urgency, :id)" if after else ""}
     ORDER BY urgency DESC, id DESC LIMIT :limit
    """
    values: dict[str, object] = {"place": place_id, "severity": severity, "limit": limit, "dwellings": dwellings}
    return _lines(connection, chosen, values | (after._asdict() if after else {}))


def rows(connection: Connection, alarm_ids: Sequence[int], *, dwellings: bool = False) -> list[Line]:
    """Read these alarms, whatever has become of them; those that are not there are left out."""
    chosen = "SELECT * FROM alarm WHERE id = ANY(CAST(:ids AS bigint[])) AND (:dwellings OR NOT is_dwelling)"
    return _lines(connection, chosen, {"ids": list(alarm_ids), "dwellings": dwellings})


def counts(connection: Connection, place_id: int, *, dwellings: bool = False) -> dict[str, int]:
    """Count the alarms that stand by severity, those that nobody has taken on, those explained, and those to close."""
    row = connection.execute(COUNTS, {"place": place_id, "dwellings": dwellings}).mappings().one()
    return {name: int(n) for name, n in row.items()}


def events(connection: Connection, alarm_id: int, *, dwellings: bool = False) -> list[Event]:
    """Read the life of an alarm, the first event first. Raises NotFound where there is no such alarm to be seen."""
    if not rows(connection, [alarm_id], dwellings=dwellings):
        raise NotFound(f"no alarm {alarm_id}")
    found = connection.execute(
        sa.text("SELECT at, what, by, note FROM alarm_event WHERE alarm_id = :id ORDER BY id"), {"id": alarm_id}
    )
    return [Event(*row) for row in found]


def _lines(connection: Connection, chosen: str, values: dict[str, object]) -> list[Line]:
    columns = ", ".join(f"a.{name}" for name in COLUMNS)
    found = connection.execute(sa.text(NAMED.format(columns=columns, chosen=chosen)), values)
    cut = len(COLUMNS)
    return [Line(Alarm(*row[:cut]), *row[cut:]) for row in found]


COUNTS = sa.text(f"""
SELECT {", ".join(f"count(*) FILTER (WHERE stands AND severity = '{each}') AS {each}" for each in Severity)},
       count(*) FILTER (WHERE stands AND acknowledged_at IS NULL) AS waiting,
       count(*) FILTER (WHERE cleared_at IS NULL AND suppressed_by IS NOT NULL) AS explained,
       count(*) FILTER (WHERE cleared_at IS NOT NULL) AS to_close
  FROM (SELECT *, cleared_at IS NULL AND suppressed_by IS NULL AS stands FROM alarm
         WHERE place_id = :place AND closed_at IS NULL AND (:dwellings OR NOT is_dwelling)) a
""")
