"""What alarms owe to time and not to a reading: silence, inactivity, holds and locks that end, waiting too long.

The watch calls `tick` every few seconds, `settle_inactivity` every minute. All of it is worked out from the tables alone, so that nothing is lost by a
restart, and saying it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from twin import alarm_readings, alarms, changes
from twin.alarm_rules import BOUND
from twin.alarms import WORST_FIRST, Wanted
from twin.db import Connection
from twin.devices import SILENT_INTERVALS
from twin.terms import AlarmKind

__all__ = ["count_losses", "settle_inactivity", "tick"]


def tick(connection: Connection, place_id: int, now: datetime) -> None:
    """Bring the alarms of a place up to date with the clock."""
    connection.execute(FOLD)
    _settle_holds(connection, place_id, now)
    for _ in range(2):  # a gateway's alarm must stand before its devices' can point to it
        if not _settle_silence(connection, place_id, now):
            break
    changes.announce(connection, "alarms", ids=sorted(connection.scalars(ESCALATE, {"place": place_id, "now": now})))


def count_losses(connection: Connection, place_id: int, now: datetime, *, if_needed: Sequence[str]) -> list[int]:
    """Raise and clear the alarms on services that many residents have lost; after the losses were written.

    One that stands is cleared when it is certain that fewer have lost the service, not when it has become unknown.
    `if_needed` names the groups whose losses count all residents as if they moved so.
    """
    rows = connection.execute(LOSSES, {"place": place_id, "if_needed": list(if_needed)}).all()
    wanted = [Wanted(AlarmKind.SERVICE_LOST, _subject(row), row.severity, _loss(row)) for row in rows if row.is_wanted]
    keep = [_subject(row) for row in rows if not row.is_wanted]
    return alarms.settle(connection, place_id, [AlarmKind.SERVICE_LOST], wanted, now, keep=keep)


def _subject(row: Any) -> str:
    return f"service:{row.service}:{row.mobility_group}"


def _loss(row: Any) -> dict[str, Any]:
    return {
        "rule": row.name,
        "service": row.service,
        "group": row.mobility_group,
        "people": {"all": row.people},
        "from": row.least,
    }


def _settle_holds(connection: Connection, place_id: int, now: datetime) -> None:
    """Raise what has been past its limit for as long as it takes, clear what was locked; drop what no rule asks after."""
    values = {"place": place_id, "now": now}
    pairs = [
        (row.datastream_id, row.rule_id) for one in (HELD, UNLOCKED, UNBOUND) for row in connection.execute(one, values)
    ]
    alarm_readings.settle(connection, pairs, now)
    changes.announce(connection, "alarms", ids=sorted(connection.scalars(ORPHANS, values)))


def _settle_silence(connection: Connection, place_id: int, now: datetime) -> bool:
    """Raise and clear the alarms of silent devices, explain those behind a gateway; tell whether anything changed."""
    rows = connection.execute(SILENCE, {"place": place_id, "now": now}).all()
    raised = [_silent(row) for row in rows if row.severity is not None and row.severity != row.was]
    cleared = [(AlarmKind.THING_SILENT.value, row.subject) for row in rows if row.severity is None]
    alarms.post(connection, place_id, raised=raised, cleared=cleared, at=now)
    explained = [row for row in rows if row.severity is not None]
    values = {"subjects": [row.subject for row in explained], "parents": [row.parent for row in explained]}
    moved = sorted(connection.scalars(EXPLAIN, {"place": place_id, **values})) if explained else []
    changes.announce(connection, "alarms", ids=moved)
    return bool(rows)


def _silent(row: Any) -> Wanted:
    detail = {"rule": row.rule, "last": row.last.isoformat(), "interval_s": row.interval_s, "intervals": row.intervals}
    return Wanted(AlarmKind.THING_SILENT, row.subject, row.severity, detail, row.thing_id)


def settle_inactivity(connection: Connection, place_id: int, now: datetime) -> None:
    """Raise and clear the alarms of homes in which nothing moves."""
    rows = connection.execute(INACTIVE, {"place": place_id, "now": now}).all()
    wanted = [
        Wanted(
            AlarmKind.INACTIVE,
            f"datastream:{row.datastream_id}",
            row.severity,
            {"rule": row.name, "property": row.property, "since": row.opens.isoformat()},
            row.thing_id,
        )
        for row in rows
        if row.is_wanted
    ]
    keep = [f"datastream:{row.datastream_id}" for row in rows if row.is_kept and not row.is_wanted]
    alarms.settle(connection, place_id, [AlarmKind.INACTIVE], wanted, now, keep=keep)


FOLD = sa.text("""
WITH gone AS (DELETE FROM alarm_rule_change WHERE (SELECT count(*) > 100 FROM alarm_rule_change) RETURNING n)
INSERT INTO alarm_rule_change SELECT sum(n) FROM gone HAVING count(*) > 0
""")
# Past a limit for the whole hold, and not only because nothing has come since.
HELD = sa.text(f"""
UPDATE alarm_watch w SET stands_since = w.past_since + r.hold_s * interval '1 second'
  FROM alarm_rule r, datastream d JOIN thing t ON t.id = d.thing_id
 WHERE r.id = w.rule_id AND d.id = w.datastream_id AND t.place_id = :place AND r.enabled AND w.stands_since IS NULL
   AND w.past_since + r.hold_s * interval '1 second'
       <= least(:now, w.reading_time + {SILENT_INTERVALS} * t.interval_s * interval '1 second')
