"""What was refused, kept with its bytes so that it can be looked at and tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import changes
from twin.errors import NotFound

__all__ = ["Kept", "Refusal", "Sum", "find", "fold", "get", "kept", "page", "reasons", "release", "samples"]

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
    thing_key: str | None = None  # of a single reading, and its property; None: the whole message is set aside
    name: str | None = None
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
                        first_seen, last_seen, count, thing_key, property)
SELECT * FROM unnest(CAST(:keys AS bytea[]), CAST(:topics AS text[]), CAST(:formats AS text[]), CAST(:codes AS text[]),
       CAST(:reasons AS text[]), CAST(:payloads AS bytea[]), CAST(:sizes AS integer[]), CAST(:measured AS timestamptz[]),
       CAST(:first AS timestamptz[]), CAST(:last AS timestamptz[]), CAST(:counts AS bigint[]),
       CAST(:things AS text[]), CAST(:properties AS text[]))
ON CONFLICT (fold_key) DO UPDATE
   SET first_seen = CASE WHEN quarantine.retried_at IS NULL THEN quarantine.first_seen ELSE excluded.first_seen END,
       retried_at = NULL, last_seen = greatest(quarantine.last_seen, excluded.last_seen), count = quarantine.count + excluded.count
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
            "things": [row.refusal.thing_key for row in rows],
            "properties": [row.refusal.name for row in rows],
        },
    )
    changes.announce(connection, "quarantine")


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the quarantine: the same refusal `count` times, with the payload of the first."""

    id: int
    topic: str
    format: str | None
    reason_code: str
    reason: str
    payload: bytes
    payload_bytes: int  # as it came; more than there are in `payload` where it was cut
    measured_at: datetime | None
    first_seen: datetime
    last_seen: datetime
    count: int
    thing_key: str | None
    name: str | None  # the property of a single reading
    retried_at: datetime | None

    @property
    def is_whole_message(self) -> bool:
        """Whether a message was set aside unread, not one of its readings."""
        return self.thing_key is None


COLUMNS = """id, topic, format, reason_code, reason, payload, payload_bytes, measured_at, first_seen, last_seen, count,
       thing_key, property, retried_at"""


def kept(connection: Connection, *, reason_code: str | None = None, limit: int = 100) -> list[Kept]:
    """Read what is set aside, the last seen first; of one reason only where it is given."""
    rows = connection.execute(
        sa.text(f"""
        SELECT {COLUMNS} FROM quarantine WHERE CAST(:code AS text) IS NULL OR reason_code = :code
         ORDER BY last_seen DESC, id DESC LIMIT :limit
        """),
        {"code": reason_code, "limit": limit},
    )
    return [Kept(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Sum:
    """What is set aside for one reason: rows, the readings or messages that they stand for, and since when till when."""

    reason_code: str
    rows: int
    count: int
    first_seen: datetime
    last_seen: datetime


def reasons(connection: Connection) -> list[Sum]:
    """Add up what is set aside by reason, the most first."""
    rows = connection.execute(
        sa.text("""
        SELECT reason_code, count(*), sum(count)::bigint, min(first_seen), max(last_seen) FROM quarantine
         GROUP BY reason_code ORDER BY sum(count) DESC, reason_code
        """)
    )
    return [Sum(*row) for row in rows]


def page(
    connection: Connection,
    *,
    reason_code: str | None,
    search: str,
    most: int,
    after: tuple[datetime, int] | None = None,
) -> list[Kept]:
    """Read a page of what is set aside, the last seen first; `search` is part of a topic, a thing key or a property."""
    seen, row_id = after or (None, None)
    rows = connection.execute(
        sa.text(f"""
        SELECT {COLUMNS} FROM quarantine
         WHERE (CAST(:code AS text) IS NULL OR reason_code = :code)
           AND (:search = '' OR position(:search IN lower(concat_ws(' ', topic, thing_key, property))) > 0)
           AND (CAST(:seen AS timestamptz) IS NULL OR (last_seen, id) < (:seen, :row))
         ORDER BY last_seen DESC, id DESC LIMIT :most
        """),
        {"code": reason_code, "search": search.lower(), "seen": seen, "row": row_id, "most": most},
    )
    return [Kept(*row) for row in rows]


def get(connection: Connection, row_id: int) -> Kept:
    """Read one row. Raises NotFound."""
    row = connection.execute(sa.text(f"SELECT {COLUMNS} FROM quarantine WHERE id = :id"), {"id": row_id}).one_or_none()
    if row is None:
        raise NotFound(f"nothing in the quarantine has the id {row_id}")
    return Kept(*row)


def samples(connection: Connection, topic_filter: str, most: int) -> list[Kept]:
    """Read the last whole payloads that came on the topics of an MQTT filter, each once, the last seen first."""
    levels = {"+": "[^/]*", "#": ".*"}
    pattern = "/".join(levels.get(level, re.escape(level)) for level in topic_filter.split("/"))
    rows = connection.execute(
        sa.text(f"""
        SELECT {COLUMNS} FROM (
            SELECT DISTINCT ON (topic, payload) * FROM (
                SELECT * FROM quarantine WHERE topic ~ :pattern AND payload_bytes = octet_length(payload)
                 ORDER BY last_seen DESC LIMIT 500) q ORDER BY topic, payload, last_seen DESC) one
         ORDER BY last_seen DESC, id DESC LIMIT :most
        """),
        {"pattern": f"^{pattern}$", "most": most},
    )
    return [Kept(*row) for row in rows]


def find(connection: Connection, row_id: int) -> Kept:
    """Read one row and hold it until the transaction ends. Raises NotFound."""
    row = connection.execute(
        sa.text(f"SELECT {COLUMNS} FROM quarantine WHERE id = :id FOR UPDATE"), {"id": row_id}
    ).one_or_none()
    if row is None:
        raise NotFound(f"nothing in the quarantine has the id {row_id}")
    return Kept(*row)


def release(connection: Connection, row_id: int, *, left: int, at: datetime) -> None:
    """Let go what a row kept; `left` repeats stay counted, with the moment at which the rest was taken."""
    values = {"id": row_id, "left": left, "at": at}
    if left:
        connection.execute(sa.text("UPDATE quarantine SET count = :left, retried_at = :at WHERE id = :id"), values)
    else:
        connection.execute(sa.text("DELETE FROM quarantine WHERE id = :id"), values)
    changes.announce(connection, "quarantine")
