"""Nothing is kept longer than the settings say, and nothing goes before it is added up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from tests.sensors import community, stream
from twin import db, quarantine, retention
from twin.db import Connection
from twin.editions import compress, edition, optional
from twin.observations import Batch, history, record
from twin.packing import pack_oldest
from twin.quarantine import Refusal
from twin.retention import retain
from twin.rollups import roll_up
from twin.settings import StorageSettings

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = FIRST + timedelta(days=60, hours=5, minutes=17, seconds=3)
KEEP = StorageSettings(raw_days=40, welfare_days=30, quarantine_days=7)


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        yield connection


def filled(connection: Connection) -> tuple[int, int]:
    """Store a reading every 20 minutes for 60 days of a water level and of a door in a dwelling."""
    open_air, door = stream(connection, "a", "depth"), stream(connection, "d", "contact", kind="door")
    times = round(FIRST.timestamp()) * 1_000_000 + np.arange(60 * 72, dtype=np.int64) * 1_200_000_000
    for one in (open_air, door):
        record(connection, Batch(np.full(len(times), one, np.int32), times, np.ones(len(times)), NOW))
    for _ in range(2):
        roll_up(connection, NOW)
    return open_air, door


def oldest(connection: Connection, table: str, column: str, one: int) -> datetime | None:
    found: datetime | None = connection.scalar(
        sa.text(f"SELECT min({column}) FROM {table} WHERE datastream_id = :id"), {"id": one}
    )
    return found


def test_no_row_is_older_than_it_may_be_and_the_days_stay(street: Connection) -> None:
    open_air, door = filled(street)
    gone = retain(street, KEEP, NOW)
    assert not gone.is_held_back
    assert oldest(street, "observation", "time", open_air) == FIRST + timedelta(days=21)
    assert oldest(street, "observation", "time", door) == FIRST + timedelta(days=30, hours=6)
    assert oldest(street, "observation_hour", "bucket", open_air) == FIRST
    assert oldest(street, "observation_hour", "bucket", door) == FIRST + timedelta(days=30, hours=6)
    for one in (open_air, door):
        days = street.execute(
            sa.text(
                "SELECT min(day), max(day), count(*), min(n), max(n) FROM observation_day WHERE datastream_id = :id"
            ),
            {"id": one},
        ).one()
        assert tuple(days) == (date(2026, 3, 1), date(2026, 4, 29), 60, 72, 72)


def test_as_the_clock_moves_on_nothing_older_is_ever_left(street: Connection) -> None:
    open_air, door = filled(street)
    for hours in range(0, 45 * 24, 97):
        now = NOW + timedelta(hours=hours)
        for _ in range(2):
            roll_up(street, now)
        retain(street, KEEP, now)
        for one, days in ((open_air, 40), (door, 30)):
            found = oldest(street, "observation", "time", one)
            assert found is None or found >= now - timedelta(days=days)
    assert street.scalar(sa.text("SELECT count(*) FROM observation")) == 0
    assert street.scalar(sa.text("SELECT count(*) FROM observation_day")) == 120


def test_a_late_reading_of_what_is_gone_leaves_its_hour_and_day_as_they_were(street: Connection) -> None:
    _, door = filled(street)
    retain(street, KEEP, NOW)
    times = np.array(
        [round((FIRST + timedelta(days=30, hours=h)).timestamp()) * 1_000_000 + 1 for h in (5, 7)], np.int64
    )
    record(street, Batch(np.full(2, door, np.int32), times, np.ones(2), NOW))
    roll_up(street, NOW)
    assert oldest(street, "observation_hour", "bucket", door) == FIRST + timedelta(days=30, hours=6)
    n = street.scalar(
        sa.text("SELECT n FROM observation_day WHERE datastream_id = :id AND day = '2026-03-31'"), {"id": door}
    )
    assert n == 72
    retain(street, KEEP, NOW)
    assert oldest(street, "observation", "time", door) == FIRST + timedelta(days=30, hours=6)


def test_what_is_not_added_up_is_held_back(street: Connection) -> None:
    one = stream(street, "d", "contact", kind="door")
    record(street, Batch(np.array([one], np.int32), np.array([round(FIRST.timestamp()) * 1_000_000]), np.ones(1), NOW))
    assert retain(street, KEEP, NOW).is_held_back
    assert len(history(street, one, FIRST, NOW).value) == 1
    for _ in range(2):
        roll_up(street, NOW)
    assert not retain(street, KEEP, NOW).is_held_back
    assert len(history(street, one, FIRST, NOW).value) == 0
    assert street.scalar(sa.text("SELECT n FROM observation_day")) == 1


def test_packed_days_go_too(street: Connection) -> None:
    open_air, _ = filled(street)
    while pack_oldest(street, NOW - timedelta(days=32)) is not None:
        pass
    retain(street, KEEP, NOW)
    kept = history(street, open_air, FIRST, NOW)
    assert kept.time_us[0] == round((FIRST + timedelta(days=21)).timestamp()) * 1_000_000
    assert len(kept.time_us) == 39 * 72
    assert oldest(street, "observation_packed", "day", open_air) == date(2026, 3, 22)


def test_refused_messages_go_when_they_were_not_seen_for_long(street: Connection) -> None:
    for topic, days in (("old", 8), ("new", 6)):
        refusal = Refusal(topic, None, "not_json", "no JSON", b"x", NOW - timedelta(days=days))
        quarantine.fold(street, [refusal])
    assert retain(street, KEEP, NOW).quarantine == 1
    assert street.scalars(sa.text("SELECT topic FROM quarantine")).all() == ["new"]


def test_compression_is_left_out_of_the_apache_edition_and_said(street: Connection) -> None:
    assert edition(street) == "apache"
    assert compress(street, 35) == ["not compressed: this edition of TimescaleDB (apache) cannot"]
    assert compress(street, None) == []


def test_what_an_edition_lacks_undoes_nothing_else(street: Connection) -> None:
    one = stream(street, "a", "x")
    assert not optional(street, "ALTER TABLE observation SET (timescaledb.compress)")
    assert not optional(street, "SELECT add_compression_policy('observation', make_interval(days => :days))", days=35)
    assert optional(street, "SELECT 1")
    assert street.scalar(sa.text("SELECT id FROM datastream")) == one
    with pytest.raises(sa.exc.ProgrammingError):
        optional(street, "SELECT no_such_function()")


def test_the_command_says_what_went(database: str) -> None:
    lines: list[str] = []
    retention.run(database, StorageSettings(pack_after_days=40), lines.append)
    assert "cannot" in lines[0]
    assert lines[1].startswith("gone: 0 days, 0 rows")
    assert lines[-1] == "packed into 0 rows"


def test_settings_that_would_lose_readings_are_refused() -> None:
    for wrong in ({"pack_after_days": 30}, {"raw_days": 40, "welfare_days": 41}, {"compress_after_days": 3}):
        with pytest.raises(ValidationError):
            StorageSettings(**wrong)
