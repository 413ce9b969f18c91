"""How devices are: what came of each, and what should have come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from tests import sensors
from twin import db, health
from twin.db import Connection
from twin.health import Brought, Health
from twin.observations import Batch, record, roll_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_US = round(NOON.timestamp()) * 1_000_000
HOUR = timedelta(hours=1)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        yield connection


def store(connection: Connection, datastream_id: int, *times: datetime) -> None:
    us = np.array([round(time.timestamp() * 1e6) for time in times], np.int64)
    record(connection, Batch(np.full(len(us), datastream_id, np.int32), us, np.arange(1.0, len(us) + 1), NOON))


def bring(
    connection: Connection,
    at: datetime,
    *,
    counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0),
    skew_s: float = np.nan,
    battery: float = np.nan,
    rssi: float = np.nan,
) -> None:
    """Write down what a batch brought of the only thing: stored, duplicate, conflict, quarantined, late."""
    thing_id = connection.scalars(sa.text("SELECT id FROM thing")).one()
    numbers = [np.array([one], np.int32) for one in counts]
    said = [np.array([one], np.float64) for one in (skew_s, battery, rssi)]
    seen = np.array([round(at.timestamp() * 1e6)], np.int64)
    health.add(connection, Brought(np.array([thing_id], np.int32), seen, *numbers, *said))  # type: ignore[arg-type]


def only(connection: Connection, now: datetime = NOON) -> Health:
    (found,) = health.health(connection, connection.scalars(sa.text("SELECT id FROM place")).one(), now)
    return found


def test_a_device_that_never_came_is_never_seen(street: Connection) -> None:
    sensors.stream(street, "a", "x")
    found = only(street)
    assert (found.state, found.last_seen, found.missed, found.received) == ("never_seen", None, None, 0)


def test_a_device_is_unknown_after_more_than_three_intervals(street: Connection) -> None:
    store(street, sensors.stream(street, "a", "x", interval_s=60), NOON)
    assert only(street, NOON + timedelta(seconds=180)).state == "ok"
    assert only(street, NOON + timedelta(seconds=181)).state == "unknown"


def test_what_batches_brought_adds_up_whether_folded_or_not(street: Connection) -> None:
    sensors.stream(street, "a", "x")
    bring(street, NOON, counts=(5, 1, 0, 2, 0), battery=90)
    health.fold(street)
    bring(street, NOON + HOUR, counts=(3, 2, 1, 0, 1), rssi=-97)
    before = only(street)
    health.fold(street)
    assert only(street) == before
    assert (before.stored, before.duplicate, before.conflict, before.quarantined) == (8, 3, 1, 2)
    assert (before.received, before.out_of_order, before.last_seen) == (13, 1, NOON + HOUR)
    assert (before.battery, before.rssi) == (90, -97)
    assert street.scalar(sa.text("SELECT count(*) FROM thing_tally")) == 0


def test_the_clock_is_judged_by_the_quickest_message_of_the_hour(street: Connection) -> None:
    sensors.stream(street, "a", "x")
    for minute, skew_s in ((1, -3600.0), (2, 7.0), (3, -40.0)):  # a late one, the quickest, a slow one
        bring(street, NOON + timedelta(minutes=minute), skew_s=skew_s)
        health.fold(street)
    assert only(street).clock_skew_s == 7
    bring(street, NOON + HOUR, skew_s=-2)
    assert only(street).clock_skew_s == -2


def test_reports_that_have_not_come_are_missed_and_late_ones_are_not(street: Connection) -> None:
    one = sensors.stream(street, "a", "x", interval_s=600)
    reports = [NOON - timedelta(hours=30) + timedelta(minutes=10 * n) for n in range(180)]
    kept = [time for n, time in enumerate(reports) if n % 60 or n < 60]  # two of the last day are missing
    burst = [NOON - HOUR + timedelta(seconds=n) for n in range(1, 50)]  # of one hour; they make up for no other
    store(street, one, *kept, *burst)
    roll_up(street, NOON)
    found = only(street)
    assert (found.expected, found.missed) == (144, 2)
    store(street, one, *(set(reports) - set(kept)))
    roll_up(street, NOON)
    assert only(street).missed == 0


def test_a_device_of_one_report_a_day_is_judged_over_a_week(street: Connection) -> None:
    store(street, sensors.stream(street, "a", "x", interval_s=86_400), *(NOON - n * 24 * HOUR for n in (1, 2, 3, 5, 9)))
    roll_up(street, NOON)
    found = only(street)
    assert (found.expected, found.missed) == (7, 3)


def test_a_device_is_not_blamed_for_the_time_before_its_first_report(street: Connection) -> None:
    store(street, sensors.stream(street, "a", "x", interval_s=60), NOON - timedelta(minutes=90))
    roll_up(street, NOON)
    found = only(street)
    assert (found.expected, found.missed) == (60, 60)


def test_health_of_a_device_that_was_removed_is_forgotten(street: Connection) -> None:
    sensors.stream(street, "a", "x")
    bring(street, NOON, counts=(1, 0, 0, 0, 0))
    street.execute(sa.text("DELETE FROM thing"))
    health.fold(street)
    assert street.scalar(sa.text("SELECT count(*) FROM thing_health")) == 0
