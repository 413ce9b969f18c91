"""Store readings once, keep the newest exact, and read back readings, hours and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import alarm_readings, effects, newest, subscribers
from twin.copying import EPOCH_US, HEADER, SAVED, TRAILER, copy_in, driver
from twin.errors import NotFound
from twin.newest import Known
from twin.rollups import HOUR_US, WRITERS_LOCK, roll_up

__all__ = ["Batch", "Days", "Hours", "Outcome", "Series", "days", "history", "hours", "record", "roll_up"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# One row of binary COPY: the number of fields, then each with its length before it, all big-endian.
ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("time", ">i8"), ("l2", ">i4"), ("id", ">i4"), ("l3", ">i4"), ("value", ">f8")]
)
STAGED_ROW = np.dtype([*ROW.descr, ("l4", ">i4"), ("position", ">i4")])
READ_ROW = np.dtype([("fields", ">i2"), ("l1", ">i4"), ("time", ">i8"), ("l2", ">i4"), ("value", ">f8")])


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
    """What became of a batch: `is_stored` says it for each reading; the others were there already.

    Of those, `is_conflict` are the ones with another value than the one that is kept; of the stored, `is_late` those
    that came after a newer one of their datastream.
    """

    is_stored: NDArray[np.bool_]
    is_conflict: NDArray[np.bool_]
    is_late: NDArray[np.bool_]
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

    A reading whose datastream and time are stored already changes nothing; where its value differs it is a conflict.
    Raises Stale where a datastream is no longer in the register.
    """
    is_stored, is_conflict = np.zeros((2, len(batch.time_us)), dtype=np.bool_)
    if not len(is_stored):
        return Outcome(is_stored, is_conflict, is_stored, ())
    sorted_by, is_first = _distinct(batch)
    order = sorted_by[is_first]
    rows = Batch(batch.datastream_id[order], batch.time_us[order], batch.value[order], batch.received_at)
    is_stored[order], kept = _store(connection, rows)
    is_conflict[sorted_by] = batch.value[sorted_by] != kept[np.cumsum(is_first) - 1]
    known = _keep_newest(connection, rows)
    _mark_late(connection, rows, known.rolled_until)
    changed = _judge(connection, rows, known)
    if known.subscribed is not None:
        new = is_stored[order]
        fresh = zip(rows.datastream_id[new].tolist(), rows.time_us[new].tolist(), strict=True)
        subscribers.tell(connection, known.subscribed, fresh)
    is_late = is_stored & (~_among(batch.datastream_id, known.newer) | _is_overtaken(batch, sorted_by))
    return Outcome(is_stored, is_conflict, is_late, tuple(changed))


def _judge(connection: Connection, rows: Batch, known: Known) -> list[int]:
    """Judge the readings of the datastreams that have a newer one; give the effects whose state changed."""
    bound = _among(rows.datastream_id, known.newer)
    if not bound.any():
        return []
    ids, values = rows.datastream_id[bound], rows.value[bound]
    moments = np.minimum(rows.time_us[bound], _us(rows.received_at))
    changed = effects.judge(connection, ids, moments, values) if known.has_effects else []
    alarm_readings.judge(connection, ids, moments, values, version=known.rules, is_watched=known.is_watched)
    return changed


