"""Changes that a client may ask for again without making them again: each under a key of its own, kept for a day."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import Refused, Stale

__all__ = ["LEASE_S", "Attempt", "Kept", "claim", "finish", "forget", "made"]

DAY_S = 86_400
LEASE_S = 300  # an attempt that was not heard of for so long has died, and may be begun anew


@dataclass(frozen=True, slots=True)
class Attempt:
    """A change that is being made."""

    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered."""

    status: int
    answer: bytes


def claim(connection: Connection, owner: str, key_hash: bytes, request_hash: bytes) -> Attempt | Kept:
    """Begin a change, or give what was answered when it was made.

    Raises Refused where the key is another request's, Stale where the change is being made, or was and its answer is lost.
    """
    attempt = Attempt(uuid.uuid4())
    values = {"owner": owner, "key": key_hash, "request": request_hash, "attempt": attempt.id, "lease_s": LEASE_S}
    connection.execute(sa.text(FORGET_OLD), {"kept_s": DAY_S})
    if connection.scalar(sa.text(CLAIM), values) is not None:
        return attempt
    row = connection.execute(sa.text(READ), values).one_or_none()
    if row is None:  # the other attempt has just failed
        raise Stale("this is being done: ask again in a moment")
    if row.request_hash != request_hash:
        raise Refused("this Idempotency-Key is another request's: a new request needs a new key")
    if row.status is not None:
        return Kept(row.status, row.answer)
    if row.made_at is not None:
        raise Stale("this was done, and its answer is lost: read what became of it")
    raise Stale("this is being done: ask again in a moment")


def made(connection: Connection, attempt: Attempt) -> None:
    """Say, in the transaction that makes the change, that it is made. Raises Stale where another attempt took it over."""
    if not connection.scalar(sa.text("SELECT asked_once_made(:attempt)"), {"attempt": attempt.id}):
        raise Stale("this took too long, and was begun anew")


def finish(connection: Connection, attempt: Attempt, status: int, answer: bytes) -> None:
    """Keep what was answered."""
    connection.execute(sa.text(FINISH), {"attempt": attempt.id, "status": status, "answer": answer})


def forget(connection: Connection, attempt: Attempt) -> None:
    """Let an attempt go that failed; a change that was made all the same stays known as made."""
    connection.execute(
        sa.text("DELETE FROM asked_once WHERE attempt = :attempt AND made_at IS NULL"), {"attempt": attempt.id}
    )


FORGET_OLD = "DELETE FROM asked_once WHERE asked_at < now() - make_interval(secs => :kept_s)"
CLAIM = """
INSERT INTO asked_once AS a (owner, key_hash, request_hash, attempt) VALUES (:owner, :key, :request, :attempt)
ON CONFLICT (owner, key_hash) DO UPDATE SET attempt = excluded.attempt, asked_at = now()
WHERE a.request_hash = excluded.request_hash AND a.made_at IS NULL AND a.status IS NULL
  AND a.asked_at < now() - make_interval(secs => :lease_s)
RETURNING 1
"""
READ = "SELECT request_hash, made_at, status, answer FROM asked_once WHERE owner = :owner AND key_hash = :key"
FINISH = """
UPDATE asked_once SET made_at = coalesce(made_at, clock_timestamp()), status = :status, answer = :answer
WHERE attempt = :attempt
"""
