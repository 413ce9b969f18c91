"""Store readings once, keep the newest and the hours exact, and read them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import changes, effects
from twin.errors import Stale

__all__ = ["Batch", "Hours", "Outcome", "Series", "history", "hours", "record", "roll_up"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_POSTGRES_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL's binary times begin
HOUR_US = 3_600_000_000
# Writers hold the first lock shared; the step of the watermark holds it alone, so that a writer either is seen by
# that step or sees the new watermark and leaves a mark. The second keeps two rollers apart.
WRITERS_LOCK = 0x6C6C_0001
ROLLER_LOCK = 0x6C6C_0002
COPY = "COPY {table} FROM STDIN (FORMAT BINARY)"
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_TRAILER = b"\xff\xff"
# One row of binary COPY: the number of fields, then each with its length before it, all big-endian.
ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("time", ">i8"), ("l2", ">i4"), ("id", ">i4"), ("l3", ">i4"), ("value", ">f8")]
)
STAGED_ROW = np.dtype([*ROW.descr, ("l4", ">i4"), ("position", ">i4")])


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Readings of known datastreams, in the order of arrival: three arrays of one length.

    `time_us` is the measured time in microseconds since 1970 UTC; times and values have passed the checks of the
    pipeline (within the years 2000-2099, finite).
    """

    datastream_id: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    received_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of a batch: `is_stored` says it for each reading; the others were there already."""

    is_stored: NDArray[np.bool_]
    effects: tuple[int, ...]  # whose state changed

    @property
    def stored(self) -> int:
        """How many readings are new."""
        return int(np.count_nonzero(self.is_stored))

    @property
    def duplicate(self) -> int:
        """How many readings had a datastream and time that are stored already; the first value stays."""
        return len(self.is_stored) - self.stored


def record(connection: Connection, batch: Batch) -> Outcome:
    """Store a batch: observations, the newest reading of each datastream, effects, marks of late hours; announce it.

    A reading whose datastream and time are stored already changes nothing, also where its value differs. Raises Stale
    where a datastream is no longer in the register.
    """
    is_stored = np.zeros(len(batch.time_us), dtype=np.bool_)
    if not len(is_stored):
        return Outcome(is_stored, ())
    order = _distinct(batch)
    rows = Batch(batch.datastream_id[order], batch.time_us[order], batch.value[order], batch.received_at)
    connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": WRITERS_LOCK})
    is_stored[order] = _store(connection, rows)
    _mark_late(connection, rows)
    newer = _keep_newest(connection, rows)
    bound = np.isin(rows.datastream_id, newer)
    changed = effects.judge(connection, rows.datastream_id[bound], rows.time_us[bound], rows.value[bound])
    changes.announce(connection, "latest", ids=newer)
    return Outcome(is_stored, tuple(changed))


def _distinct(batch: Batch) -> NDArray[np.int64]:
    """Give the positions of the distinct readings by datastream and time, the first to arrive of each.

    One order for all workers: two that store the same rows wait for each other and cannot deadlock.
    """
    order = np.lexsort((batch.time_us, batch.datastream_id))  # stable: the first to arrive comes first
    ids, times = batch.datastream_id[order], batch.time_us[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = (ids[1:] != ids[:-1]) | (times[1:] != times[:-1])
    return order[is_first]


def _store(connection: Connection, rows: Batch) -> NDArray[np.bool_]:
    """Copy the rows into the hypertable; where one is there already, do it again row by row in the database.

    New rows are the rule and a bare COPY is 2-3 times faster than any form of ON CONFLICT.
    """
    try:
        with connection.begin_nested():
            _copy(connection, "observation (time, datastream_id, value)", _packed(rows, ROW))
    except psycopg.errors.UniqueViolation:
        return _stage(connection, rows)
    return np.ones(len(rows.time_us), dtype=np.bool_)


def _stage(connection: Connection, rows: Batch) -> NDArray[np.bool_]:
    connection.exec_driver_sql("""
        CREATE TEMPORARY TABLE IF NOT EXISTS staged_observation
            (time timestamptz, datastream_id integer, value double precision, position integer) ON COMMIT DELETE ROWS
    """)
    packed = _packed(rows, STAGED_ROW)
    _copy(connection, "staged_observation (time, datastream_id, value, position)", packed)
    stored = connection.scalars(
        sa.text("""
        WITH stored AS (
            INSERT INTO observation (time, datastream_id, value)
            SELECT time, datastream_id, value FROM staged_observation ORDER BY position
            ON CONFLICT DO NOTHING RETURNING datastream_id, time)
        SELECT s.position FROM stored JOIN staged_observation s USING (datastream_id, time)
        """)
    ).all()
    is_stored = np.zeros(len(rows.time_us), dtype=np.bool_)
    is_stored[list(stored)] = True
    return is_stored


def _packed(rows: Batch, layout: np.dtype[Any]) -> bytes:
    packed = np.empty(len(rows.time_us), dtype=layout)
    packed["fields"] = 4 if "position" in (layout.names or ()) else 3
    packed["l1"], packed["time"] = 8, rows.time_us - EPOCH_POSTGRES_US
    packed["l2"], packed["id"] = 4, rows.datastream_id
    packed["l3"], packed["value"] = 8, rows.value
    if "position" in (layout.names or ()):
        packed["l4"], packed["position"] = 4, np.arange(len(packed))
    return COPY_HEADER + packed.tobytes() + COPY_TRAILER


def _copy(connection: Connection, table: str, packed: bytes) -> None:
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    with driver.cursor() as cursor, cursor.copy(COPY.format(table=table)) as copy:
        copy.write(packed)


def _mark_late(connection: Connection, rows: Batch) -> None:
    """Mark the hours that are rolled up already and now have one reading more."""
    until: datetime | None = connection.scalar(sa.text("SELECT rolled_until FROM observation_watermark"))
    if until is None:
        raise Stale("the watermark of the roll-ups is gone")
    is_late = rows.time_us < _us(until)
    if not is_late.any():
        return
    late = np.stack([rows.datastream_id[is_late], rows.time_us[is_late] // HOUR_US], axis=1)
    marks = np.unique(late, axis=0)
    connection.execute(
        sa.text("""
        INSERT INTO observation_dirty (datastream_id, bucket)
        SELECT id, timestamptz 'epoch' + hour * interval '1 hour'
          FROM unnest(CAST(:ids AS integer[]), CAST(:hours AS bigint[])) AS m(id, hour)
        """),
        {"ids": _array(marks[:, 0]), "hours": _array(marks[:, 1])},
    )


NEWEST = sa.text("""
INSERT INTO latest (datastream_id, time, value, received_at)
SELECT id, timestamptz 'epoch' + us * interval '1 microsecond', value, :received_at
  FROM unnest(CAST(:ids AS integer[]), CAST(:times AS bigint[]), CAST(:values AS double precision[])) AS n(id, us, value)
