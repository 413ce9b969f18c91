"""Alarms: raised once, folded while they last, taken on by a person, cleared when the reason is gone, then closed.

Who does what to one is written down by the database itself, in alarm_event.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from twin import changes
from twin.db import Connection
from twin.devices import WELFARE
from twin.errors import NotFound, Refused, Stale
from twin.terms import Severity

__all__ = [
    "COLUMNS",
    "WORST_FIRST",
    "Alarm",
    "Wanted",
    "Watcher",
    "acknowledge",
    "acknowledge_all",
    "assign",
    "close",
    "note",
    "now",
    "post",
    "settle",
    "watchers",
]

WORST_FIRST = f"ARRAY[{', '.join(repr(each.value) for each in Severity)}]"
DWELLINGS = f"ARRAY[{', '.join(repr(each.value) for each in sorted(WELFARE))}]"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alarm that should stand."""

    kind: str  # one of terms.AlarmKind
    subject: str  # what it is about, folded on: effect:12, thing:4, datastream:9, service:pharmacy
    severity: str  # one of terms.Severity
    detail: dict[str, Any]
    thing_id: int | None = None  # the device; None: it is about none, or about several


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
    thing_id: int | None
    assigned_to: str | None
    escalated_at: datetime | None  # since when it has waited too long
    suppressed_by: int | None  # the alarm that explains it
    cleared_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None
    urgency: int  # the order of the list, the greatest first
    is_dwelling: bool  # of a device in a home


COLUMNS = tuple(Alarm.__slots__)


@dataclass(frozen=True, slots=True)
class Watcher:
    """The thing behind an effect, and the element it speaks of."""

    thing_id: int
    kind: str
    name: str
    name_zh: str | None
    element_kind: str
    element_id: int

    @property
    def element(self) -> tuple[str, int]:
        """The element, by kind and id."""
        return self.element_kind, self.element_id


def settle(
    connection: Connection,
    place_id: int,
    kinds: Sequence[str],
    wanted: Sequence[Wanted],
    at: datetime,
    *,
    keep: Collection[str] = (),
) -> list[int]:
    """Make the open alarms of these kinds exactly the wanted ones, announce and give the ids of those that changed.

    New ones are raised, standing ones whose severity or detail differs are brought up to date and counted up, all
    others of these kinds are cleared, but for the subjects to keep: what nobody can say anything of stays as it is.
    One that has become more severe must be acknowledged again. Saying the same twice changes nothing.
    """
    values = {"kinds": list(kinds), "keep": list(keep)}
    return _change(connection, SETTLE, {"place": place_id, "wanted": _rows(wanted), "at": at, **values})


def post(
    connection: Connection,
    place_id: int,
    *,
    raised: Sequence[Wanted],
    cleared: Sequence[tuple[str, str]],
    at: datetime,
) -> list[int]:
    """Raise these and clear those, by kind and subject, as `settle` does; all others are left alone."""
    gone = [{"kind": kind, "subject": subject} for kind, subject in cleared]
    return _change(connection, POST, {"place": place_id, "wanted": _rows(raised), "at": at, "gone": gone})