RETURNING w.datastream_id, w.rule_id
""")
UNLOCKED = sa.text("""
DELETE FROM alarm_watch w USING alarm_rule r, datastream d JOIN thing t ON t.id = d.thing_id
 WHERE r.id = w.rule_id AND d.id = w.datastream_id AND t.place_id = :place AND w.past_since IS NULL
   AND w.stands_since + r.lock_s * interval '1 second' <= :now
RETURNING w.datastream_id, w.rule_id
""")
UNBOUND = sa.text(f"""
DELETE FROM alarm_watch w USING datastream d JOIN thing t ON t.id = d.thing_id
 WHERE d.id = w.datastream_id AND t.place_id = :place
   AND (w.datastream_id, w.rule_id) NOT IN (SELECT b.datastream_id, b.id FROM ({BOUND}) b WHERE b.enabled)
RETURNING w.datastream_id, w.rule_id
""")
# The datastream or the rule is gone, and what it remembered with it.
ORPHANS = sa.text("""
UPDATE alarm a SET cleared_at = :now
 WHERE a.place_id = :place AND a.cleared_at IS NULL AND a.kind IN ('value', 'rate', 'battery_low')
   AND NOT EXISTS (SELECT FROM alarm_watch w JOIN alarm_rule r ON r.id = w.rule_id
                    WHERE 'datastream:' || w.datastream_id = a.subject AND r.kind = a.kind AND w.stands_since IS NOT NULL)
RETURNING a.id
""")
# What differs between the devices that are silent and the alarms that stand. A device that was never seen is not
# silent. A gateway explains the silence of what is behind it while it fails, and for as long after as these may take.
SILENCE = sa.text(f"""
WITH last AS (
    SELECT d.thing_id, max(least(l.time, l.received_at)) AS last
      FROM thing t JOIN datastream d ON d.thing_id = t.id JOIN latest l ON l.datastream_id = d.id
     WHERE t.place_id = :place GROUP BY d.thing_id),
bound AS (
    SELECT DISTINCT ON (r.name, t.id) r.name, r.severity, r.intervals, r.enabled, t.id AS thing_id, t.interval_s
      FROM alarm_rule r JOIN thing t
        ON r.thing_id = t.id OR (r.thing_id IS NULL AND (r.thing_kind IS NULL OR r.thing_kind = t.kind))
     WHERE r.kind = 'thing_silent' AND t.place_id = :place ORDER BY r.name, t.id, r.thing_id NULLS LAST),
silent AS (
    SELECT DISTINCT ON (b.thing_id) 'thing:' || b.thing_id AS subject, b.thing_id, b.severity, b.name AS rule, b.intervals,
           b.interval_s, l.last
      FROM bound b JOIN last l USING (thing_id)
     WHERE b.enabled AND l.last + b.intervals * b.interval_s * interval '1 second' < :now
     ORDER BY b.thing_id, array_position({WORST_FIRST}, b.severity), b.name),
standing AS (
    SELECT subject, severity AS was, suppressed_by FROM alarm
     WHERE place_id = :place AND kind = 'thing_silent' AND cleared_at IS NULL)
SELECT coalesce(s.subject, a.subject) AS subject, s.thing_id, s.severity, s.rule, s.intervals, s.interval_s, s.last,
       a.was, p.parent
  FROM silent s FULL JOIN standing a USING (subject)
  LEFT JOIN LATERAL (
    SELECT g.id AS parent FROM thing_gateway w JOIN alarm g ON g.thing_id = w.gateway_id
     WHERE w.thing_id = s.thing_id AND g.kind IN ('thing_silent', 'value')
       AND (g.cleared_at IS NULL OR g.cleared_at + s.intervals * s.interval_s * interval '1 second' > :now)
     ORDER BY g.cleared_at DESC NULLS FIRST, g.id LIMIT 1) p ON true
 WHERE (s.severity, p.parent) IS DISTINCT FROM (a.was, a.suppressed_by)
""")
EXPLAIN = sa.text("""
UPDATE alarm a SET suppressed_by = n.parent
  FROM unnest(CAST(:subjects AS text[]), CAST(:parents AS bigint[])) AS n(subject, parent)
 WHERE a.place_id = :place AND a.kind = 'thing_silent' AND a.cleared_at IS NULL AND a.subject = n.subject
   AND a.suppressed_by IS DISTINCT FROM n.parent
