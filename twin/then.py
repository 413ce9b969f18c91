"""The devices and alarms of a past moment, from what was measured and written down by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from twin import effects
from twin.alarm_list import Line
from twin.alarms import COLUMNS, WORST_FIRST, Alarm
from twin.db import Connection
from twin.devices import WELFARE, Effect, Reported, Thing, condition
from twin.history import as_of
from twin.terms import Condition, Severity

__all__ = ["LOOK_BACK", "alarm_counts", "alarms", "things"]

LOOK_BACK = timedelta(days=7)  # what a device said before that says nothing of how it was; it is silent


def things(connection: Connection, place_id: int, at: datetime, revision: int) -> list[Thing]:
    """Give the devices in the open that were enrolled at a moment, each with its newest reading of then and its effects.

    Numbers and words of categories; free texts are left out.
    """
    values = {"place": place_id, "at": at, "from": at - LOOK_BACK, "revision": revision}
    readings: dict[int, list[Reported]] = {}
    for thing_id, *reading in connection.execute(sa.text(as_of(REPORTED, revision)), values):
        readings.setdefault(thing_id, []).append(Reported(*reading))
    found = _effects(connection, place_id, at, revision)
    answer = []
    for row in connection.execute(sa.text(as_of(THINGS, revision)), values).mappings():
        reported = tuple(readings.get(row["id"], ()))
        newest = max((reading.time for reading in reported if reading.time is not None), default=None)
        age_s = None if newest is None else (at - newest).total_seconds()
        fields = {name: value for name, value in row.items() if name != "enrolled_at"}
        state = condition(age_s, row["interval_s"])
        if newest is None and row["enrolled_at"] < at - LOOK_BACK:
            state = Condition.SILENT
        effects_of = tuple(found.get(row["id"], ()))
        answer.append(
            Thing(**fields, measured_at=newest, age_s=age_s, condition=state, readings=reported, effects=effects_of)
        )
    return answer


def _effects(connection: Connection, place_id: int, at: datetime, revision: int) -> Mapping[int, list[Effect]]:
    """Give what each device had to say about its elements."""
    rows = connection.execute(sa.text(as_of(BOUND, revision)), {"place": place_id})
    thing_of = {effect_id: (thing_id, source) for effect_id, thing_id, source in rows}
    found: dict[int, list[Effect]] = {}
    for one in effects.element_states(connection, place_id, at, revision):
        thing_id, source = thing_of[one.effect_id]
        groups = None if one.mobility_groups is None else list(one.mobility_groups)
        about = Effect(one.effect_id, one.element_kind, one.element_id, source, groups, one.state, one.since)
        found.setdefault(thing_id, []).append(about)
    return found


def alarms(connection: Connection, place_id: int, at: datetime, *, limit: int) -> list[Line]:
    """Give the alarms that stood at a moment, the most urgent of then first, each as severe and as far as it was then.

    What it counted and read is as it was last written; devices in dwellings have none here.
    """
    rows = connection.execute(sa.text(STOOD), {"place": place_id, "at": at, "limit": limit}).mappings()
    return [_as_it_was(dict(row), at) for row in rows]


def _as_it_was(row: dict[str, object], at: datetime) -> Line:
    alarm = Alarm(**{name: row[name] for name in COLUMNS})  # type: ignore[arg-type]  # the columns are its fields
    is_taken = alarm.acknowledged_at is not None and alarm.acknowledged_at <= at
    is_late = alarm.escalated_at is not None and alarm.escalated_at <= at
    then = replace(
        alarm,
        severity=Severity(str(row["severity_then"])),
        acknowledged_at=alarm.acknowledged_at if is_taken else None,
        acknowledged_by=alarm.acknowledged_by if is_taken else None,
        escalated_at=alarm.escalated_at if is_late else None,
        assigned_to=row["assigned_then"],  # type: ignore[arg-type]  # a text, or null
        cleared_at=None,
        closed_at=None,
        closed_by=None,
    )
    return Line(then, row["name"], row["name_zh"], row["lon"], row["lat"], 0)  # type: ignore[arg-type]  # as selected


def alarm_counts(connection: Connection, place_id: int, at: datetime) -> dict[str, int]:
    """Count the alarms that stood at a moment by severity, and those that nobody had taken on."""
    row = connection.execute(sa.text(COUNTED), {"place": place_id, "at": at}).mappings().one()
    return {name: int(n) for name, n in row.items()} | {"explained": 0, "to_close": 0}


IN_DWELLINGS = ", ".join(f"'{kind}'" for kind in sorted(WELFARE))
OPEN = f"t.place_id = :place AND t.point IS NOT NULL AND t.kind NOT IN ({IN_DWELLINGS}) AND t.enrolled_at <= :at"
THINGS = f"""
SELECT t.id, t.key, t.name, t.name_zh, t.kind, t.format, t.topic, ST_X(t.point) AS lon, ST_Y(t.point) AS lat,
       t.interval_s, t.simulated, g.code AS watched_grid, t.enrolled_at
  FROM {{thing}} AS t LEFT JOIN {{grid}} AS g ON g.id = t.watched_grid_id WHERE {OPEN} ORDER BY t.id