ON CONFLICT (datastream_id) DO UPDATE
   SET time = excluded.time, value = excluded.value, received_at = excluded.received_at
 WHERE excluded.time > latest.time
RETURNING datastream_id
""")


def _keep_newest(connection: Connection, rows: Batch) -> list[int]:
    """Keep the newest reading by measured time and give the datastreams that have a newer one now."""
    is_last = np.ones(len(rows.time_us), dtype=np.bool_)
    is_last[:-1] = rows.datastream_id[1:] != rows.datastream_id[:-1]
    values = {
        "ids": _array(rows.datastream_id[is_last]),
        "times": _array(rows.time_us[is_last]),
        "values": _array(rows.value[is_last]),
        "received_at": rows.received_at,
    }
    try:
        return list(connection.scalars(NEWEST, values))
    except sa.exc.IntegrityError as error:
        if not isinstance(error.orig, psycopg.errors.ForeignKeyViolation):
            raise
        raise Stale(f"a datastream is no longer in the register: {error.orig}") from error


def _array(values: NDArray[Any]) -> str:
    """Write an array as PostgreSQL's text: for thousands of numbers faster than binding a list."""
    return "{" + ",".join(map(repr, values.tolist())) + "}"


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


AGGREGATES = """count(*), sum(o.value), min(o.value), max(o.value), max(o.time), last(o.value, o.time)"""
INTO_HOURS = "INSERT INTO observation_hour (datastream_id, bucket, n, total, lowest, highest, last_time, last_value)"
REPLACE = """
ON CONFLICT (datastream_id, bucket) DO UPDATE
   SET n = excluded.n, total = excluded.total, lowest = excluded.lowest, highest = excluded.highest,
       last_time = excluded.last_time, last_value = excluded.last_value
"""
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


