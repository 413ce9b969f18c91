"""Alarms: raised once, folded while they last, acknowledged by a person, cleared when the reason is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from twin import changes
from twin.db import Connection
from twin.errors import NotFound, Stale

__all__ = ["Alarm", "Wanted", "Watcher", "acknowledge", "now", "settle", "watchers"]

WORST_FIRST = "ARRAY['critical', 'major', 'notice']"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alarm that should stand."""

    kind: str  # people_cut_off, element_closed, thing_silent, value, wrong_unit, account
    subject: str  # what it is about: effect:12, thing:4, service:pharmacy
    severity: str  # critical, major, notice
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it stands; acknowledged_at None: nobody has taken it on."""

    id: int
    kind: str
    subject: str
    severity: str
    detail: dict[str, Any]
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Watcher:
    """The thing behind an effect."""

    thing_id: int
    kind: str
    name: str
    name_zh: str | None


def settle(
    connection: Connection, place_id: int, kinds: Sequence[str], wanted: Sequence[Wanted], at: datetime
) -> list[int]:
    """Make the open alarms of these kinds exactly the wanted ones, announce and give the ids of those that changed.

    New ones are raised, standing ones whose severity or detail differs are brought up to date and counted up, all
    others of these kinds are cleared. One that has become more severe must be acknowledged again. Saying the same
    twice changes nothing.
    """
    rows = [
        {"kind": alarm.kind, "subject": alarm.subject, "severity": alarm.severity, "detail": alarm.detail}
        for alarm in wanted
    ]
    values = {"place": place_id, "kinds": list(kinds), "wanted": rows, "at": at}
    changed = sorted(connection.scalars(SETTLE, values))
    changes.announce(connection, "alarms", ids=changed)
    return changed


def now(connection: Connection, place_id: int) -> list[Alarm]:
    """Read the alarms of a place that stand, the most severe first, then the newest."""
    rows = connection.execute(
        sa.text(f"""
        SELECT id, kind, subject, severity, detail, raised_at, acknowledged_at, acknowledged_by, count FROM alarm
        WHERE place_id = :place AND cleared_at IS NULL
        ORDER BY array_position({WORST_FIRST}, severity), raised_at DESC, id DESC
        """),
        {"place": place_id},
    )
    return [Alarm(*row) for row in rows]


def acknowledge(connection: Connection, alarm_id: int, *, by: str, at: datetime) -> None:
    """Put on record who has taken an alarm on, and announce it.

    Raises NotFound where there is no such alarm, Stale where it is cleared or somebody has acknowledged it before.
    """
    taken = connection.scalar(
        sa.text("""
        UPDATE alarm SET acknowledged_at = :at, acknowledged_by = :by
        WHERE id = :id AND acknowledged_at IS NULL AND cleared_at IS NULL RETURNING id
        """),
        {"id": alarm_id, "at": at, "by": by},
    )
    if taken is None:
        if connection.scalar(sa.text("SELECT 1 FROM alarm WHERE id = :id"), {"id": alarm_id}) is None:
            raise NotFound(f"no alarm {alarm_id}")
        raise Stale(f"alarm {alarm_id} is acknowledged or cleared already")
    changes.announce(connection, "alarms", ids=[alarm_id])


def watchers(connection: Connection, place_id: int) -> dict[int, Watcher]:
    """Give the thing behind each effect of a place, by effect id."""
    rows = connection.execute(
        sa.text("""
        SELECT e.id, t.id AS thing_id, t.kind, t.name, t.name_zh
        FROM effect e JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
        WHERE t.place_id = :place ORDER BY e.id
        """),
        {"place": place_id},
    )
    return {effect_id: Watcher(*thing) for effect_id, *thing in rows}


SETTLE = sa.text(f"""
WITH wanted AS (
    SELECT * FROM jsonb_to_recordset(:wanted) AS w(kind text, subject text, severity text, detail jsonb)
), cleared AS (
    UPDATE alarm SET cleared_at = :at
    WHERE place_id = :place AND kind = ANY(CAST(:kinds AS text[])) AND cleared_at IS NULL
      AND (kind, subject) NOT IN (SELECT kind, subject FROM wanted)
    RETURNING id
), raised AS (
    INSERT INTO alarm AS old (place_id, kind, subject, severity, detail, raised_at)
    SELECT :place, kind, subject, severity, detail, :at FROM wanted
    ON CONFLICT (place_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET
        severity = excluded.severity,
        detail = excluded.detail,
        count = old.count + 1,
        (acknowledged_at, acknowledged_by) = (SELECT old.acknowledged_at, old.acknowledged_by
            WHERE array_position({WORST_FIRST}, excluded.severity) >= array_position({WORST_FIRST}, old.severity))
    WHERE (old.severity, old.detail) IS DISTINCT FROM (excluded.severity, excluded.detail)
    RETURNING id
)
SELECT id FROM cleared UNION ALL SELECT id FROM raised
""").bindparams(sa.bindparam("wanted", type_=JSONB))
