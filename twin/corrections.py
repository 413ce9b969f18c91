"""Correct or take away an observation, and all that was concluded from it: newest value, hours, states."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import changes, effects

__all__ = ["correct", "remove", "remove_all"]


def correct(connection: Connection, datastream_id: int, time: datetime, value: float) -> None:
    """Give a stored observation another value, which is in the datastream's range."""
    spot = {"id": datastream_id, "time": time}
    connection.execute(
        sa.text("UPDATE observation SET value = :value WHERE datastream_id = :id AND time = :time"),
        spot | {"value": value},
    )
    connection.execute(
        sa.text("UPDATE latest SET value = :value WHERE datastream_id = :id AND time = :time"), spot | {"value": value}
    )
    _conclude(connection, datastream_id, time)


def remove(connection: Connection, datastream_id: int, time: datetime) -> None:
    """Take an observation away; the one before it becomes the newest where this was."""
    spot = {"id": datastream_id, "time": time}
    connection.execute(sa.text("DELETE FROM observation_detail WHERE datastream_id = :id AND time = :time"), spot)
    connection.execute(sa.text("DELETE FROM observation WHERE datastream_id = :id AND time = :time"), spot)
    connection.execute(sa.text("DELETE FROM observation_text WHERE datastream_id = :id AND time = :time"), spot)
    connection.execute(LATEST_TEXT, spot)
    was_newest = connection.execute(
        sa.text("DELETE FROM latest WHERE datastream_id = :id AND time = :time RETURNING received_at"), spot
    ).scalar()
    if was_newest is not None:
        connection.execute(
            sa.text("""
            INSERT INTO latest (datastream_id, time, value, received_at)
            SELECT datastream_id, time, value, :received_at FROM observation
             WHERE datastream_id = :id ORDER BY time DESC LIMIT 1
            """),
            spot | {"received_at": was_newest},
        )
    _conclude(connection, datastream_id, time)


def remove_all(connection: Connection, datastream_ids: list[int]) -> None:
    """Take away datastreams with all that was measured and concluded; announce the effects that go with them."""
    ids = {"ids": datastream_ids}
    gone = connection.scalars(sa.text("SELECT id FROM effect WHERE datastream_id = ANY(CAST(:ids AS integer[]))"), ids)
    announced = sorted(gone)
    rolled = ("observation_minute", "observation_hour", "observation_day")
    for table in ("observation", "observation_packed", "observation_text", *rolled, "observation_dirty"):
        connection.execute(sa.text(f"DELETE FROM {table} WHERE datastream_id = ANY(CAST(:ids AS integer[]))"), ids)
    connection.execute(sa.text("DELETE FROM datastream WHERE id = ANY(CAST(:ids AS integer[]))"), ids)
    changes.announce(connection, "effects", ids=announced)
    changes.announce(connection, "latest", ids=datastream_ids)


# A text that was the newest gives way to the one before it.
LATEST_TEXT = sa.text("""
WITH gone AS (DELETE FROM latest_text WHERE datastream_id = :id AND time = :time RETURNING received_at)
INSERT INTO latest_text (datastream_id, time, value, received_at)
SELECT o.datastream_id, o.time, o.value, gone.received_at FROM gone CROSS JOIN LATERAL (
       SELECT * FROM observation_text WHERE datastream_id = :id AND time <> :time ORDER BY time DESC LIMIT 1) o
""")
# The marked hour is added up anew; an hour that has lost its last reading leaves no row behind.
MARK = sa.text("""
WITH hour AS (SELECT CAST(:id AS integer) AS id, date_trunc('hour', CAST(:time AS timestamptz), 'UTC') AS bucket),
gone AS (
    DELETE FROM observation_hour h USING hour WHERE h.datastream_id = hour.id AND h.bucket = hour.bucket
       AND NOT EXISTS (SELECT FROM observation o WHERE o.datastream_id = hour.id
                          AND o.time >= hour.bucket AND o.time < hour.bucket + interval '1 hour'))
INSERT INTO observation_dirty (datastream_id, bucket)
SELECT id, bucket FROM hour, observation_watermark w WHERE bucket < w.rolled_until
""")
# What was judged by this reading or by one after it is judged again by the newest; nothing left: unknown.
AGAIN = sa.text("""
UPDATE effect_state s SET reading_time = NULL FROM effect e
 WHERE e.id = s.effect_id AND e.datastream_id = :id AND s.reading_time <= :time
""")
UNKNOWN = sa.text("""
WITH lost AS (
    UPDATE effect_state s SET state = 'unknown', since = now() FROM effect e
     WHERE e.id = s.effect_id AND e.datastream_id = :id AND s.state <> 'unknown'
       AND NOT EXISTS (SELECT FROM latest l WHERE l.datastream_id = :id)
    RETURNING s.effect_id, s.since)
INSERT INTO effect_history (effect_id, state, since) SELECT effect_id, 'unknown', since FROM lost RETURNING effect_id
""")


def _conclude(connection: Connection, datastream_id: int, time: datetime) -> None:
    spot = {"id": datastream_id, "time": time}
    connection.execute(MARK, spot)
    connection.execute(AGAIN, spot)
    effects.apply(connection, [datastream_id])
    changes.announce(connection, "effects", ids=sorted(connection.scalars(UNKNOWN, spot)))
    changes.announce(connection, "latest", ids=[datastream_id])
