"""What was refused, kept with its bytes so that it can be looked at and tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import changes

__all__ = ["Refusal", "fold"]

KEPT_BYTES = 65_536  # of a payload
KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is set aside of one message; the texts hold no NUL, `measured_at` is None where no time was read."""

    topic: str
    format: str | None
    reason_code: str
    reason: str
    payload: bytes
    seen: datetime
    measured_at: datetime | None = None
    count: int = 1  # readings of one message that this row stands for

    @property
    def fold_key(self) -> bytes:
        """What makes two refusals the same: topic, reason and payload."""
        parts = (self.topic.encode(), self.reason_code.encode(), self.reason.encode(), self.payload)
        mark = blake2b(digest_size=KEY_BYTES)
        for part in parts:
            mark.update(len(part).to_bytes(8, "big") + part)  # the length keeps "ab"+"c" and "a"+"bc" apart
        return mark.digest()


@dataclass(slots=True)
class Fold:
    """The same refusal several times in one batch."""

    refusal: Refusal
    last_seen: datetime
    count: int


FOLD = sa.text("""
INSERT INTO quarantine (fold_key, topic, format, reason_code, reason, payload, payload_bytes, measured_at,
                        first_seen, last_seen, count)
SELECT * FROM unnest(CAST(:keys AS bytea[]), CAST(:topics AS text[]), CAST(:formats AS text[]), CAST(:codes AS text[]),
       CAST(:reasons AS text[]), CAST(:payloads AS bytea[]), CAST(:sizes AS integer[]), CAST(:measured AS timestamptz[]),
       CAST(:first AS timestamptz[]), CAST(:last AS timestamptz[]), CAST(:counts AS bigint[]))
ON CONFLICT (fold_key) DO UPDATE
   SET last_seen = greatest(quarantine.last_seen, excluded.last_seen), count = quarantine.count + excluded.count
""")


def fold(connection: Connection, refusals: Iterable[Refusal]) -> None:
    """Set refusals aside; one seen before counts up its row."""
    folds: dict[bytes, Fold] = {}
    for refusal in refusals:
        known = folds.setdefault(refusal.fold_key, Fold(refusal, refusal.seen, 0))
        known.count += refusal.count
        known.last_seen = max(known.last_seen, refusal.seen)
    if not folds:
        return
    ordered = sorted(folds.items())  # one order for all workers: no deadlock
    rows = [one for _, one in ordered]
    connection.execute(
        FOLD,
        {
            "keys": [key for key, _ in ordered],
            "topics": [row.refusal.topic for row in rows],
            "formats": [row.refusal.format for row in rows],
            "codes": [row.refusal.reason_code for row in rows],
            "reasons": [row.refusal.reason for row in rows],
            "payloads": [row.refusal.payload[:KEPT_BYTES] for row in rows],
            "sizes": [len(row.refusal.payload) for row in rows],
            "measured": [row.refusal.measured_at for row in rows],
            "first": [row.refusal.seen for row in rows],
            "last": [row.last_seen for row in rows],
            "counts": [row.count for row in rows],
        },
    )
    changes.announce(connection, "quarantine")
