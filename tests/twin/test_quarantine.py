"""What was refused is kept once, with its count and its first bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from twin import db, quarantine
from twin.quarantine import KEPT_BYTES, Refusal

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = "SELECT topic, reason_code, reason, payload, payload_bytes, first_seen, last_seen, count FROM quarantine ORDER BY id"


def refusal(payload: bytes = b"x", minute: int = 0, reason: str = "not JSON", topic: str = "t") -> Refusal:
    return Refusal(topic, "senml", "not_json", reason, payload, NOON + timedelta(minutes=minute))


def test_the_same_refusal_counts_up_its_row_within_a_batch_and_after_it(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        quarantine.fold(connection, [refusal(minute=2), refusal(minute=5), refusal(minute=4)])
        quarantine.fold(connection, [refusal(minute=3)])
        quarantine.fold(connection, [])
        (row,) = connection.execute(sa.text(ROWS)).all()
    first, last = NOON + timedelta(minutes=2), NOON + timedelta(minutes=5)
    assert tuple(row) == ("t", "not_json", "not JSON", b"x", 1, first, last, 4)


def test_another_topic_reason_or_payload_is_another_row() -> None:
    cases = [refusal(), refusal(b"y"), refusal(reason="empty"), refusal(topic="u"), refusal(b"Nx", reason="not JSO")]
    assert len({one.fold_key for one in cases}) == len(cases)


def test_a_long_payload_is_kept_by_its_beginning_and_told_apart_by_its_end(database: str) -> None:
    long = bytes(KEPT_BYTES)
    with db.opened(database) as engine, engine.begin() as connection:
        quarantine.fold(connection, [refusal(long + b"a"), refusal(long + b"b")])
        rows = connection.execute(sa.text(ROWS)).all()
    assert [(row.payload, row.payload_bytes, row[-1]) for row in rows] == [(long, KEPT_BYTES + 1, 1)] * 2