def _among(ids: NDArray[np.int32], rising: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which ids are among others that rise."""
    if not len(rising):
        return np.zeros(len(ids), dtype=np.bool_)
    at = np.minimum(np.searchsorted(rising, ids), len(rising) - 1)
    return np.asarray(rising[at] == ids)


def _distinct(batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the positions of the readings by datastream and time, and which there are the first to arrive of each.

    One order for all workers: two that store the same rows wait for each other and cannot deadlock.
    """
    order = np.lexsort((batch.time_us, batch.datastream_id))  # stable: the first to arrive comes first
    ids, times = batch.datastream_id[order], batch.time_us[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    is_first[1:] = (ids[1:] != ids[:-1]) | (times[1:] != times[:-1])
    return order, is_first


def _is_overtaken(batch: Batch, sorted_by: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which readings came after one of the same datastream in this batch that was measured later."""
    is_overtaken = np.zeros(len(sorted_by), dtype=np.bool_)
    is_same = np.diff(batch.datastream_id[sorted_by]) == 0
    if not (is_same & (np.diff(sorted_by) < 0)).any():
        return is_overtaken  # each datastream's came in their order
    by_stream = np.argsort(batch.datastream_id, kind="stable")
    ids = batch.datastream_id[by_stream]
    group = np.cumsum(np.concatenate([[0], ids[1:] != ids[:-1]]))
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(batch.time_us, kind="stable")] = np.arange(len(ids))
    place = group * len(ids) + rank[by_stream]  # one rising scale for all datastreams
    is_overtaken[by_stream] = place < np.maximum.accumulate(place)
    return is_overtaken


def _store(connection: Connection, rows: Batch) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Copy the rows into the hypertable; where one is there already, do it again row by row in the database.

    Gives for each row whether it is stored, and the value that stands there now.
    New rows are the rule and a bare COPY is 2-3 times faster than any form of ON CONFLICT.
    """
    raw = driver(connection)
    with raw.pipeline():  # one round trip, with the beginning of the transaction
        raw.execute("SELECT pg_advisory_xact_lock_shared(%s)", [WRITERS_LOCK])
        raw.execute(f"SAVEPOINT {SAVED}")
    try:
        copy_in(connection, "observation (time, datastream_id, value)", _packed(rows, ROW))
    except psycopg.errors.UniqueViolation:
        raw.execute(f"ROLLBACK TO SAVEPOINT {SAVED}")
        return _stage(connection, rows)
    return np.ones(len(rows.time_us), dtype=np.bool_), rows.value


def _stage(connection: Connection, rows: Batch) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    connection.exec_driver_sql("""
        CREATE TEMPORARY TABLE IF NOT EXISTS staged_observation
            (time timestamptz, datastream_id integer, value double precision, position integer) ON COMMIT DELETE ROWS
    """)
    packed = _packed(rows, STAGED_ROW)
    copy_in(connection, "staged_observation (time, datastream_id, value, position)", packed)
    stored = connection.scalars(
        sa.text("""
        WITH stored AS (
            INSERT INTO observation (time, datastream_id, value)
            SELECT time, datastream_id, value FROM staged_observation ORDER BY position
            ON CONFLICT DO NOTHING RETURNING datastream_id, time)
        SELECT s.position FROM stored JOIN staged_observation s USING (datastream_id, time)
        """)
    ).all()
    is_stored, kept = np.zeros(len(rows.time_us), dtype=np.bool_), rows.value.copy()
    is_stored[list(stored)] = True
    # The bounds are known to the planner: only the chunks that matter are opened.
    others = connection.execute(
        sa.text("""
        SELECT s.position, o.value FROM staged_observation s JOIN observation o USING (datastream_id, time)
         WHERE o.value <> s.value AND o.time BETWEEN :first AND :last
        """),
        {"first": _moment(rows.time_us.min()), "last": _moment(rows.time_us.max())},
    )
    for position, value in others:
        kept[position] = value
    return is_stored, kept


def _packed(rows: Batch, layout: np.dtype[Any]) -> bytes:
    packed = np.empty(len(rows.time_us), dtype=layout)
    packed["fields"] = 4 if "position" in (layout.names or ()) else 3
    packed["l1"], packed["time"] = 8, rows.time_us - EPOCH_US
    packed["l2"], packed["id"] = 4, rows.datastream_id
    packed["l3"], packed["value"] = 8, rows.value
    if "position" in (layout.names or ()):
        packed["l4"], packed["position"] = 4, np.arange(len(packed))
    return HEADER + packed.tobytes() + TRAILER


def _keep_newest(connection: Connection, rows: Batch) -> Known:
    is_last = np.ones(len(rows.time_us), dtype=np.bool_)
    is_last[:-1] = rows.datastream_id[1:] != rows.datastream_id[:-1]
    last = (rows.datastream_id[is_last], rows.time_us[is_last], rows.value[is_last])
    return newest.keep(connection, *last, rows.received_at)


def _mark_late(connection: Connection, rows: Batch, rolled_until: datetime) -> None:
    """Mark the hours that are rolled up already and now have one reading more."""
    is_late = rows.time_us < _us(rolled_until)
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


def _array(values: NDArray[Any]) -> str:
    """Write an array as PostgreSQL's text: for thousands of numbers faster than binding a list."""
    return "{" + ",".join(map(repr, values.tolist())) + "}"


def _moment(time_us: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(time_us))


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Readings of one datastream by measured time, oldest first; microseconds since 1970 UTC."""

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Local days of one datastream that have readings, oldest first."""

    day: NDArray[np.datetime64]
    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Hours of one datastream that have readings, oldest first; `start_us` is the beginning of each."""

    start_us: NDArray[np.int64]
    n: NDArray[np.int64]
    mean: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]


# What was packed comes first: of two values for one instant the first is kept.
HISTORY = """
COPY (
    SELECT u.time, u.value FROM observation_packed p CROSS JOIN LATERAL unnest(p.times, p.numbers) AS u(time, value)
     WHERE p.datastream_id = %(id)s AND p.day BETWEEN %(first)s AND %(last)s AND u.time >= %(start)s AND u.time < %(end)s
    UNION ALL
    (SELECT time, value FROM observation WHERE datastream_id = %(id)s AND time >= %(start)s AND time < %(end)s ORDER BY time)
) TO STDOUT (FORMAT BINARY)
"""


def history(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> Series:
    """Read what a datastream measured in [start, end), also where it was packed away."""
    first, last = start.astimezone(UTC).date(), end.astimezone(UTC).date()
    values = {"id": datastream_id, "start": start, "end": end, "first": first, "last": last}
    with driver(connection).cursor() as cursor, cursor.copy(HISTORY, values) as copy:
        packed = b"".join(copy)
    rows = np.frombuffer(packed[len(HEADER) : -len(TRAILER)], dtype=READ_ROW)
    time_us, first_at = np.unique(rows["time"].astype(np.int64) + EPOCH_US, return_index=True)
    return Series(time_us, rows["value"][first_at].astype(np.float64))


HOURS = sa.text("""
SELECT (extract(epoch FROM bucket) * 1000000)::bigint, n, total / n, lowest, highest
  FROM observation_hour WHERE datastream_id = :id AND bucket >= :start AND bucket < least(:end, :until)
UNION ALL
SELECT (extract(epoch FROM time_bucket('1 hour', time)) * 1000000)::bigint, count(*), avg(value), min(value), max(value)
  FROM observation WHERE datastream_id = :id AND time >= :tail AND time < :end
 GROUP BY 1 ORDER BY 1
""")


def hours(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> Hours:
    """Read the hours of a datastream in [start, end), both whole hours; the hour that runs is added up as it is now."""
    until: datetime = connection.scalars(sa.text("SELECT rolled_until FROM observation_watermark")).one()
    # As values the bounds are known to the planner, and only the chunks of the tail are opened.
    values = {"id": datastream_id, "start": start, "end": end, "until": until, "tail": max(start, until)}
    rows = connection.execute(HOURS, values).all()
    columns = list(zip(*rows, strict=True)) or [()] * 5
    return Hours(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns[2:]),
    )


RUNNING = sa.text("""
SELECT name, running, running::timestamp AT TIME ZONE name - interval '2 hours' FROM (
    SELECT p.timezone AS name, greatest((w.days_until AT TIME ZONE p.timezone)::date, CAST(:start AS date)) AS running
      FROM observation_watermark w, datastream d JOIN thing t ON t.id = d.thing_id JOIN place p ON p.id = t.place_id
     WHERE d.id = :id) zone
""")
DAYS = sa.text("""
SELECT day, n, total / n, lowest, highest FROM observation_day
 WHERE datastream_id = :id AND day >= :start AND day < least(:end, :running)
UNION ALL
SELECT (time AT TIME ZONE :zone)::date, count(*), avg(value), min(value), max(value) FROM observation
 WHERE datastream_id = :id AND time >= :tail
   AND (time AT TIME ZONE :zone)::date >= :running AND (time AT TIME ZONE :zone)::date < :end
 GROUP BY 1 ORDER BY 1
""")


def days(connection: Connection, datastream_id: int, start: date, end: date) -> Days:
    """Read the days of a datastream in [start, end), in the time zone of its place; the day that runs is as it is now.

    Raises NotFound where there is no such datastream.
    """
    row = connection.execute(RUNNING, {"id": datastream_id, "start": start}).one_or_none()
    if row is None:
        raise NotFound(f"no datastream has the id {datastream_id}")
    values = {"id": datastream_id, "start": start, "end": end, "zone": row[0], "running": row[1], "tail": row[2]}
    rows = connection.execute(DAYS, values).all()
    columns = list(zip(*rows, strict=True)) or [()] * 5
    return Days(
        np.array(columns[0], dtype="datetime64[D]"),
        np.array(columns[1], dtype=np.int64),
        *(np.array(column, dtype=np.float64) for column in columns[2:]),
    )
