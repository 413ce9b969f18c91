"""Open, closed and unknown time are exact, and together the whole day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa

from tests.sensors import community, stream
from twin import db
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.observations import Batch, record
from twin.states import TimeInState, by_month, time_in_state

PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2026, 3, 10, tzinfo=PARIS)
LATER = MIDNIGHT + timedelta(days=300)
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        connection.execute(sa.text("UPDATE place SET timezone = 'Europe/Paris'"))
        yield connection


def lift(connection: Connection, *readings: tuple[float, float], interval_s: int = 600) -> int:
    """Enrol a lift and store (seconds after midnight, in service)."""
    one = stream(connection, "lift", "in_service", kind="lift", interval_s=interval_s)
    times = [round((MIDNIGHT.timestamp() + second) * SECOND_US) for second, _ in readings]
    values = np.array([value for _, value in readings], np.float64)
    record(connection, Batch(np.full(len(times), one, np.int32), np.array(times, np.int64), values, LATER))
    return one


def day(connection: Connection, one: int, now: datetime = LATER) -> TimeInState:
    (found,) = time_in_state(connection, one, date(2026, 3, 10), date(2026, 3, 11), now)
    return found


def test_a_reading_holds_until_the_next_and_no_longer_than_three_intervals(street: Connection) -> None:
    one = lift(street, (600, 1), (1200, 0), (10_000, 1))
    found = day(street, one)
    assert found.open_us == (600 + 1800) * SECOND_US
    assert found.closed_us == 1800 * SECOND_US
    assert found.unknown_us == DAY_US - found.open_us - found.closed_us
    assert found.availability == 2400 / 4200


def test_a_reading_of_the_day_before_holds_into_the_day(street: Connection) -> None:
    found = day(street, lift(street, (-1000.000001, 0)))
    assert (found.open_us, found.closed_us) == (0, 800 * SECOND_US - 1)


def test_a_day_without_a_reading_is_unknown(street: Connection) -> None:
    found = day(street, lift(street))
    assert (found.unknown_us, found.availability) == (DAY_US, None)


def test_the_day_that_runs_is_counted_up_to_now(street: Connection) -> None:
    one = lift(street, (0, 1))
    assert day(street, one, MIDNIGHT + timedelta(seconds=900)) == TimeInState(date(2026, 3, 10), 900 * SECOND_US, 0, 0)
    assert time_in_state(street, one, date(2026, 3, 10), date(2026, 3, 11), MIDNIGHT) == []


def test_days_when_the_clocks_change_have_23_and_25_hours(street: Connection) -> None:
    one = lift(street)
    days = time_in_state(street, one, date(2026, 1, 1), date(2027, 1, 1), LATER + timedelta(days=100))
    lasts = {found.day: found.unknown_us // (3600 * SECOND_US) for found in days}
    assert lasts.pop(date(2026, 3, 29)) == 23
    assert lasts.pop(date(2026, 10, 25)) == 25
    assert set(lasts.values()) == {24}


def test_months_are_the_sums_of_their_days(street: Connection) -> None:
    one = lift(street, *((hour * 3600, hour % 3 > 0) for hour in range(24 * 40)), interval_s=1200)
    days = time_in_state(street, one, date(2026, 3, 10), date(2026, 4, 19), LATER)
    march, april = by_month(days)
    assert (march.day, april.day) == (date(2026, 3, 1), date(2026, 4, 1))
    assert march.open_us == sum(found.open_us for found in days if found.day.month == 3)
    assert (march.open_us + april.open_us) == 639 * 3600 * SECOND_US  # 959 hours: the clocks changed in March
    assert (march.closed_us + april.closed_us) == 320 * 3600 * SECOND_US


@pytest.mark.parametrize("seed", range(4))
def test_sums_equal_a_count_second_by_second(street: Connection, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seconds = np.unique(rng.integers(-3000, 90_000, rng.integers(1, 120)))
    readings = [(float(second), float(rng.integers(2))) for second in seconds]
    one = lift(street, *readings, interval_s=300)
    states = []
    for second in range(86_400):
        at = np.searchsorted(seconds, second, side="right") - 1
        is_held = at >= 0 and second - seconds[at] < 900
        states.append(readings[at][1] if is_held else 2)
    counts = [states.count(state) * SECOND_US for state in (1, 0, 2)]
    found = day(street, one)
    assert [found.open_us, found.closed_us, found.unknown_us] == counts


def test_values_beside_zero_and_one_are_refused(street: Connection) -> None:
    with pytest.raises(Refused, match="other values"):
        day(street, lift(street, (0, 0.5)))


def test_an_unknown_datastream_is_not_found(street: Connection) -> None:
    with pytest.raises(NotFound):
        day(street, 99)