def roll_up(connection: Connection, now: datetime) -> int:
    """Bring the hours up to date: those with late readings again, and those that have ended; give how many rows.

    Exact under any number of writers. Nothing happens, and 0 comes back, where another process is at it. Writers wait
    only while ended hours are added up, once an hour.
    """
    if not connection.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": ROLLER_LOCK}):
        return 0
    rolled = _roll_marked(connection)
    until: datetime = connection.scalars(sa.text("SELECT rolled_until FROM observation_watermark")).one()
    end = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if end > until:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})
        rolled += connection.execute(PASSED, {"start": until, "end": end}).rowcount
        connection.execute(sa.text("UPDATE observation_watermark SET rolled_until = :end"), {"end": end})
    return rolled


def _roll_marked(connection: Connection) -> int:
    """Add up the marked hours anew; a mark and its reading are committed together, so what is seen is whole."""
    gone = sa.text("DELETE FROM observation_dirty RETURNING datastream_id, bucket")
    marks = sorted({tuple(row) for row in connection.execute(gone)})
    if not marks:
        return 0
    buckets = [bucket for _, bucket in marks]
    values = {
        "ids": [datastream_id for datastream_id, _ in marks],
        "buckets": buckets,
        "start": min(buckets),  # known to the planner: only the chunks that matter are opened
        "end": max(buckets) + timedelta(hours=1),
    }
    return int(connection.execute(MARKED, values).rowcount)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Readings of one datastream by measured time, oldest first; microseconds since 1970 UTC."""

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Hours of one datastream that have readings, oldest first; `start_us` is the beginning of each."""

    start_us: NDArray[np.int64]
    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


def history(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> Series:
    """Read what a datastream measured in [start, end)."""
    rows = connection.execute(
        sa.text("""
        SELECT (extract(epoch FROM time) * 1000000)::bigint, value FROM observation
         WHERE datastream_id = :id AND time >= :start AND time < :end ORDER BY time
        """),
        {"id": datastream_id, "start": start, "end": end},
    ).all()
    return Series(
        np.array([row[0] for row in rows], dtype=np.int64), np.array([row[1] for row in rows], dtype=np.float64)
    )


HOURS = sa.text("""
SELECT (extract(epoch FROM bucket) * 1000000)::bigint, n, total / n, lowest, highest
  FROM observation_hour, observation_watermark
 WHERE datastream_id = :id AND bucket >= :start AND bucket < :end AND bucket < rolled_until
UNION ALL
SELECT (extract(epoch FROM time_bucket('1 hour', time)) * 1000000)::bigint, count(*), avg(value), min(value), max(value)
  FROM observation
 WHERE datastream_id = :id AND time >= greatest(:start, (SELECT rolled_until FROM observation_watermark)) AND time < :end
 GROUP BY 1 ORDER BY 1
""")


def hours(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> Hours:
    """Read the hours of a datastream in [start, end), both whole hours; the hour that runs is added up as it is now."""
    rows = connection.execute(HOURS, {"id": datastream_id, "start": start, "end": end}).all()
    columns = list(zip(*rows, strict=True)) or [()] * 5
    return Hours(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns[2:]),
    )
