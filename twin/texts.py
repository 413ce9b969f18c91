"""Readings that are free text: stored once, the newest kept, read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection

from twin import changes, subscribers
from twin.errors import Stale
from twin.observations import Outcome

__all__ = ["Texts", "history", "record"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts of known datastreams in the order of arrival, three sequences of one length; times in µs since 1970."""

    datastream_id: Sequence[int]
    time_us: Sequence[int]
    value: Sequence[str]
    received_at: datetime


STORE = sa.text("""
WITH came AS (
    SELECT id, timestamptz 'epoch' + us * interval '1 microsecond' AS time, value, n
      FROM unnest(CAST(:ids AS integer[]), CAST(:times AS bigint[]), CAST(:values AS text[])) WITH ORDINALITY AS c(id, us, value, n)),
stored AS (
    INSERT INTO observation_text (datastream_id, time, value)
    SELECT DISTINCT ON (id, time) id, time, value FROM came ORDER BY id, time, n
    ON CONFLICT DO NOTHING RETURNING datastream_id, time, value)
SELECT c.n, s.time IS NOT NULL AND c.n = min(c.n) OVER (PARTITION BY c.id, c.time) AS is_stored,
       coalesce(s.value, o.value) <> c.value AS is_conflict, l.time > c.time AS is_late
  FROM came c LEFT JOIN stored s ON s.datastream_id = c.id AND s.time = c.time
  LEFT JOIN observation_text o ON o.datastream_id = c.id AND o.time = c.time
  LEFT JOIN latest_text l ON l.datastream_id = c.id ORDER BY c.n
""")
NEWEST = sa.text("""
INSERT INTO latest_text (datastream_id, time, value, received_at)
SELECT DISTINCT ON (id) id, timestamptz 'epoch' + us * interval '1 microsecond', value, :received_at
  FROM unnest(CAST(:ids AS integer[]), CAST(:times AS bigint[]), CAST(:values AS text[])) WITH ORDINALITY AS c(id, us, value, n)
 ORDER BY id, us DESC, n
ON CONFLICT (datastream_id) DO UPDATE
   SET time = excluded.time, value = excluded.value, received_at = excluded.received_at
 WHERE least(excluded.time, excluded.received_at) > least(latest_text.time, latest_text.received_at)
RETURNING datastream_id
""")


def record(connection: Connection, texts: Texts) -> Outcome:
    """Store texts as `twin.observations.record` stores numbers; of two for one instant the first is kept.

    Raises Stale where a datastream is no longer in the register.
    """
    if not texts.value:
        none = np.zeros(0, dtype=np.bool_)
        return Outcome(none, none, none, ())
    values = {"ids": list(texts.datastream_id), "times": list(texts.time_us), "values": list(texts.value)}
    became = connection.execute(STORE, values).all()
    try:
        newer = connection.scalars(NEWEST, values | {"received_at": texts.received_at}).all()
    except sa.exc.IntegrityError as error:
        if not isinstance(error.orig, psycopg.errors.ForeignKeyViolation):
            raise
        raise Stale(f"a datastream is no longer in the register: {error.orig}") from error
    changes.announce(connection, "latest", ids=sorted(newer))
    rows = zip(texts.datastream_id, texts.time_us, became, strict=True)
    stored = [(int(one), int(us)) for one, us, row in rows if row.is_stored]
    subscribers.tell(connection, subscribers.streams(connection), stored)
    is_stored, is_conflict, is_late = np.array([[bool(one) for one in row[1:]] for row in became], dtype=np.bool_).T
    return Outcome(is_stored, is_conflict, is_late & is_stored, effects=())


def history(connection: Connection, datastream_id: int, start: datetime, end: datetime) -> list[tuple[int, str]]:
    """Read the texts of a datastream in [start, end), oldest first: (microseconds since 1970, text)."""
    rows = connection.execute(
        sa.text("""
        SELECT time, value FROM observation_text WHERE datastream_id = :id AND time >= :start AND time < :end ORDER BY time
        """),
        {"id": datastream_id, "start": start, "end": end},
    )
    return [((time - EPOCH) // timedelta(microseconds=1), value) for time, value in rows]
