"""A corrected or deleted observation leaves nothing behind that was concluded from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from tests import sensors
from twin import corrections, db, observations
from twin.db import Connection
from twin.observations import Batch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as opened:
        sensors.community(opened)
        yield opened


def record(connection: Connection, datastream_id: int, *values: float) -> list[datetime]:
    """Store values a quarter of an hour apart, the last at noon."""
    times = [NOON - timedelta(minutes=15 * (len(values) - 1 - number)) for number in range(len(values))]
    time_us = np.array([round(when.timestamp()) * 1_000_000 for when in times], dtype=np.int64)
    ids = np.full(len(values), datastream_id, dtype=np.int32)
    observations.record(connection, Batch(ids, time_us, np.array(values), NOON))
    return times


def hours(connection: Connection, datastream_id: int) -> list[Any]:
    observations.roll_up(connection, NOON + timedelta(hours=1))
    found = observations.hours(connection, datastream_id, NOON - timedelta(hours=2), NOON + timedelta(hours=1))
    return list(zip(found.n.tolist(), found.mean.tolist(), strict=True))


def newest(connection: Connection, datastream_id: int) -> Any:
    return connection.execute(
        sa.text("SELECT time, value FROM latest WHERE datastream_id = :id"), {"id": datastream_id}
    ).first()


def test_hours_that_are_added_up_already_follow(connection: Connection) -> None:
    stream = sensors.stream(connection, "roof", "temperature")
    times = record(connection, stream, 1.0, 2.0, 3.0, 4.0, 5.0)  # four before noon, one at noon
    assert hours(connection, stream) == [(4, 2.5), (1, 5.0)]
    corrections.correct(connection, stream, times[0], 5.0)
    assert hours(connection, stream) == [(4, 3.5), (1, 5.0)]
    corrections.remove(connection, stream, times[1])
    corrections.remove(connection, stream, times[4])
    assert hours(connection, stream) == [(3, 4.0)]


def test_the_one_before_becomes_the_newest(connection: Connection) -> None:
    stream = sensors.stream(connection, "roof", "temperature")
    times = record(connection, stream, 1.0, 2.0)
    corrections.correct(connection, stream, times[1], 7.0)
    assert newest(connection, stream) == (times[1], 7.0)
    corrections.remove(connection, stream, times[1])
    assert newest(connection, stream) == (times[0], 1.0)
    corrections.remove(connection, stream, times[0])
    assert newest(connection, stream) is None


def test_states_are_judged_again_and_unknown_without_a_reading(connection: Connection) -> None:
    stream = sensors.stream(connection, "lift", "in_service", highest=1)
    sensors.effect(connection, stream, closes_below=0.5)

    def state() -> Any:
        return connection.scalar(sa.text("SELECT state FROM effect_state"))

    times = record(connection, stream, 1.0, 0.0)
    assert state() == "closed"
    corrections.correct(connection, stream, times[0], 0.0)  # an older one says nothing of now
    assert state() == "closed"
    corrections.correct(connection, stream, times[1], 1.0)
    assert state() == "open"
    corrections.remove(connection, stream, times[1])
    assert state() == "closed"
    corrections.remove(connection, stream, times[0])
    assert state() == "unknown"
