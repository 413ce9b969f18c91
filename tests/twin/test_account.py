"""Received is stored, duplicate and quarantined together, by minute and source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from twin import account, db
from twin.account import Tally

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
