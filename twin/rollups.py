"""Add observations up by hour and by local day, fast ones by minute too: exact under any number of writers and with late readings.

Late readings leave a mark on their hour in the transaction that stores them. The hours follow a watermark; the days
follow the hours, in the time zone of the place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import minutes

__all__ = ["HOUR_US", "WRITERS_LOCK", "final_before", "hold", "raise_floor", "roll_up"]

HOUR_US = 3_600_000_000
# Writers hold the first lock shared; the step of the watermark holds it alone, so that a writer either is seen by
# that step or sees the new watermark and leaves a mark. The second keeps two rollers apart.
WRITERS_LOCK = 0x6C6C_0001
ROLLER_LOCK = 0x6C6C_0002

COLUMNS = "n, total, lowest, highest, last_time, last_value"
SET = """
   SET n = excluded.n, total = excluded.total, lowest = excluded.lowest, highest = excluded.highest,
       last_time = excluded.last_time, last_value = excluded.last_value
"""
AGGREGATES = "count(*), sum(o.value), min(o.value), max(o.value), max(o.time), last(o.value, o.time)"
INTO_HOURS = f"INSERT INTO observation_hour (datastream_id, bucket, {COLUMNS})"
REPLACE = f"ON CONFLICT (datastream_id, bucket) DO UPDATE {SET}"
MARKED = sa.text(f"""
{INTO_HOURS}
SELECT m.datastream_id, m.bucket, {AGGREGATES}
  FROM unnest(CAST(:ids AS integer[]), CAST(:buckets AS timestamptz[])) AS m(datastream_id, bucket)
  JOIN observation o ON o.datastream_id = m.datastream_id AND o.time >= m.bucket AND o.time < m.bucket + interval '1 hour'
 WHERE o.time >= :start AND o.time < :end
 GROUP BY m.datastream_id, m.bucket {REPLACE}
""")
PASSED = sa.text(f"""
{INTO_HOURS}
SELECT o.datastream_id, time_bucket('1 hour', o.time) AS bucket, {AGGREGATES}
  FROM observation o WHERE o.time >= :start AND o.time < :end
 GROUP BY o.datastream_id, bucket {REPLACE}
""")
# Marks of what has left the observations are dropped with the others: those hours and days are final.
MARKS = sa.text("""
WITH gone AS (DELETE FROM observation_dirty RETURNING datastream_id, bucket)
SELECT DISTINCT datastream_id, bucket FROM gone LEFT JOIN observation_floor f USING (datastream_id)
 WHERE f.raw_from IS NULL OR bucket >= f.raw_from ORDER BY 1, 2
