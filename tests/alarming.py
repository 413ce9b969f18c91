"""A street with alarm rules of the test's own, for the tests of what raises and clears."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from tests.sensors import community
from twin import alarm_clock, alarms
from twin.alarms import Alarm
from twin.db import Connection
from twin.observations import Batch, record
from twin.terms import AlarmKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def quiet_street(connection: Connection) -> int:
    """Make a place without any rule and give its id."""
    place_id = community(connection)
    connection.exec_driver_sql("DELETE FROM alarm_rule")
    return place_id


def place_of(connection: Connection) -> int:
    """Give the id of the one place."""
    return int(connection.execute(sa.text("SELECT id FROM place")).scalar_one())


def rule(connection: Connection, name: str, kind: AlarmKind = AlarmKind.VALUE, **columns: object) -> int:
    """Put a rule and give its id."""
    values: dict[str, object] = {"severity": "major", "source": "test", "certainty": "A", **columns}
    names = ", ".join(values)
    marks = ", ".join(f":{each}" for each in values)
    statement = f"INSERT INTO alarm_rule (name, kind, {names}) VALUES (:name, :kind, {marks}) RETURNING id"
    return int(connection.execute(sa.text(statement), {"name": name, "kind": kind, **values}).scalar_one())


def report(connection: Connection, datastream_id: int, *readings: tuple[float, float]) -> None:
    """Record (minutes after noon, value) in one batch."""
    noon_us = round(NOON.timestamp()) * 1_000_000
    times = np.array([noon_us + round(minute * 60_000_000) for minute, _ in readings], np.int64)
    values = np.array([value for _, value in readings])
    record(connection, Batch(np.full(len(readings), datastream_id, np.int32), times, values, NOON + timedelta(days=9)))


def tick(connection: Connection, minute: float) -> None:
    """Let the clock be so many minutes after noon."""
    alarm_clock.tick(connection, place_of(connection), NOON + timedelta(minutes=minute))


def look_after_homes(connection: Connection, minute: float) -> None:
    """Let the minute come in which homes are looked after."""
    alarm_clock.settle_inactivity(connection, place_of(connection), NOON + timedelta(minutes=minute))


def standing(connection: Connection) -> list[Alarm]:
    """Give the alarms that stand and that nothing else explains."""
    return [alarm for alarm in alarms.now(connection, place_of(connection)) if alarm.suppressed_by is None]
