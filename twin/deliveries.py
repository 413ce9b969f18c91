"""When messages that state no time came, kept with what they said until the broker cannot send them again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

__all__ = ["Batch", "Delivered", "add", "drop", "forget", "read"]


class Delivered(NamedTuple):
    """One message: its packet identifier, a digest of topic and payload, and when it came first [µs since 1970]."""

    packet: int
    digest: int
    received_us: int


class Batch(NamedTuple):
    """A committed batch: its number, how many messages it had in all, and those that state no time."""

    id: int
    messages: int
    delivered: Sequence[Delivered]


def add(connection: Connection, client: str, messages: int, delivered: Sequence[Delivered]) -> Batch:
    """Write down a batch of a session, in the transaction that stores it."""
    number = connection.execute(
        sa.text("""
        INSERT INTO delivery (client, messages, packets, digests, received_us)
        VALUES (:client, :messages, :packets, :digests, :received) RETURNING id
        """),
        {
            "client": client,
            "messages": messages,
            "packets": [one.packet for one in delivered],
            "digests": [one.digest for one in delivered],
            "received": [one.received_us for one in delivered],
        },
    ).scalar_one()
    return Batch(number, messages, delivered)


def drop(connection: Connection, client: str, until: int) -> None:
    """Let batches of a session go, up to this number."""
    connection.execute(
        sa.text("DELETE FROM delivery WHERE client = :client AND id <= :until"), {"client": client, "until": until}
    )


def forget(connection: Connection, client: str) -> None:
    """Let all of a session go: the broker has lost it, and numbers its packets anew."""
    connection.execute(sa.text("DELETE FROM delivery WHERE client = :client"), {"client": client})


def read(connection: Connection, client: str) -> list[Batch]:
    """Read the batches of a session that are kept, oldest first."""
    rows = connection.execute(
        sa.text("SELECT id, messages, packets, digests, received_us FROM delivery WHERE client = :client ORDER BY id"),
        {"client": client},
    )
    return [
        Batch(number, messages, [Delivered(*one) for one in zip(*columns, strict=True)])
        for number, messages, *columns in rows
    ]
