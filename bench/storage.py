"""Store millions of readings and time the reads of the screen, in milliseconds (median of several, warm).

    python -m bench.storage [ROWS] [DATASTREAMS]

The readings are spread evenly over 30 days, so that 20 million of 200 datastreams are one every 26 s.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa

from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from twin import db
from twin.charts import chart
from twin.db import Connection, Engine
from twin.minutes import FAST_S, minutes
from twin.observations import Batch, days, history, hours, record, roll_up
from twin.packing import pack_oldest

DAYS = 30
NOW = datetime(2026, 6, 1, 0, 30, tzinfo=UTC)
START = NOW - timedelta(days=DAYS)
BATCH = 100_000
REPEATS = 9
POINTS = 1_000

FAST = f"SELECT d.id FROM datastream d JOIN thing t ON t.id = d.thing_id WHERE t.interval_s = {FAST_S} ORDER BY d.id LIMIT 1"
LATEST = "SELECT datastream_id, time, value FROM latest"
RAW_HOURS = """
SELECT time_bucket('1 hour', time), avg(value), min(value), max(value) FROM observation
 WHERE datastream_id = %(id)s AND time >= %(start)s AND time < %(now)s GROUP BY 1
"""
ALL_RAW = """
SELECT datastream_id, time_bucket('1 hour', time), avg(value) FROM observation
 WHERE time >= %(start)s AND time < %(now)s GROUP BY 1, 2
"""
ALL_HOURS = (
    "SELECT datastream_id, bucket, total / n FROM observation_hour WHERE bucket >= %(start)s AND bucket < %(now)s"
)
RAW_MINUTES = """
SELECT time_bucket('1 minute', time), avg(value), min(value), max(value) FROM observation
 WHERE datastream_id = %(id)s AND time >= %(day)s AND time < %(now)s GROUP BY 1
"""
GRIDS = """
INSERT INTO grid (place_id, level, code, name, name_zh, households, generated, geom)
SELECT p.id, 'grid', x || '-' || y, 'grid', '', 0, true,
       ST_Multi(ST_MakeEnvelope(7 + x / 10.0, 43 + y / 10.0, 7.1 + x / 10.0, 43.1 + y / 10.0, 4326))
  FROM place p, generate_series(0, 9) x, generate_series(0, 9) y
"""
SPREAD = """
UPDATE thing SET point = ST_SetSRID(ST_MakePoint(7 + (id * 37 % 100) / 100.0 + 0.005, 43 + (id * 61 % 100) / 100.0 + 0.005), 4326)
"""
IN_POLYGON = """
SELECT g.id AS grid_id, d.id FROM grid g JOIN thing t ON ST_Covers(g.geom, t.point) JOIN datastream d ON d.thing_id = t.id
 WHERE ST_Intersects(g.geom, ST_Buffer(ST_SetSRID(ST_MakePoint(7.5, 43.5), 4326), 0.2))
"""
POLYGON_RAW = f"""
WITH inside AS ({IN_POLYGON})
SELECT i.grid_id, count(*), avg(o.value) FROM inside i JOIN observation o ON o.datastream_id = i.id
 WHERE o.time >= %(hour)s AND o.time < %(now)s GROUP BY 1
"""
POLYGON_LATEST = f"""
WITH inside AS ({IN_POLYGON})
SELECT i.grid_id, count(*), avg(l.value) FROM inside i JOIN latest l ON l.datastream_id = i.id
 WHERE l.time >= %(hour)s GROUP BY 1
"""
ALL_DAYS = "SELECT datastream_id, day, total / n FROM observation_day"


def main() -> None:
    """Fill a database of its own, read it, pack half of it, read that."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000_000
    streams = int(sys.argv[2]) if len(sys.argv) > 2 else 200  # noqa: PLR2004
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine:
                fill(engine, rows, streams)
                read(engine)
                pack(engine)
        finally:
            running.down(settings)