RETURNING a.id
""")
# The window may not reach back behind the last return home, and the device must have been there before it and report:
# otherwise nothing can be said, no alarm is raised, and one that stands stays.
INACTIVE = sa.text(f"""
SELECT DISTINCT ON (datastream_id) datastream_id, thing_id, severity, name, property, opens, is_wanted, is_kept FROM (
    SELECT b.datastream_id, b.bound_thing_id AS thing_id, b.severity, b.name, b.property, opens,
           NOT is_away AND NOT moved AND is_its_hour AND is_covered AND coalesce(returned_at <= opens, true)
             AND least(l.time, l.received_at) + {SILENT_INTERVALS} * b.interval_s * interval '1 second' >= :now AS is_wanted,
           NOT is_away AND NOT moved AS is_kept
      FROM ({BOUND}) b JOIN latest l ON l.datastream_id = b.datastream_id
      CROSS JOIN LATERAL (SELECT CAST(:now AS timestamptz) AT TIME ZONE b.timezone AS local) clock
      CROSS JOIN LATERAL (
        SELECT coalesce(bool_or(:now < w.until_at), false) AS is_away, max(w.until_at) AS returned_at
          FROM away w WHERE w.thing_id = b.bound_thing_id AND w.from_at <= :now) home
      CROSS JOIN LATERAL (
        SELECT CASE WHEN b.within_s IS NULL THEN date_trunc('day', local) AT TIME ZONE b.timezone
                    ELSE :now - b.within_s * interval '1 second' END AS opens,
               CASE WHEN b.from_local IS NULL THEN true
                    WHEN b.from_local <= b.until_local THEN local::time >= b.from_local AND local::time < b.until_local
                    ELSE local::time >= b.from_local OR local::time < b.until_local END AS is_its_hour) span
      CROSS JOIN LATERAL (
        SELECT coalesce(max(o.value) - min(o.value) >= b.below, false) AS moved,
               coalesce(min(o.time) <= opens, false) AS is_covered
          FROM observation o WHERE o.datastream_id = b.datastream_id AND o.time BETWEEN coalesce((
                SELECT f.time FROM observation f WHERE f.datastream_id = b.datastream_id AND f.time <= opens
                   AND f.time >= opens - {SILENT_INTERVALS} * b.interval_s * interval '1 second'
                 ORDER BY f.time DESC LIMIT 1), opens) AND :now) seen
     WHERE b.kind = 'inactive' AND b.enabled AND b.place_id = :place) judged
 ORDER BY datastream_id, is_wanted DESC, is_kept, array_position({WORST_FIRST}, severity), name
""")
ESCALATE = sa.text("""
UPDATE alarm a SET escalated_at = :now
  FROM (SELECT kind, severity, min(escalate_after_s) * interval '1 second' AS patience FROM alarm_rule
         WHERE enabled AND escalate_after_s IS NOT NULL GROUP BY kind, severity) r
 WHERE a.place_id = :place AND (a.kind, a.severity) = (r.kind, r.severity) AND a.cleared_at IS NULL
   AND a.suppressed_by IS NULL AND a.acknowledged_at IS NULL AND a.escalated_at IS NULL
   AND a.waits_since + r.patience <= :now
RETURNING a.id
""")
# A rule for any group asks after people at their own pace, and not after all if they moved like some group.
LOSSES = sa.text(f"""
WITH lost AS (
    SELECT l.service, l.mobility_group, sum(n.certain)::integer AS certain, sum(n.possible)::integer AS possible
      FROM service_loss l CROSS JOIN LATERAL (
        SELECT CASE WHEN l.certain THEN (SELECT sum(value::integer) FROM jsonb_each_text(l.residents)) ELSE 0 END AS certain,
               (SELECT sum(value::integer) FROM jsonb_each_text(l.residents_possible)) AS possible) n
     WHERE l.place_id = :place AND l.until IS NULL GROUP BY l.service, l.mobility_group)
SELECT DISTINCT ON (lost.service, lost.mobility_group) r.name, r.severity, r.people AS least, lost.service,
       lost.mobility_group, lost.certain AS people, lost.certain >= r.people AS is_wanted
  FROM lost JOIN alarm_rule r ON r.kind = 'service_lost' AND r.enabled
   AND (r.service IS NULL OR r.service = lost.service)
   AND (r.mobility_group = lost.mobility_group
        OR (r.mobility_group IS NULL AND lost.mobility_group <> ALL(CAST(:if_needed AS text[]))))
   AND lost.possible >= r.people
 ORDER BY lost.service, lost.mobility_group, lost.certain >= r.people DESC, array_position({WORST_FIRST}, r.severity), r.name
""")
