"""Who subscribed to what of SensorThings over MQTT, and telling what is new where somebody did.

What a commit brings is announced on a channel of its own: observations by datastream and time, other entities by number
(triggers of the migration 0071). Where nobody subscribed, nothing is announced, and storing a batch costs no statement more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import changes

__all__ = [
    "CHANNEL",
    "OBSERVATIONS",
    "Subscription",
    "add",
    "came",
    "drop",
    "expire",
    "left",
    "streams",
    "tell",
    "topics",
]

CHANNEL = "linli_entities"
OBSERVATIONS = "Observations"
ANY = 0  # in the place of a datastream: of all
MOST = 1_000  # topics in all: each costs a question for each change of its set
ROWS_AT_ONCE = 200  # of at most 34 characters in one announcement


@dataclass(frozen=True, slots=True)
class Subscription:
    """A client's subscription; `datastream_id` is whose observations alone it is of, None: of any."""

    client: str
    topic: str
    entity_set: str
    datastream_id: int | None
    life_s: int  # how long after it has gone the client may come back and find it


def add(connection: Connection, one: Subscription) -> bool:
    """Write a subscription down; False where there are too many already."""
    return bool(
        connection.execute(
            sa.text("""
            INSERT INTO subscribed_topic (client, topic, entity_set, datastream_id, life_s)
            SELECT :client, :topic, :entity_set, :datastream_id, :life_s
             WHERE (SELECT count(*) FROM subscribed_topic) < :most
                OR EXISTS (SELECT FROM subscribed_topic WHERE client = :client AND topic = :topic)
            ON CONFLICT (client, topic) DO UPDATE SET life_s = excluded.life_s, gone_at = NULL
            """),
            {
                **{name: getattr(one, name) for name in ("client", "topic", "entity_set", "datastream_id", "life_s")},
                "most": MOST,
            },
        ).rowcount
    )


def drop(connection: Connection, client: str, topic: str | None = None) -> None:
    """Forget a client's subscription, or all that it has."""
    connection.execute(
        sa.text(
            "DELETE FROM subscribed_topic WHERE client = :client AND topic = coalesce(CAST(:topic AS text), topic)"
        ),
        {"client": client, "topic": topic},
    )


def came(connection: Connection, client: str) -> None:
    """Note that a client is there again, and found what it had subscribed to."""
    connection.execute(sa.text("UPDATE subscribed_topic SET gone_at = NULL WHERE client = :client"), {"client": client})


def left(connection: Connection, client: str | None, at: datetime, *, life_s: int = 0) -> None:
    """Note that a client has gone, None: that any may have; it may come back within `life_s`, or as it said if longer."""
    connection.execute(
        sa.text("""
        UPDATE subscribed_topic SET gone_at = :at, life_s = greatest(life_s, :life_s)
         WHERE gone_at IS NULL AND client = coalesce(CAST(:client AS text), client)
        """),
        {"client": client, "at": at, "life_s": life_s},
    )


def expire(connection: Connection, now: datetime) -> None:
    """Forget the subscriptions of clients that have gone for too long."""
    connection.execute(
        sa.text("DELETE FROM subscribed_topic WHERE gone_at + life_s * interval '1 second' <= :now"), {"now": now}
    )


def topics(connection: Connection) -> dict[str, str]:
    """Give the topics that somebody subscribed to: topic to entity set."""
    rows = connection.execute(sa.text("SELECT DISTINCT topic, entity_set FROM subscribed_topic"))
    return {str(topic): str(entity_set) for topic, entity_set in rows}


# The datastreams whose observations somebody subscribed to; null: nobody did.
STREAMS = f"""
(SELECT array_agg(DISTINCT coalesce(datastream_id, {ANY})) FROM subscribed_topic WHERE entity_set = '{OBSERVATIONS}')
"""


def streams(connection: Connection) -> list[int] | None:
    """Give the datastreams whose observations somebody subscribed to, None where nobody did; 0: of all."""
    found: list[int] | None = connection.scalar(sa.text(f"SELECT {STREAMS}"))
    return found


def tell(connection: Connection, of: list[int] | None, stored: Iterable[tuple[int, int]]) -> None:
    """Announce at the commit which observations, (datastream, microseconds since 1970), are new or changed."""
    if of is None:
        return
    wanted = set(of)
    rows: Sequence[tuple[int, int]] = [one for one in stored if ANY in wanted or one[0] in wanted]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        changes.announce(connection, OBSERVATIONS, channel=CHANNEL, rows=rows[start : start + ROWS_AT_ONCE])
