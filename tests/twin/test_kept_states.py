"""How long each state held is the same before and after its readings were let go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from tests.sensors import community, stream
from twin import db, texts
from twin.db import Connection
from twin.observations import Batch, record
from twin.retention import retain
from twin.rollups import roll_up
from twin.settings import StorageSettings
from twin.states import TimeInWords, time_in_state, time_in_words
from twin.texts import Texts

FIRST = datetime(2026, 3, 1, 7, tzinfo=UTC)
NOW = FIRST + timedelta(days=60, hours=5)
KEEP = StorageSettings(raw_days=40, welfare_days=30, quarantine_days=7)
SPAN = (date(2026, 3, 1), date(2026, 5, 1))


@pytest.fixture
def street(database: str) -> Iterator[Connection]:
    with db.opened(database) as engine, engine.begin() as connection:
        community(connection)
        connection.execute(sa.text("UPDATE place SET timezone = 'Europe/Monaco'"))  # the clocks change on 29 March
        yield connection


def filled(connection: Connection) -> dict[str, int]:
    """Store 60 days of a lift's truth and mode, of its note, of a share, and of a door in a dwelling; with gaps."""
    ids = {
        "truth": stream(connection, "lift", "in_service", highest=1, interval_s=3600),
        "mode": stream(connection, "lift", "mode", highest=2),
        "note": stream(connection, "lift", "note"),
        "share": stream(connection, "lift", "share", highest=1),
        "door": stream(connection, "door", "contact", kind="door", highest=1, interval_s=43_200),
    }
    connection.execute(sa.text("UPDATE datastream SET result = 'category' WHERE id = :id"), {"id": ids["mode"]})
    connection.execute(sa.text("UPDATE datastream SET result = 'text' WHERE id = :id"), {"id": ids["note"]})
    connection.execute(
        sa.text(
            "INSERT INTO category SELECT :id, n - 1, word FROM unnest(ARRAY['idle', 'up', 'down']) WITH ORDINALITY w(word, n)"
        ),
        {"id": ids["mode"]},
    )
    rng = np.random.default_rng(7)
    for name, highest in (("truth", 1), ("mode", 2), ("share", 0), ("door", 1)):
        times = (
            np.sort(rng.choice(60 * 86_400, 1_500, replace=False)) * 1_000_000 + round(FIRST.timestamp()) * 1_000_000
        )
        values = rng.integers(0, highest + 1, 1_500).astype(float) if highest else rng.random(1_500)
        record(connection, Batch(np.full(1_500, ids[name], np.int32), times.astype(np.int64), values, NOW))
    said = [round((FIRST + timedelta(hours=7 * n)).timestamp()) * 1_000_000 for n in range(200)]
    texts.record(connection, Texts([ids["note"]] * 200, said, [f"note {n % 5}" for n in range(200)], NOW))
    for _ in range(2):
        roll_up(connection, NOW)
    return ids


def held(connection: Connection, ids: dict[str, int]) -> dict[str, list[TimeInWords]]:
    return {name: time_in_words(connection, ids[name], *SPAN, NOW) for name in ("truth", "mode", "note", "door")}


def test_states_outlive_their_readings_to_the_microsecond(street: Connection) -> None:
    ids = filled(street)
    before = held(street, ids)
    assert {len(days) for days in before.values()} == {61}
    for now in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=9)):
        roll_up(street, now)
        roll_up(street, now)
        retain(street, KEEP, now)
        assert held(street, ids) == before
    first_left = street.scalar(
        sa.text("SELECT min(time) FROM observation WHERE datastream_id = :id"), {"id": ids["truth"]}
    )
    assert first_left > FIRST + timedelta(days=20)
    assert [one.availability for one in time_in_state(street, ids["truth"], *SPAN, NOW)][:3] != [None] * 3


def test_a_ratio_is_no_truth_and_keeps_no_states(street: Connection) -> None:
    ids = filled(street)
    retain(street, KEEP, NOW)
    kept = street.scalars(sa.text("SELECT DISTINCT datastream_id FROM state_day ORDER BY 1")).all()
    assert kept == [ids["truth"], ids["mode"], ids["note"], ids["door"]]