def _rows(wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    return [asdict(alarm) for alarm in wanted]


def _change(connection: Connection, statement: sa.TextClause, values: dict[str, Any]) -> list[int]:
    changed = sorted(connection.scalars(statement, values))
    changes.announce(connection, "alarms", ids=changed)
    return changed


def now(connection: Connection, place_id: int, kinds: Sequence[str] | None = None) -> list[Alarm]:
    """Read the alarms of a place that stand, the most severe first, then the newest; `twin.alarm_list` reads by page."""
    rows = connection.execute(
        sa.text(f"""
        SELECT {", ".join(COLUMNS)} FROM alarm
        WHERE place_id = :place AND cleared_at IS NULL AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(:kinds))
        ORDER BY array_position({WORST_FIRST}, severity), raised_at DESC, id DESC
        """),
        {"place": place_id, "kinds": None if kinds is None else list(kinds)},
    )
    return [Alarm(*row) for row in rows]


def acknowledge(connection: Connection, alarm_id: int, *, by: str, at: datetime, dwellings: bool = False) -> None:
    """Put on record who has taken an alarm on, and announce it.

    Raises NotFound where there is no such alarm, or it is of a dwelling and those are not to be seen; Stale where it is
    cleared or somebody has acknowledged it before.
    """
    if not acknowledge_all(connection, [alarm_id], by=by, at=at, dwellings=dwellings):
        _require(connection, alarm_id, dwellings=dwellings)
        raise Stale(f"alarm {alarm_id} is acknowledged or cleared already")


def acknowledge_all(
    connection: Connection, alarm_ids: Sequence[int], *, by: str, at: datetime, dwellings: bool = False
) -> list[int]:
    """Take on those of these alarms that stand and that nobody has, announce and give them."""
    return _change(connection, ACKNOWLEDGE, {"ids": list(alarm_ids), "at": at, "by": by, "dwellings": dwellings})


def assign(connection: Connection, alarm_id: int, *, to: str | None, dwellings: bool = False) -> None:
    """Put on record who is to see to an alarm, None: nobody any more; Stale where it is closed, or that is so already."""
    _require(connection, alarm_id, dwellings=dwellings)
    statement = sa.text("""
    UPDATE alarm SET assigned_to = :to
     WHERE id = :id AND closed_at IS NULL AND assigned_to IS DISTINCT FROM CAST(:to AS text) RETURNING id
    """)
    if not _change(connection, statement, {"id": alarm_id, "to": to}):
        raise Stale(f"alarm {alarm_id} is closed, or assigned so already")


def note(connection: Connection, alarm_id: int, *, by: str, text: str, dwellings: bool = False) -> None:
    """Write a note on an alarm, whatever has become of it. Raises Refused for an empty one."""
    if not text.strip():
        raise Refused("a note says something")
    _require(connection, alarm_id, dwellings=dwellings)
    connection.execute(NOTE, {"id": alarm_id, "by": by, "text": text.strip()})
    changes.announce(connection, "alarms", ids=[alarm_id])


def close(connection: Connection, alarm_id: int, *, by: str, text: str, at: datetime, dwellings: bool = False) -> None:
    """Be done with an alarm that has cleared, with a note on what it was. Raises Stale where it stands or is closed."""
    note(connection, alarm_id, by=by, text=text, dwellings=dwellings)
    statement = sa.text("""
    UPDATE alarm SET closed_at = :at, closed_by = :by
     WHERE id = :id AND cleared_at IS NOT NULL AND closed_at IS NULL RETURNING id
    """)
    if not _change(connection, statement, {"id": alarm_id, "at": at, "by": by}):
        raise Stale(f"alarm {alarm_id} stands still, or is closed already")


def _require(connection: Connection, alarm_id: int, *, dwellings: bool) -> None:
    """Raise NotFound where there is no such alarm that may be seen."""
    statement = sa.text("""
    SELECT 1 FROM alarm WHERE id = :id AND (:dwellings OR NOT is_dwelling)
    """)
    if connection.scalar(statement, {"id": alarm_id, "dwellings": dwellings}) is None:
        raise NotFound(f"no alarm {alarm_id}")


def watchers(connection: Connection, place_id: int) -> dict[int, Watcher]:
    """Give the thing behind each effect of a place, by effect id."""
    rows = connection.execute(
        sa.text("""
        SELECT e.id, t.id AS thing_id, t.kind, t.name, t.name_zh, e.element_kind, e.element_id
        FROM effect e JOIN datastream d ON d.id = e.datastream_id JOIN thing t ON t.id = d.thing_id
        WHERE t.place_id = :place ORDER BY e.id
        """),
        {"place": place_id},
    )
    return {effect_id: Watcher(*thing) for effect_id, *thing in rows}


RAISED = f"""
wanted AS (
    SELECT * FROM jsonb_to_recordset(:wanted)
        AS w(kind text, subject text, severity text, detail jsonb, thing_id integer)
), raised AS (
    INSERT INTO alarm AS old (place_id, kind, subject, severity, detail, thing_id, is_dwelling, raised_at, waits_since)
    SELECT :place, w.kind, subject, severity, detail, thing_id, coalesce(t.kind = ANY({DWELLINGS}), false), :at, :at
      FROM wanted w LEFT JOIN thing t ON t.id = w.thing_id
    ON CONFLICT (place_id, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET
        severity = excluded.severity,
        detail = excluded.detail,
        thing_id = excluded.thing_id,
        count = old.count + 1,
        (acknowledged_at, acknowledged_by, escalated_at, waits_since) = (
            SELECT CASE WHEN NOT is_worse THEN old.acknowledged_at END, CASE WHEN NOT is_worse THEN old.acknowledged_by END,
                   CASE WHEN NOT is_worse THEN old.escalated_at END,
                   CASE WHEN is_worse THEN :at ELSE old.waits_since END
              FROM (SELECT array_position({WORST_FIRST}, excluded.severity) < array_position({WORST_FIRST}, old.severity)
                        AS is_worse) judged)
    WHERE (old.severity, old.detail) IS DISTINCT FROM (excluded.severity, excluded.detail)
    RETURNING id
)
"""
SETTLE = sa.text(f"""
WITH {RAISED}, cleared AS (
    UPDATE alarm SET cleared_at = :at
    WHERE place_id = :place AND kind = ANY(CAST(:kinds AS text[])) AND cleared_at IS NULL
      AND (kind, subject) NOT IN (SELECT kind, subject FROM wanted) AND subject <> ALL(CAST(:keep AS text[]))
    RETURNING id
)
SELECT id FROM cleared UNION ALL SELECT id FROM raised
""").bindparams(sa.bindparam("wanted", type_=JSONB))
POST = sa.text(f"""
WITH {RAISED}, cleared AS (
    UPDATE alarm a SET cleared_at = :at FROM jsonb_to_recordset(:gone) AS gone(kind text, subject text)
    WHERE a.place_id = :place AND (a.kind, a.subject) = (gone.kind, gone.subject) AND a.cleared_at IS NULL
    RETURNING a.id
)
SELECT id FROM cleared UNION ALL SELECT id FROM raised
""").bindparams(sa.bindparam("wanted", type_=JSONB), sa.bindparam("gone", type_=JSONB))
ACKNOWLEDGE = sa.text("""
UPDATE alarm SET acknowledged_at = :at, acknowledged_by = :by
 WHERE id = ANY(CAST(:ids AS bigint[])) AND acknowledged_at IS NULL AND cleared_at IS NULL
   AND (:dwellings OR NOT is_dwelling)
RETURNING id
""")
NOTE = sa.text("INSERT INTO alarm_event (alarm_id, what, by, note) VALUES (:id, 'noted', :by, :text)")
