"""Every reading is stored once; the newest and the hours are exact."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from numpy.typing import NDArray

from tests.sensors import community, devices, stream
from twin import db
from twin.db import Connection, Engine
from twin.errors import Stale
from twin.observations import Batch, history, hours, record, roll_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_US = round(NOON.timestamp()) * 1_000_000


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = db.engine(database)
    yield made
    made.dispose()


@pytest.fixture
def street(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        community(connection)
        yield connection


def batch(*readings: tuple[int, int, float]) -> Batch:
    """Make a batch of (datastream, seconds after noon, value)."""
    return Batch(
        np.array([one[0] for one in readings], np.int32),
        np.array([NOON_US + one[1] * 1_000_000 for one in readings], np.int64),
        np.array([one[2] for one in readings], np.float64),
        NOON,
    )


def rows(connection: Connection, table: str = "observation") -> list[tuple[int, int, float]]:
    found = connection.execute(sa.text(f"SELECT datastream_id, time, value FROM {table} ORDER BY 1, 2"))
    return [(one[0], round((one[1] - NOON).total_seconds()), one[2]) for one in found]


def test_a_batch_is_stored_as_it_is(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    outcome = record(street, batch((two, 5, 1.5), (one, 0, -2.25), (one, -3600, 1e-300)))
    assert outcome.is_stored.tolist() == [True, True, True]
    assert rows(street) == [(one, -3600, 1e-300), (one, 0, -2.25), (two, 5, 1.5)]


def test_an_empty_batch_is_nothing(street: Connection) -> None:
    outcome = record(street, batch())
    assert (outcome.stored, outcome.duplicate, outcome.effects) == (0, 0, ())


def test_the_same_batch_again_changes_nothing(street: Connection) -> None:
    one = stream(street, "a", "x")
    record(street, batch((one, 0, 1), (one, 1, 2)))
    before = rows(street), rows(street, "latest")
    again = record(street, batch((one, 0, 1), (one, 1, 2), (one, 2, 3)))
    assert again.is_stored.tolist() == [False, False, True]
    assert rows(street)[:2] == before[0]


def test_of_two_values_for_one_instant_the_first_is_kept(street: Connection) -> None:
    one = stream(street, "a", "x")
    outcome = record(street, batch((one, 0, 1), (one, 0, 9)))
    assert outcome.is_stored.tolist() == [True, False]
    assert record(street, batch((one, 0, 7))).is_stored.tolist() == [False]
    assert rows(street) == rows(street, "latest") == [(one, 0, 1.0)]


def test_another_value_for_a_stored_instant_is_a_conflict_and_the_same_one_is_not(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    first = record(street, batch((one, 0, 1), (one, 0, 1), (one, 0, 9), (two, 0, 9)))
    assert (first.is_stored.tolist(), first.is_conflict.tolist()) == (
        [True, False, False, True],
        [False, False, True, False],
    )
    again = record(street, batch((one, 0, 9), (one, 0, 1), (two, 0, 9), (two, 1, 3), (two, 1, 4)))
    assert again.is_stored.tolist() == [False, False, False, True, False]
    assert again.is_conflict.tolist() == [True, False, False, False, True]


def test_a_reading_that_came_after_a_newer_one_is_late(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    first = record(street, batch((one, -5, 1), (two, -7, 1), (one, -6, 1), (two, -6, 1), (one, -4, 1)))
    assert first.is_late.tolist() == [False, False, True, False, False]
    again = record(street, batch((one, -8, 1), (two, -1, 1), (one, -6, 1)))  # the last is a duplicate
    assert again.is_late.tolist() == [True, False, False]


def test_a_late_reading_goes_to_the_history_and_not_to_the_newest(street: Connection) -> None:
    one = stream(street, "a", "x")
    record(street, batch((one, 100, 1)))
    assert record(street, batch((one, 50, 2), (one, 99, 3))).stored == 2
    assert rows(street, "latest") == [(one, 100, 1.0)]
    assert len(rows(street)) == 3


def test_the_order_within_a_batch_does_not_matter_for_the_newest(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    record(street, batch((one, 9, 1), (two, 1, 5), (one, 3, 2), (two, 4, 6)))
    assert rows(street, "latest") == [(one, 9, 1.0), (two, 4, 6.0)]


def test_microseconds_survive(street: Connection) -> None:
    one = stream(street, "a", "x")
    times = np.array([NOON_US + 1, NOON_US + 999_999, NOON_US - 1], np.int64)
    record(street, Batch(np.full(3, one, np.int32), times, np.arange(3.0), NOON))
    found = history(street, one, NOON - timedelta(seconds=1), NOON + timedelta(seconds=1))
    assert found.time_us.tolist() == sorted(times.tolist())
    assert found.value.tolist() == [2.0, 0.0, 1.0]
    newest = street.execute(sa.text("SELECT time FROM latest")).scalar_one()
    assert newest == NOON + timedelta(microseconds=999_999)


def test_a_datastream_that_is_gone_is_refused_as_stale(engine: Engine) -> None:
    with pytest.raises(Stale), engine.begin() as connection:
        record(connection, batch((12345, 0, 1.0)))
    with engine.begin() as connection:
        assert rows(connection) == []


def test_history_is_half_open(street: Connection) -> None:
    one = stream(street, "a", "x")
    record(street, batch((one, 0, 1), (one, 60, 2)))
    assert history(street, one, NOON, NOON + timedelta(minutes=1)).value.tolist() == [1.0]


def test_hours_are_the_roll_up_and_the_hour_that_runs(street: Connection) -> None:
    one = stream(street, "a", "x")
    record(street, batch((one, -3600, 1), (one, -3000, 3), (one, 0, 10), (one, 60, 20)))
    roll_up(street, NOON + timedelta(minutes=2))
    assert street.execute(sa.text("SELECT count(*) FROM observation_hour")).scalar_one() == 1
    found = hours(street, one, NOON - timedelta(hours=2), NOON + timedelta(hours=1))
    assert found.start_us.tolist() == [NOON_US - 3_600_000_000, NOON_US]
    assert found.n.tolist() == [2, 2]
    assert found.mean.tolist() == [2.0, 15.0]
    assert (found.lowest.tolist(), found.highest.tolist()) == ([1.0, 10.0], [3.0, 20.0])


def test_a_late_reading_corrects_its_hour(street: Connection) -> None:
    one = stream(street, "a", "x")
    record(street, batch((one, -60, 1)))
    assert roll_up(street, NOON) == 1
    record(street, batch((one, -30, 5)))
    assert roll_up(street, NOON) == 1
    assert roll_up(street, NOON) == 0
    row = street.execute(sa.text("SELECT n, total, last_value FROM observation_hour")).one()
    assert tuple(row) == (2, 6.0, 5.0)


# 3 writers with 5 % late rows while the hours are rolled up all the time, on a clock that runs fast.
WRITERS, BATCHES, SIZE, STREAMS = 3, 40, 400, 50


def test_hours_equal_a_direct_aggregation_with_three_writers_and_late_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        devices(connection, STREAMS)
        ids = np.array(connection.scalars(sa.text("SELECT id FROM datastream ORDER BY id")).all(), np.int32)
    clock = [NOON]
    done = threading.Event()
    writers = [threading.Thread(target=write, args=(engine, ids, seed, clock)) for seed in range(WRITERS)]
    roller = threading.Thread(target=roll, args=(engine, clock, done))
    for thread in [*writers, roller]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    roller.join()
    with engine.begin() as connection:
        roll_up(connection, clock[0] + timedelta(hours=1))
        assert connection.execute(sa.text("SELECT count(*) FROM observation")).scalar_one() > 40_000
        assert connection.execute(sa.text("SELECT count(*) FROM observation_hour")).scalar_one() > 300
        assert connection.execute(sa.text(DIFFERENCE)).all() == []


DIFFERENCE = """
SELECT * FROM (SELECT datastream_id, time_bucket('1 hour', time) AS bucket, count(*) AS n, sum(value) AS total,
       min(value) AS lowest, max(value) AS highest, max(time) AS last_time, last(value, time) AS last_value
  FROM observation GROUP BY 1, 2) d FULL JOIN observation_hour h USING (datastream_id, bucket)
 WHERE d.n IS DISTINCT FROM h.n OR d.lowest IS DISTINCT FROM h.lowest OR d.highest IS DISTINCT FROM h.highest
    OR d.last_time IS DISTINCT FROM h.last_time OR d.last_value IS DISTINCT FROM h.last_value
    OR NOT abs(d.total - h.total) < 1e-6
"""


def write(engine: Engine, ids: NDArray[np.int32], seed: int, clock: list[datetime]) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(BATCHES):
        with engine.begin() as connection:
            now_us = round(clock[0].timestamp()) * 1_000_000
            is_late = rng.random(SIZE) < 0.05
            age_us = rng.integers(0, np.where(is_late, 5 * 3_600_000_000, 60_000_000))
            made = Batch(rng.choice(ids, SIZE), now_us - age_us, rng.normal(size=SIZE), clock[0])
            assert record(connection, made).stored > 0


def roll(engine: Engine, clock: list[datetime], done: threading.Event) -> None:
    while not done.wait(0.01):
        clock[0] += timedelta(minutes=9)
        with engine.begin() as connection:
            roll_up(connection, clock[0])