"""
# What was packed away is read where there is nothing newer that was not.
REPORTED = f"""
SELECT d.thing_id, d.id, d.property, d.unit, coalesce(l.time, p.time), coalesce(l.value, p.value), c.word
  FROM {{thing}} AS t JOIN {{datastream}} AS d ON d.thing_id = t.id
  LEFT JOIN LATERAL (SELECT o.time, o.value FROM observation AS o
      WHERE o.datastream_id = d.id AND o.time <= :at AND o.time > :from ORDER BY o.time DESC LIMIT 1) AS l ON true
  LEFT JOIN LATERAL (SELECT u.time, u.value FROM observation_packed AS k CROSS JOIN LATERAL unnest(k.times, k.numbers) AS u(time, value)
      WHERE l.time IS NULL AND k.datastream_id = d.id AND u.time <= :at AND u.time > :from
        AND k.day BETWEEN (CAST(:from AS timestamptz) AT TIME ZONE 'UTC')::date AND (CAST(:at AS timestamptz) AT TIME ZONE 'UTC')::date
      ORDER BY u.time DESC LIMIT 1) AS p ON true
  LEFT JOIN category AS c ON c.datastream_id = d.id AND c.code = coalesce(l.value, p.value)
 WHERE {OPEN} ORDER BY d.id
"""
BOUND = """
SELECT e.id, d.thing_id, coalesce(n.source_id, f.source_id, b.source_id)
  FROM {effect} AS e JOIN {datastream} AS d ON d.id = e.datastream_id JOIN {thing} AS t ON t.id = d.thing_id
  LEFT JOIN network_edge AS n ON e.element_kind = 'edge' AND n.id = e.element_id
  LEFT JOIN facility AS f ON e.element_kind = 'facility' AND f.id = e.element_id
  LEFT JOIN building AS b ON e.element_kind = 'building_lift' AND b.id = e.element_id
 WHERE t.place_id = :place
"""
EVENT = "SELECT {what} FROM alarm_event AS v WHERE v.alarm_id = a.id AND v.at <= :at AND v.what IN ({which}) ORDER BY v.id DESC LIMIT 1"
THEN = f"""
SELECT a.*, coalesce(({EVENT.format(what="v.note", which="'raised', 'worsened', 'eased'")}), a.severity) AS severity_then,
    ({EVENT.format(what="v.note", which="'assigned'")}) AS assigned_then,
    coalesce(({EVENT.format(what="v.what", which="'suppressed', 'released'")}), '') AS explained_then
FROM alarm AS a WHERE a.place_id = :place AND NOT a.is_dwelling AND a.raised_at <= :at AND (a.cleared_at IS NULL OR a.cleared_at > :at)
"""
STOOD = f"""
SELECT a.*, t.name, t.name_zh, ST_X(t.point) AS lon, ST_Y(t.point) AS lat
  FROM ({THEN}) AS a LEFT JOIN thing AS t ON t.id = a.thing_id WHERE a.explained_then <> 'suppressed'
 ORDER BY a.acknowledged_at <= :at NULLS FIRST, array_position({WORST_FIRST}, a.severity_then), a.id DESC LIMIT :limit
"""
COUNTED = f"""
SELECT {", ".join(f"count(*) FILTER (WHERE severity_then = '{each}') AS {each}" for each in Severity)},
    count(*) FILTER (WHERE acknowledged_at IS NULL OR acknowledged_at > :at) AS waiting
FROM ({THEN}) AS a WHERE explained_then <> 'suppressed'
"""