""")

Marks = list[tuple[int, datetime]]


def roll_up(connection: Connection, now: datetime) -> int:
    """Bring hours and days up to date: those with late readings again, and those that have ended; give how many hours.

    Exact under any number of writers. Nothing happens, and 0 comes back, where another process is at it. Writers wait
    only while ended hours are added up, once an hour. A day that has ended is added up by the call after the one that
    added up its last hour, since it needs no writer to wait.
    """
    if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": ROLLER_LOCK}):
        return 0
    rolled = _roll_marked(connection)
    until: datetime = connection.scalars(sa.text("SELECT rolled_until FROM observation_watermark")).one()
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if end > until:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})
        rolled += connection.execute(PASSED, {"start": until, "end": end}).rowcount
        minutes.add_passed(connection, until, end)
        connection.execute(sa.text("UPDATE observation_watermark SET rolled_until = :end"), {"end": end})
    return rolled


def _roll_marked(connection: Connection) -> int:
    """Add up the marked hours anew, their days, and the days whose hours are all there; give how many hours.

    A mark and its reading are committed together, so what is seen is whole.
    """
    marks: Marks = [(row[0], row[1]) for row in connection.execute(MARKS)]
    rolled = 0
    if marks:
        buckets = [bucket for _, bucket in marks]
        # The bounds are known to the planner: only the chunks that matter are opened.
        bounds = {"start": min(buckets), "end": max(buckets) + timedelta(hours=1)}
        rolled = connection.execute(MARKED, _arrays(marks) | bounds).rowcount
        minutes.add_marked(connection, marks)
        _roll_marked_days(connection, marks)
    _roll_ended_days(connection)
    return rolled


def _arrays(marks: Marks) -> dict[str, Any]:
    return {"ids": [datastream_id for datastream_id, _ in marks], "buckets": [bucket for _, bucket in marks]}


# The days of the marked hours that have been added up: an hour that midnight cuts is of two.
MARKED_DAYS = """
SELECT DISTINCT datastream_id, z.name, edge.day
  FROM unnest(CAST(:ids AS integer[]), CAST(:buckets AS timestamptz[])) AS m(datastream_id, bucket)
  JOIN zone z USING (datastream_id) LEFT JOIN observation_floor f USING (datastream_id)
 CROSS JOIN LATERAL (VALUES
       ((m.bucket AT TIME ZONE z.name)::date),
       (((m.bucket + interval '1 hour' - interval '1 microsecond') AT TIME ZONE z.name)::date)) AS edge(day)
 WHERE edge.day < (CAST(:until AS timestamptz) AT TIME ZONE z.name)::date
   AND (f.raw_from IS NULL OR edge.day::timestamp AT TIME ZONE z.name >= f.raw_from)
"""
ENDED_DAYS = """
SELECT datastream_id, name, day::date AS day
  FROM zone CROSS JOIN (SELECT min(bucket) FROM observation_hour
                         WHERE bucket >= CAST(:since AS timestamptz) - interval '2 days') AS h(first)
 CROSS JOIN LATERAL generate_series(
       (greatest(CAST(:since AS timestamptz), first) AT TIME ZONE name)::date::timestamp,
       ((CAST(:until AS timestamptz) AT TIME ZONE name)::date - 1)::timestamp, interval '1 day') AS day
"""
# A date is the local date of each instant, so that a day may have 23 or 25 hours and begin at any of them. An hour
# with one date at both ends is taken whole; one that midnight cuts (in zones such as +05:30) is read from the
# observations. OFFSET 0 has both looked up day by day: a scan of all would be planned where the tables were never
# analysed. `first` and `last` are of the hours in question, so that only the chunks that matter are opened.
DAYS = """
WITH zone AS (
    SELECT d.id AS datastream_id, p.timezone AS name
      FROM datastream d JOIN thing t ON t.id = d.thing_id JOIN place p ON p.id = t.place_id),
wanted AS ({wanted}),
span AS (
    SELECT *, day::timestamp AT TIME ZONE name AS begins, (day + 1)::timestamp AT TIME ZONE name AS ends FROM wanted),
cut AS MATERIALIZED (
    SELECT DISTINCT datastream_id, day, name, date_trunc('hour', edge, 'UTC') AS bucket
      FROM span CROSS JOIN LATERAL (VALUES (begins), (ends)) AS e(edge)
     WHERE (date_trunc('hour', edge, 'UTC') AT TIME ZONE name)::date
        <> ((date_trunc('hour', edge, 'UTC') + interval '1 hour' - interval '1 microsecond') AT TIME ZONE name)::date),
