"""Packed days lose nothing: they are read as if they had never been packed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from tests.sensors import community, stream
from twin import db
from twin.db import Connection
from twin.observations import Batch, Series, history, record
from twin.packing import pack_oldest
from twin.rollups import roll_up

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
START, END = NOON - timedelta(days=9), NOON + timedelta(days=1)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        yield connection


def put(connection: Connection, one: int, times: np.ndarray, values: np.ndarray) -> None:
    record(connection, Batch(np.full(len(times), one, np.int32), times, values, NOON))


def irregular(connection: Connection, one: int, seed: int = 1, n: int = 3000) -> None:
    rng = np.random.default_rng(seed)
    times = np.unique(rng.integers(round(START.timestamp() * 1e6), round(NOON.timestamp() * 1e6), n))
    put(connection, one, times, rng.normal(size=len(times)) * 10.0 ** rng.integers(-300, 300, len(times)))


def rolled(connection: Connection, now: datetime = NOON) -> None:
    for _ in range(2):
        roll_up(connection, now)


def pack_all(connection: Connection, before: datetime) -> int:
    return sum(iter(lambda: pack_oldest(connection, before), None))


def same(one: Series, other: Series) -> bool:
    return one.time_us.tolist() == other.time_us.tolist() and one.value.tobytes() == other.value.tobytes()


def test_history_reads_packed_days_to_the_last_bit(street: Connection) -> None:
    one, two = stream(street, "a", "x"), stream(street, "b", "x")
    irregular(street, one)
    irregular(street, two, seed=2)
    rolled(street)
    before = history(street, one, START, END)
    part = history(street, one, NOON - timedelta(days=6, hours=5), NOON - timedelta(days=3, hours=2))
    assert pack_all(street, NOON - timedelta(days=2)) == 2 * 7
    assert street.scalar(sa.text("SELECT min(time) FROM observation")) >= datetime(2026, 3, 8, tzinfo=UTC)
    assert same(history(street, one, START, END), before)
    assert same(history(street, one, NOON - timedelta(days=6, hours=5), NOON - timedelta(days=3, hours=2)), part)
    assert len(before.time_us) > 2900


def test_packed_days_are_much_smaller(street: Connection) -> None:
    one = stream(street, "a", "x")
    first = round((NOON - timedelta(days=5)).timestamp()) * 1_000_000
    put(
        street,
        one,
        first + np.arange(20_000, dtype=np.int64) * 20_000_000,
        np.random.default_rng(1).normal(size=20_000),
    )
    rolled(street)
    raw = street.scalar(sa.text("SELECT hypertable_size('observation')"))
    pack_all(street, NOON)
    packed = street.scalar(sa.text("SELECT pg_total_relation_size('observation_packed')"))
    assert packed * 4 < raw


def test_a_straggler_is_packed_with_its_day_and_the_first_value_stays(street: Connection) -> None:
    one = stream(street, "a", "x")
    first = round((NOON - timedelta(days=5)).timestamp()) * 1_000_000
    put(street, one, first + np.array([0, 2_000_000]), np.array([1.0, 2.0]))
    rolled(street)
    pack_all(street, NOON - timedelta(days=2))
    put(street, one, first + np.array([0, 1_000_000]), np.array([9.0, 8.0]))
    assert history(street, one, START, END).value.tolist() == [1.0, 8.0, 2.0]
    assert pack_all(street, NOON - timedelta(days=2)) == 1
    assert history(street, one, START, END).value.tolist() == [1.0, 8.0, 2.0]
    assert street.scalar(sa.text("SELECT count(*) FROM observation")) == 0


def test_a_straggler_leaves_the_hour_of_a_packed_day_as_it_is(street: Connection) -> None:
    one = stream(street, "a", "x")
    first = round((NOON - timedelta(days=5)).timestamp()) * 1_000_000
    put(street, one, first + np.arange(10) * 1_000_000, np.ones(10))
    rolled(street)
    pack_all(street, NOON - timedelta(days=2))
    put(street, one, first + np.array([20_000_000]), np.array([9.0]))
    rolled(street)
    for table in ("observation_hour", "observation_day"):
        assert street.scalar(sa.text(f"SELECT n FROM {table}")) == 10


def test_nothing_is_packed_before_it_is_added_up(street: Connection) -> None:
    one = stream(street, "a", "x")
    irregular(street, one)
    assert pack_oldest(street, NOON) is None
    rolled(street, NOON - timedelta(days=4))
    assert pack_all(street, NOON) == 4
    assert street.scalar(sa.text("SELECT min(time) FROM observation")) >= datetime(2026, 3, 5, tzinfo=UTC)
