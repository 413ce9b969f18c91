"""Local days are exact: where clocks change, where midnight cuts an hour, and under writers with late readings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from tests.sensors import community, devices, stream
from twin import db
from twin.corrections import correct, remove, remove_all
from twin.db import Connection, Engine
from twin.observations import Batch, days, record
from twin.rollups import roll_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIFFERENCE = """
SELECT * FROM (SELECT o.datastream_id, (o.time AT TIME ZONE p.timezone)::date AS day, count(*) AS n, sum(value) AS total,
       min(value) AS lowest, max(value) AS highest, max(time) AS last_time, last(value, time) AS last_value
  FROM observation o, place p, observation_watermark w
 WHERE (o.time AT TIME ZONE p.timezone)::date < (w.days_until AT TIME ZONE p.timezone)::date GROUP BY 1, 2) d
  FULL JOIN observation_day h USING (datastream_id, day)
 WHERE d.n IS DISTINCT FROM h.n OR d.lowest IS DISTINCT FROM h.lowest OR d.highest IS DISTINCT FROM h.highest
    OR d.last_time IS DISTINCT FROM h.last_time OR d.last_value IS DISTINCT FROM h.last_value
    OR NOT abs(d.total - h.total) < 1e-6
"""


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    with db.opened(database) as made:
        yield made


@pytest.fixture
def street(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        community(connection)
        yield connection


def in_zone(connection: Connection, name: str) -> None:
    connection.execute(sa.text("UPDATE place SET timezone = :name"), {"name": name})


def put(connection: Connection, datastream_id: int, first: datetime, step: timedelta, n: int) -> None:
    start_us, step_us = round(first.timestamp()) * 1_000_000, step // timedelta(microseconds=1)
    times = start_us + np.arange(n, dtype=np.int64) * step_us
    record(connection, Batch(np.full(n, datastream_id, np.int32), times, np.arange(n, dtype=np.float64), first))


def rolled(connection: Connection, now: datetime) -> None:
    roll_up(connection, now)
    roll_up(connection, now)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Asia/Shanghai", date(2026, 3, 29), 24),
        ("Europe/Monaco", date(2026, 3, 29), 23),
        ("Europe/Monaco", date(2026, 10, 25), 25),
        ("America/Havana", date(2024, 3, 10), 23),  # midnight itself is left out
        ("America/Havana", date(2024, 11, 3), 25),  # midnight comes twice
        ("Asia/Kathmandu", date(2026, 3, 29), 24),  # +05:45: midnight cuts an hour of UTC
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ],
)
def test_a_local_day_has_the_readings_of_its_own_hours(street: Connection, zone: str, day: date, hours: float) -> None:
    in_zone(street, zone)
    one = stream(street, "a", "x")
    put(street, one, datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3), timedelta(minutes=5), 2016)
    rolled(street, datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=4))
    n = street.scalar(sa.text("SELECT n FROM observation_day WHERE day = :day"), {"day": day})
    assert n == hours * 12
    assert street.execute(sa.text(DIFFERENCE)).all() == []


def test_a_day_is_added_up_once_it_has_ended_where_it_is(street: Connection) -> None:
    in_zone(street, "Asia/Shanghai")
    one = stream(street, "a", "x")
    put(street, one, datetime(2026, 3, 1, 0, tzinfo=ZoneInfo("Asia/Shanghai")), timedelta(hours=1), 24)
    rolled(street, datetime(2026, 3, 1, 15, tzinfo=UTC))
    assert street.scalar(sa.text("SELECT count(*) FROM observation_day")) == 0
    rolled(street, datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert street.execute(sa.text("SELECT day, n, total FROM observation_day")).all() == [(date(2026, 3, 1), 24, 276.0)]


def test_days_are_the_roll_up_and_the_day_that_runs(street: Connection) -> None:
    in_zone(street, "Asia/Shanghai")
    one = stream(street, "a", "x")
    put(street, one, datetime(2026, 3, 1, 0, tzinfo=ZoneInfo("Asia/Shanghai")), timedelta(hours=6), 7)
    rolled(street, datetime(2026, 3, 2, 12, tzinfo=ZoneInfo("Asia/Shanghai")))
    found = days(street, one, date(2026, 3, 1), date(2026, 3, 3))
    assert found.day.tolist() == [date(2026, 3, 1), date(2026, 3, 2)]
    assert (found.n.tolist(), found.mean.tolist()) == ([4, 3], [1.5, 5.0])
    assert (found.lowest.tolist(), found.highest.tolist()) == ([0.0, 4.0], [3.0, 6.0])
    assert days(street, one, date(2026, 4, 1), date(2026, 5, 1)).n.tolist() == []


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Asia/Kathmandu"])
def test_late_readings_and_corrections_change_their_day(street: Connection, zone: str) -> None:
    in_zone(street, zone)
    one = stream(street, "a", "x")
    put(street, one, NOON - timedelta(days=3), timedelta(minutes=30), 100)
    rolled(street, NOON)
    put(street, one, NOON - timedelta(days=3, minutes=7), timedelta(minutes=30), 100)
    correct(street, one, NOON - timedelta(days=2), 99.0)
    remove(street, one, NOON - timedelta(days=2, minutes=30))
    roll_up(street, NOON)
    assert street.execute(sa.text(DIFFERENCE)).all() == []
    assert street.scalar(sa.text("SELECT max(highest) FROM observation_day")) == 99.0


def test_a_day_that_lost_its_last_reading_is_gone(street: Connection) -> None:
    one = stream(street, "a", "x")
    put(street, one, NOON - timedelta(days=3), timedelta(days=1), 2)
    rolled(street, NOON)
    remove(street, one, NOON - timedelta(days=3))
    roll_up(street, NOON)
    assert street.scalars(sa.text("SELECT day FROM observation_day")).all() == [date(2026, 2, 27)]


def test_the_days_go_with_their_datastream(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    put(street, one, NOON - timedelta(days=3), timedelta(days=1), 2)
    put(street, two, NOON - timedelta(days=3), timedelta(days=1), 2)
    rolled(street, NOON)
    remove_all(street, [one])
    assert street.scalars(sa.text("SELECT DISTINCT datastream_id FROM observation_day")).all() == [two]


# 3 writers with 10 % readings up to two days late while days are rolled all the time, on a clock that runs fast.
WRITERS, BATCHES, SIZE, STREAMS = 3, 30, 400, 40


@pytest.mark.parametrize("zone", ["Europe/Monaco", "Asia/Kathmandu"])
def test_days_equal_a_direct_aggregation_with_three_writers_and_late_rows(engine: Engine, zone: str) -> None:
    with engine.begin() as connection:
        devices(connection, STREAMS)
        in_zone(connection, zone)
        ids = np.array(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id")).all(), np.int32)
    clock, done = [datetime(2026, 3, 27, 12, tzinfo=UTC)], threading.Event()
    writers = [threading.Thread(target=write, args=(engine, ids, seed, clock)) for seed in range(WRITERS)]
    roller = threading.Thread(target=roll, args=(engine, clock, done))
    for thread in [*writers, roller]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    roller.join()
    with engine.begin() as connection:
        rolled(connection, clock[0] + timedelta(days=1))
        assert connection.execute(sa.text("SELECT count(*) FROM observation")).scalar_one() > 30_000
        assert connection.execute(sa.text("SELECT count(*) FROM observation_day")).scalar_one() >= 3 * STREAMS
        assert connection.execute(sa.text(DIFFERENCE)).all() == []


def write(engine: Engine, ids: NDArray[np.int32], seed: int, clock: list[datetime]) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(BATCHES):
        with engine.begin() as connection:
            now_us = round(clock[0].timestamp()) * 1_000_000
            is_late = rng.random(SIZE) < 0.1
            age_us = rng.integers(0, np.where(is_late, 48 * 3_600_000_000, 60_000_000))
            made = Batch(rng.choice(ids, SIZE), now_us - age_us, rng.normal(size=SIZE), clock[0])
            assert record(connection, made).stored > 0


def roll(engine: Engine, clock: list[datetime], done: threading.Event) -> None:
    while not done.wait(0.01):
        clock[0] += timedelta(minutes=97)
        with engine.begin() as connection:
            roll_up(connection, clock[0])
