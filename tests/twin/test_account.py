"""Received is stored, duplicate and quarantined together, by minute and source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from tests import sensors
from twin import account, alarms, db
from twin.account import Balance, Tally
from twin.observations import Batch, record

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_counts_of_one_minute_and_source_add_up(database: str) -> None:
    later = NOON + timedelta(minutes=1)
    with db.opened(database) as engine, engine.begin() as connection:
        account.add(connection, {(NOON, "senml"): Tally(3, 2, 1, 0), (NOON, "unknown"): Tally(1, 0, 0, 1)})
        account.add(connection, {(NOON, "senml"): Tally(1, 0, 0, 4), (later, "senml"): Tally(1, 1)})
        account.add(connection, {})
        rows = connection.execute(
            sa.text(
                "SELECT minute, source, messages, received, stored, duplicate, quarantined FROM account ORDER BY 1, 2"
            )
        ).all()
        assert [tuple(row) for row in rows] == [
            (NOON, "senml", 4, 7, 2, 1, 4),
            (NOON, "unknown", 1, 1, 0, 0, 1),
            (later, "senml", 1, 1, 1, 0, 0),
        ]
        assert account.total(connection) == Tally(6, 3, 1, 5)
        assert account.total(connection, later) == Tally(1, 1)


def test_the_account_is_held_against_what_the_database_counts(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        place_id = sensors.community(connection)
        roof = sensors.stream(connection, "roof", "temperature", "Cel")
        us = np.array([round(NOON.timestamp()) * 1_000_000 + i for i in (0, 1, 1, 2)], np.int64)
        batch = Batch(np.full(4, roof, np.int32), us, np.arange(4.0), NOON)
        for stored in (3, 0):  # the second time all are duplicates
            assert record(connection, batch).stored == stored
            account.add(connection, {(NOON, "senml"): Tally(1, stored, 4 - stored, 0)})
        assert account.check(connection, NOON) == Balance(3, 3, 0, 0)
        assert alarms.now(connection, place_id) == []
        connection.execute(sa.text("UPDATE account SET stored = stored + 1, received = received + 1"))
        assert not account.check(connection, NOON).is_true
        (alarm,) = alarms.now(connection, place_id)
        assert (alarm.kind, alarm.severity, alarm.detail["stored"]) == ("account", "critical", [4, 3])
        connection.execute(sa.text("UPDATE account SET stored = stored - 1, received = received - 1"))
        assert account.check(connection, NOON).is_true
        assert alarms.now(connection, place_id) == []
        assert connection.execute(sa.text("SELECT inserted FROM observation_count")).scalars().all() == [3]
