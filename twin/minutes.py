"""Minutes of fast datastreams: added up with the hours, and read back as if every datastream had them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

__all__ = ["FAST_S", "Minutes", "add_marked", "add_passed", "minutes"]

FAST_S = 10  # a thing that reports so often, or oftener, gains from minutes [s]
COLUMNS = "n, total, lowest, highest, last_time, last_value"
AGGREGATES = "count(*), sum(o.value), min(o.value), max(o.value), max(o.time), last(o.value, o.time)"
PASSED = sa.text(f"""
INSERT INTO observation_minute (datastream_id, bucket, {COLUMNS})
SELECT o.datastream_id, time_bucket('1 minute', o.time) AS bucket, {AGGREGATES}
  FROM observation o JOIN datastream d ON d.id = o.datastream_id JOIN thing t ON t.id = d.thing_id
 WHERE o.time >= :start AND o.time < :end AND t.interval_s <= {FAST_S}
 GROUP BY o.datastream_id, bucket
""")
# Only hours that have minutes: before a datastream's first minute they are added up when they are read.
MARKED = sa.text(f"""
WITH marked AS (
    SELECT m.datastream_id, m.bucket FROM unnest(CAST(:ids AS integer[]), CAST(:buckets AS timestamptz[])) AS m(datastream_id, bucket)
     CROSS JOIN LATERAL (
           SELECT bucket AS first FROM observation_minute f WHERE f.datastream_id = m.datastream_id ORDER BY bucket LIMIT 1) f
     WHERE m.bucket >= date_trunc('hour', f.first, 'UTC')),
added AS (
    SELECT m.datastream_id, time_bucket('1 minute', o.time) AS bucket, {AGGREGATES}
      FROM marked m JOIN observation o ON o.datastream_id = m.datastream_id AND o.time >= m.bucket AND o.time < m.bucket + interval '1 hour'
     WHERE o.time >= :start AND o.time < :end GROUP BY 1, 2),
gone AS (
    DELETE FROM observation_minute g USING marked m
     WHERE g.datastream_id = m.datastream_id AND g.bucket >= m.bucket AND g.bucket < m.bucket + interval '1 hour'
       AND NOT EXISTS (SELECT FROM added a WHERE a.datastream_id = g.datastream_id AND a.bucket = g.bucket))
INSERT INTO observation_minute (datastream_id, bucket, {COLUMNS})
SELECT * FROM added
ON CONFLICT (datastream_id, bucket) DO UPDATE
   SET n = excluded.n, total = excluded.total, lowest = excluded.lowest, highest = excluded.highest,
       last_time = excluded.last_time, last_value = excluded.last_value
""")
MINUTES = sa.text("""
SELECT (extract(epoch FROM bucket) * 1000000)::bigint, n, total / n, lowest, highest FROM observation_minute
 WHERE datastream_id = :id AND bucket >= :start AND bucket < :end
UNION ALL
SELECT (extract(epoch FROM time_bucket('1 minute', time)) * 1000000)::bigint, count(*), avg(value), min(value), max(value)
  FROM observation WHERE datastream_id = :id AND (time >= :start AND time < :first OR time >= :tail AND time < :end)
 GROUP BY 1 ORDER BY 1
""")


@dataclass(frozen=True, slots=True, eq=False)
class Minutes:
    """Minutes of one datastream that have readings, oldest first; `start_us` is the beginning of each."""

    start_us: NDArray[np.int64]
    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def add_passed(connection: Connection, start: datetime, end: datetime) -> None:
    """Add up the minutes of hours that have ended, of fast datastreams; while writers wait, as for their hours."""
    connection.execute(PASSED, {"start": start, "end": end})


def add_marked(connection: Connection, marks: Sequence[tuple[int, datetime]]) -> None:
    """Add up anew the minutes of marked hours: (datastream id, hour), one or more."""
    buckets = [bucket for _, bucket in marks]
    # The bounds are known to the planner: only the chunks that matter are opened.
    bounds = {"start": min(buckets), "end": max(buckets) + timedelta(hours=1)}
    connection.execute(MARKED, {"ids": [one for one, _ in marks], "buckets": buckets} | bounds)


def minutes(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> Minutes:
    """Read the minutes of a datastream in [start, end), both whole minutes; what has none yet is added up as it is now."""
    first, until = connection.execute(
        sa.text("""
        SELECT (SELECT min(bucket) FROM observation_minute WHERE datastream_id = :id), rolled_until FROM observation_watermark
        """),
        {"id": datastream_id},
    ).one()
    begins = end if first is None else max(start, min(first, end))
    tail = end if first is None else max(start, until.astimezone(UTC))
    values = {"id": datastream_id, "start": start, "end": end, "first": begins, "tail": tail}
    columns = list(zip(*connection.execute(MINUTES, values), strict=True)) or [()] * 5
    return Minutes(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns[2:]),
    )