part AS (
    SELECT s.datastream_id, s.day, h.n, h.total, h.lowest, h.highest, h.last_time, h.last_value
      FROM span s CROSS JOIN LATERAL (
           SELECT * FROM observation_hour h WHERE h.datastream_id = s.datastream_id
              AND h.bucket >= s.begins - interval '2 hours' AND h.bucket < s.ends + interval '2 hours' OFFSET 0) h
     WHERE (h.bucket AT TIME ZONE s.name)::date = s.day
       AND ((h.bucket + interval '1 hour' - interval '1 microsecond') AT TIME ZONE s.name)::date = s.day
    UNION ALL
    SELECT c.datastream_id, c.day, 1, o.value, o.value, o.value, o.time, o.value
      FROM cut c CROSS JOIN LATERAL (
           SELECT o.time, o.value FROM observation o WHERE o.datastream_id = c.datastream_id
              AND o.time >= c.bucket AND o.time < c.bucket + interval '1 hour'
              AND o.time >= CAST(:first AS timestamptz) - interval '2 days'
              AND o.time < CAST(:last AS timestamptz) + interval '2 days' OFFSET 0) o
     WHERE (o.time AT TIME ZONE c.name)::date = c.day),
gone AS (
    DELETE FROM observation_day d USING wanted w WHERE d.datastream_id = w.datastream_id AND d.day = w.day
       AND NOT EXISTS (SELECT FROM part p WHERE p.datastream_id = w.datastream_id AND p.day = w.day))
INSERT INTO observation_day (datastream_id, day, n, total, lowest, highest, last_time, last_value)
SELECT datastream_id, day, sum(n), sum(total), min(lowest), max(highest), max(last_time), last(last_value, last_time)
  FROM part GROUP BY datastream_id, day
ON CONFLICT (datastream_id, day) DO UPDATE {set}
"""
DAY_PASSED = sa.text("""
SELECT EXISTS (SELECT FROM place
 WHERE (CAST(:since AS timestamptz) AT TIME ZONE timezone)::date < (CAST(:until AS timestamptz) AT TIME ZONE timezone)::date)
""")


def _roll_ended_days(connection: Connection) -> None:
    """Add up the days whose last hour is before the watermark now and was not before."""
    row = connection.execute(sa.text("SELECT days_until, rolled_until FROM observation_watermark")).one()
    bounds = {"since": row[0], "until": row[1], "first": row[0], "last": row[1]}
    if row[0] == row[1]:
        return
    if connection.scalar(DAY_PASSED, bounds):
        connection.execute(sa.text(DAYS.format(wanted=ENDED_DAYS, set=SET)), bounds)
    connection.execute(sa.text("UPDATE observation_watermark SET days_until = rolled_until"))


def _roll_marked_days(connection: Connection, marks: Marks) -> None:
    until = connection.scalars(sa.text("SELECT days_until FROM observation_watermark")).one()
    buckets = [bucket for _, bucket in marks]
    values = {"until": until, "first": min(buckets), "last": max(buckets)}
    connection.execute(sa.text(DAYS.format(wanted=MARKED_DAYS, set=SET)), _arrays(marks) | values)


LONGEST_DAY = timedelta(hours=26)


def hold(connection: Connection) -> None:
    """Keep other rollers out until the transaction ends, and bring marked hours and their days up to date."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROLLER_LOCK})
    _roll_marked(connection)


def final_before(connection: Connection) -> datetime:
    """Give a time before which all hours, and the days they are in, are added up."""
    until: datetime = connection.scalars(sa.text("SELECT days_until FROM observation_watermark")).one()
    return until - LONGEST_DAY


def raise_floor(connection: Connection, time: datetime, kinds: Sequence[str] | None = None) -> None:
    """Declare the hours before a time final, of all datastreams or of those of some kinds of thing.

    Their observations are about to leave: a mark on such an hour would make it, and its day, of what is left.
    """
    connection.execute(
        sa.text("""
        INSERT INTO observation_floor (datastream_id, raw_from)
        SELECT d.id, :time FROM datastream d JOIN thing t ON t.id = d.thing_id
         WHERE CAST(:kinds AS text[]) IS NULL OR t.kind = ANY(CAST(:kinds AS text[]))
        ON CONFLICT (datastream_id) DO UPDATE SET raw_from = greatest(excluded.raw_from, observation_floor.raw_from)
        """),
        {"time": time, "kinds": None if kinds is None else list(kinds)},
    )