def fill(engine: Engine, rows: int, streams: int) -> None:
    """Store the readings in the order of time, then add them up."""
    with engine.begin() as connection:
        sensors.devices(connection, streams)
        ids = np.array(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id")).all(), np.int32)
        each = rows // streams
        connection.execute(sa.text("UPDATE thing SET interval_s = :s"), {"s": max(1, DAYS * 86_400 // each)})
        connection.execute(sa.text("UPDATE thing SET interval_s = :s WHERE id % 10 = 7"), {"s": FAST_S})
        connection.execute(sa.text(GRIDS))
        connection.execute(sa.text(SPREAD))
    rng = np.random.default_rng(1)
    start_us, step_us = round(START.timestamp()) * 1_000_000, DAYS * 86_400_000_000 // each
    rounds = max(1, BATCH // streams)
    started_s = time.perf_counter()
    for first in range(0, each, rounds):
        ticks = np.arange(first, min(first + rounds, each), dtype=np.int64)
        times = np.repeat(start_us + ticks * step_us, streams) + rng.integers(0, step_us, len(ticks) * streams)
        made = Batch(np.tile(ids, len(ticks)), times, 20 + rng.normal(size=len(times)).cumsum() / 1000, NOW)
        with engine.begin() as connection:
            record(connection, made)
    lasted_s = time.perf_counter() - started_s
    print(f"stored {each * streams:,} rows of {streams} datastreams: {each * streams / lasted_s:,.0f} rows/s")
    for what in ("hours", "days"):
        started_s = time.perf_counter()
        with engine.begin() as connection:
            roll_up(connection, NOW)
        print(f"added up all {what}: {time.perf_counter() - started_s:.1f} s")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def read(engine: Engine) -> None:
    """Time each read."""
    with engine.connect() as connection:
        size = connection.scalar(sa.text("SELECT pg_size_pretty(hypertable_size('observation'))"))
        print(f"raw: {size}")
        one = int(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id OFFSET 7 LIMIT 1")).one())
        fast = int(connection.scalars(sa.text(FAST)).one())
        first, day = START.replace(minute=0), NOW - timedelta(days=1)
        values = {"id": one, "start": START, "now": NOW, "day": day, "hour": NOW - timedelta(hours=1)}
        reads: dict[str, Callable[[], Any]] = {
            "latest of all: latest table": lambda: query(connection, LATEST),
            "one stream, 24 h, every reading": lambda: history(connection, one, day, NOW),
            "one stream, 24 h by minute: raw": lambda: query(connection, RAW_MINUTES, **values),
            "one stream, 24 h by minute: roll-up + raw tail": lambda: minutes(connection, fast, day, NOW),
            "all streams in a polygon by grid, last hour: raw": lambda: query(connection, POLYGON_RAW, **values),
            "all streams in a polygon by grid: latest table": lambda: query(connection, POLYGON_LATEST, **values),
            "one stream, 30 days, every reading": lambda: history(connection, one, START, NOW),
            "one stream, 30 days by hour: raw": lambda: query(connection, RAW_HOURS, **values),
            "one stream, 30 days by hour: roll-up + raw tail": lambda: hours(connection, one, first, NOW),
            "one stream, 30 days by day: roll-up + raw tail": lambda: days(connection, one, first.date(), NOW.date()),
            "one stream, 30 days, chart of 1,000 points": lambda: chart(connection, one, START, NOW, POINTS),
            "all streams, 30 days by hour: roll-up": lambda: query(connection, ALL_HOURS, start=first, now=NOW),
            "all streams, 30 days by day: roll-up": lambda: query(connection, ALL_DAYS),
        }
        for name, run in reads.items():
            print(f"{name:<52} {median_ms(run):9.2f} ms")
        slow = median_ms(lambda: query(connection, ALL_RAW, start=START, now=NOW), 1)
        print(f"{'all streams, 30 days by hour: raw':<52} {slow:9.0f} ms")


def pack(engine: Engine) -> None:
    """Pack the oldest days, and time reading one stream's day from either tier."""
    packed_days = 5
    with engine.connect() as connection:
        one = int(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id OFFSET 7 LIMIT 1")).one())
        first = START.replace(hour=0, minute=0) + timedelta(days=2)
        raw_bytes = connection.scalars(sa.text("SELECT hypertable_size('observation')")).one()
        raw_ms = median_ms(lambda: history(connection, one, first, first + timedelta(days=1)))
    started_s = time.perf_counter()
    for _ in range(packed_days):
        with engine.begin() as connection:
            pack_oldest(connection, NOW)
    lasted_s = time.perf_counter() - started_s
    with engine.connect() as connection:
        left = connection.scalars(sa.text("SELECT hypertable_size('observation')")).one()
        packed = connection.scalars(sa.text("SELECT pg_total_relation_size('observation_packed')")).one()
        packed_ms = median_ms(lambda: history(connection, one, first, first + timedelta(days=1)))
    print(f"packed {packed_days} days in {lasted_s:.1f} s: {(raw_bytes - left) / packed:.1f} times smaller")
    print(f"one stream, one day: raw {raw_ms:.2f} ms, packed {packed_ms:.2f} ms")


def query(connection: Connection, statement: str, **values: Any) -> int:
    """Run a query and fetch its rows as bytes; give how many bytes: what a reader makes of them is another matter."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    with driver.cursor() as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)", values) as copy:
        return sum(map(len, copy))


def median_ms(run: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Run something several times, once before to warm up where it is repeated, and give the median."""
    if repeats > 1:
        run()
    lasts = []
    for _ in range(repeats):
        started_s = time.perf_counter()
        run()
        lasts.append((time.perf_counter() - started_s) * 1000)
    return statistics.median(lasts)


if __name__ == "__main__":
    main()
