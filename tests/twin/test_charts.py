"""A chart keeps the shape of a datastream in few points, whatever it is read from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sensors import community, stream
from twin import db
from twin.charts import chart, lttb
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.observations import Batch, record, roll_up

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        yield connection


def put(connection: Connection, one: int, step_s: int, values: np.ndarray) -> None:
    times = round(NOON.timestamp()) * 1_000_000 + np.arange(len(values)) * step_s * 1_000_000
    record(connection, Batch(np.full(len(values), one, np.int32), times, values, NOON))


def slowly(xs: list[float], ys: list[float], points: int) -> list[int]:
    """Choose the points as the thesis writes it down: shares by count, twice the area by the cross product."""
    if len(xs) <= points:
        return list(range(len(xs)))
    inner = len(xs) - 2
    cuts = [share * inner // (points - 2) + 1 for share in range(points - 1)]
    shares = [list(range(cuts[i], cuts[i + 1])) for i in range(points - 2)] + [[len(xs) - 1]]
    kept = [0]
    for here, after in pairwise(shares):
        a = kept[-1]
        cx, cy = sum(xs[i] for i in after) / len(after), sum(ys[i] for i in after) / len(after)
        areas = [abs((xs[a] - cx) * (ys[i] - ys[a]) - (xs[a] - xs[i]) * (cy - ys[a])) / 2 for i in here]
        kept.append(here[areas.index(max(areas))])
    return [*kept, len(xs) - 1]


@given(st.lists(st.floats(-1e3, 1e3), max_size=200), st.integers(3, 40), st.integers(0, 2**32))
def test_the_points_are_those_of_a_slow_version(values: list[float], points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(1, 1000, len(values)))
    noisy = np.array(values) + rng.normal(size=len(values))  # so that no two triangles are the same but for rounding
    kept = lttb(times, noisy, points)
    assert kept.tolist() == slowly((times - times[:1]).tolist(), noisy.tolist(), points)


def test_a_spike_is_kept() -> None:
    values = np.zeros(10_000)
    values[7_123] = 5.0
    kept = lttb(np.arange(10_000, dtype=np.int64) * 1_000_000, values, 100)
    assert 7_123 in kept
    assert (kept[0], kept[-1], len(kept)) == (0, 9_999, 100)
    assert (np.diff(kept) > 0).all()


def test_a_short_span_is_drawn_of_readings(street: Connection) -> None:
    one = stream(street, "a", "x")
    put(street, one, 60, np.sin(np.arange(2000) / 50))
    found = chart(street, one, NOON, NOON + timedelta(days=2), 200)
    assert (found.of, len(found.value)) == ("readings", 200)
    assert found.value.max() > 0.999
    assert found.value.min() < -0.999


def test_a_long_span_is_drawn_of_hours_and_a_longer_one_of_days(street: Connection) -> None:
    one = stream(street, "a", "x")
    put(street, one, 1200, np.arange(24 * 3 * 10, dtype=np.float64))
    for _ in range(2):
        roll_up(street, NOON + timedelta(days=11))
    found = chart(street, one, NOON, NOON + timedelta(days=400), 500)
    assert (found.of, len(found.value)) == ("hours", 240)
    assert found.value[:3].tolist() == [1.0, 4.0, 7.0]
    assert found.time_us[0] == round((NOON + timedelta(minutes=30)).timestamp()) * 1_000_000
    found = chart(street, one, NOON, NOON + timedelta(days=3000), 5)
    assert (found.of, len(found.value)) == ("days", 5)
    assert found.value[0] == 17.5


def test_nothing_measured_is_an_empty_chart(street: Connection) -> None:
    assert chart(street, stream(street, "a", "x"), NOON, NOON + timedelta(days=1), 10).value.tolist() == []


def test_what_cannot_be_drawn_is_refused(street: Connection) -> None:
    with pytest.raises(NotFound):
        chart(street, 9, NOON, NOON + timedelta(days=1), 10)
    with pytest.raises(Refused):
        chart(street, stream(street, "a", "x"), NOON, NOON + timedelta(days=1), 2)
