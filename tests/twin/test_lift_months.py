"""Availability by month: what is known is open or closed, the rest is unknown, and together they are the month."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa

from tests.sensors import community, stream
from twin import db, places
from twin.db import Connection
from twin.errors import Refused
from twin.lift_months import lift_months
from twin.observations import Batch, record

PARIS = ZoneInfo("Europe/Paris")
MARCH = datetime(2026, 3, 1, tzinfo=PARIS)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        connection.execute(sa.text("UPDATE place SET timezone = 'Europe/Paris'"))
        yield connection


def test_a_month_is_the_sum_of_its_states_and_summer_time_is_an_hour_less(street: Connection) -> None:
    one = stream(street, "lift", "in_service", kind="lift", interval_s=3600, lowest=0, highest=1)
    street.execute(
        sa.text(
            "INSERT INTO effect (datastream_id, element_kind, element_id, closes_below) SELECT :id, 'edge', 1, 0.5"
        ),
        {"id": one},
    )
    # every hour of the first ten days: out of service on the second
    hours = np.arange(240)
    times = np.array([round(MARCH.timestamp() + 3600 * h) * 1_000_000 for h in hours], np.int64)
    values = np.where((hours >= 24) & (hours < 48), 0.0, 1.0)
    record(street, Batch(np.full(240, one, np.int32), times, values, MARCH + timedelta(days=200)))
    (march,) = lift_months(street, places.get(street), date(2026, 3, 17), 1, MARCH + timedelta(days=200))
    assert (march.month, march.closed_h, march.open_h) == (
        "2026-03",
        24.0,
        216.0 + 2,
    )  # the last reading holds for three hours
    assert march.unknown_h == 31 * 24 - 1 - 24 - 218
    assert march.availability == round(218 / 242, 4)
    february, again = lift_months(street, places.get(street), date(2026, 2, 1), 2, MARCH + timedelta(days=200))
    assert (february.open_h, february.unknown_h, february.availability) == (0.0, 28 * 24.0, None)
    assert again == march


@pytest.mark.parametrize(
    ("first", "months", "why"),
    [
        (date(2026, 3, 1), 0, "1 to 24 months"),
        (date(2026, 3, 1), 25, "1 to 24 months"),
        (date(2026, 5, 1), 1, "2026-05 is still to come"),
    ],
)
def test_what_is_not_yet_or_too_much_is_refused(street: Connection, first: date, months: int, why: str) -> None:
    with pytest.raises(Refused, match=why):
        lift_months(street, places.get(street), first, months, MARCH)
