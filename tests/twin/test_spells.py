"""How long a lift ran and stood, judged from readings: by hand, and from the real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg

from twin import db, spells
from twin.effects import Rule
from twin.terms import ElementKind

START = datetime(2026, 1, 1, tzinfo=UTC)
STOPS = Rule(closes_below=0.5)


def stretches(
    readings: list[tuple[int, float]], rule: Rule = STOPS, *, hold_s: int = 100, end_s: int = 1_000
) -> list[tuple[bool, float]]:
    time_us = np.array([int(START.timestamp() * 1_000_000) + second * 1_000_000 for second, _ in readings])
    value = np.array([value for _, value in readings])
    end = START + timedelta(seconds=end_s)
    return list(spells.spells(time_us, value, rule, hold=timedelta(seconds=hold_s), end=end))


def test_a_reading_holds_until_the_next_and_no_longer_than_it_may() -> None:
    assert stretches([(0, 1), (60, 1), (120, 0), (500, 1), (550, 0)]) == [
        (True, 120.0),
        (False, 100.0),  # then nothing was known for 280 s
        (True, 50.0),
        (False, 100.0),
    ]
    assert stretches([(0, 1), (950, 0)], hold_s=2_000) == [(True, 950.0), (False, 50.0)]
    assert stretches([]) == []


def test_between_two_limits_it_stays_what_it_was() -> None:
    flood = Rule(closes_above=0.3, opens_below=0.1)
    readings = [(0, 0.2), (10, 0.4), (20, 0.2), (30, 0.05), (40, 0.2)]
    assert stretches(readings, flood, end_s=50) == [(True, 10.0), (False, 20.0), (True, 20.0)]


def test_a_lifts_history_is_read_from_its_readings(monaco: str) -> None:
    with psycopg.connect(monaco, autocommit=True) as connection:
        (stream, element) = connection.execute("""
            SELECT e.datastream_id, e.element_id FROM effect e JOIN network_edge n ON n.id = e.element_id
            WHERE e.element_kind = 'edge' AND n.kind = 'lift' AND e.closes_below IS NOT NULL ORDER BY 1 LIMIT 1
        """).fetchone()  # type: ignore[misc]
        for minute, value in ((0, 1), (1, 1), (2, 0), (3, 0), (4, 1)):
            connection.execute(
                "INSERT INTO observation (datastream_id, time, value) VALUES (%s, %s, %s)",
                (stream, START + timedelta(minutes=minute), value),
            )
    with db.opened(monaco) as engine, engine.connect() as connection:
        place = connection.exec_driver_sql("SELECT id FROM place").scalar_one()
        (found,) = spells.of_lifts(connection, place, START, START + timedelta(minutes=5))
    assert (ElementKind.EDGE, element) in found.elements
    assert found.states == ((True, 120.0), (False, 120.0), (True, 60.0))
