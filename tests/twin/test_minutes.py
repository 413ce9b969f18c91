"""Minutes of fast datastreams are exact, with late readings and where the pace changes; slow ones have none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tests.sensors import community, stream
from twin import db
from twin.charts import chart
from twin.corrections import remove
from twin.db import Connection
from twin.minutes import Minutes, minutes
from twin.observations import Batch, record, roll_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        yield connection


def put(connection: Connection, one: int, first: datetime, n: int, step_s: float = 7.0) -> None:
    times = round(first.timestamp() * 1e6) + (np.arange(n) * step_s * 1e6).astype(np.int64)
    values = np.random.default_rng(n).normal(size=n)
    record(connection, Batch(np.full(n, one, np.int32), times, values, first + HOUR))


def rows(found: Minutes) -> list[tuple[float, ...]]:
    return list(
        zip(
            *(column.tolist() for column in (found.start_us, found.n, found.mean, found.lowest, found.highest)),
            strict=True,
        )
    )


def by_hand(connection: Connection, one: int) -> list[tuple[Any, ...]]:
    """Add all readings up, minute by minute."""
    found: dict[int, list[float]] = {}
    for time, value in connection.execute(
        sa.text("SELECT time, value FROM observation WHERE datastream_id = :id"), {"id": one}
    ):
        found.setdefault(round(time.timestamp() * 1e6) // 60_000_000 * 60_000_000, []).append(value)
    return [(us, len(v), pytest.approx(np.mean(v)), min(v), max(v)) for us, v in sorted(found.items())]


def kept(connection: Connection) -> int:
    return int(connection.scalars(sa.text("SELECT count(*) FROM observation_minute")).one())


def all_of(connection: Connection, one: int) -> list[tuple[float, ...]]:
    return rows(minutes(connection, one, NOON - 24 * HOUR, NOON + 24 * HOUR))


def test_minutes_are_those_of_the_readings_late_ones_too(street: Connection) -> None:
    fast, slow = stream(street, "fast", "x", interval_s=7), stream(street, "slow", "x", interval_s=60)
    put(street, fast, NOON - 3 * HOUR, 1_000)
    put(street, slow, NOON - 3 * HOUR, 100, 60.0)
    roll_up(street, NOON)
    assert kept(street) == 117  # 1,000 readings each 7 s
    put(street, fast, NOON - 2.6 * HOUR, 30, 61.0)  # late
    put(street, fast, NOON - 0.5 * HOUR, 700)  # into the hour that runs
    roll_up(street, NOON)
    assert all_of(street, fast) == by_hand(street, fast)
    assert all_of(street, slow) == by_hand(street, slow)
    street.execute(
        sa.text("DELETE FROM observation WHERE datastream_id = :id AND time < :noon"), {"id": fast, "noon": NOON}
    )
    assert len(all_of(street, fast)) > 150  # they are read from the minutes, not from what is gone


def test_a_minute_that_loses_its_only_reading_goes(street: Connection) -> None:
    fast = stream(street, "fast", "x", interval_s=5)
    put(street, fast, NOON - 2 * HOUR, 10, 60.0)
    roll_up(street, NOON)
    remove(street, fast, NOON - 2 * HOUR + timedelta(minutes=3))
    roll_up(street, NOON)
    assert kept(street) == 9
    assert all_of(street, fast) == by_hand(street, fast)


def test_a_thing_that_changes_its_pace_loses_no_minute(street: Connection) -> None:
    one = stream(street, "a", "x", interval_s=60)
    put(street, one, NOON - 5 * HOUR, 200, 50.0)
    roll_up(street, NOON - HOUR)
    street.execute(sa.text("UPDATE thing SET interval_s = 5"))
    put(street, one, NOON - HOUR, 700, 5.0)
    roll_up(street, NOON)
    put(street, one, NOON - 4.5 * HOUR, 20, 31.0)  # late, before its first minute
    roll_up(street, NOON)
    assert 0 < kept(street) <= 60
    assert all_of(street, one) == by_hand(street, one)
    street.execute(sa.text("UPDATE thing SET interval_s = 60"))
    assert kept(street) == 0
    assert all_of(street, one) == by_hand(street, one)


def test_a_long_chart_of_a_fast_thing_is_drawn_from_minutes(street: Connection) -> None:
    fast = stream(street, "fast", "x", interval_s=1)
    put(street, fast, NOON - 3 * HOUR, 500)
    roll_up(street, NOON)
    found = chart(street, fast, NOON - 24 * HOUR, NOON, 20)
    assert (found.of, len(found.time_us)) == ("minutes", 20)
    assert chart(street, fast, NOON - 3 * HOUR, NOON, 20).of == "readings"
    assert chart(street, fast, NOON - 2_000 * HOUR, NOON, 20).of == "hours"
