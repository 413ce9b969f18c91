"""Retries of the quarantine as rows: asked for by a person, worked off by ingest, each row in a transaction of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin import changes
from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["ASKED", "Job", "Outcome", "ask", "following", "get", "jobs", "take", "tried"]

ASKED = "retry"  # the kind of change that is announced


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be tried again: one row, or all of a reason, of a topic, or both; readings by what became of them."""

    id: int
    quarantine_id: int | None
    reason_code: str | None
    topic: str | None
    last_id: int
    until_id: int
    asked_by: str
    asked_at: datetime
    tried: int  # rows of the quarantine
    stored: int
    duplicate: int
    refused: int
    not_retried: int
    why: str  # of the last that was refused again
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row, in readings."""

    stored: int = 0
    duplicate: int = 0
    refused: int = 0
    not_retried: int = 0
    why: str = ""


COLUMNS = """id, quarantine_id, reason_code, topic, last_id, until_id, asked_by, asked_at, tried, stored, duplicate,
       refused, not_retried, why, ended_at"""


def ask(
    connection: Connection,
    by: str,
    *,
    quarantine_id: int | None = None,
    reason_code: str | None = None,
    topic: str | None = None,
) -> int:
    """Ask for a row, or all of a reason and topic, to be tried again, and give the job's number.

    Raises NotFound where there is no such row, Refused where nothing is named.
    """
    if quarantine_id is None and reason_code is None and topic is None:
        raise Refused("say which: a row, a reason or a topic")
    values = {"row": quarantine_id, "code": reason_code, "topic": topic, "by": by}
    if quarantine_id is not None and not connection.scalar(
        sa.text("SELECT EXISTS (SELECT FROM quarantine WHERE id = :row)"), values
    ):
        raise NotFound(f"nothing in the quarantine has the id {quarantine_id}")
    made = connection.execute(
        sa.text("""
        INSERT INTO quarantine_retry (quarantine_id, reason_code, topic, until_id, asked_by)
        SELECT :row, :code, :topic, coalesce(max(id), 0), :by FROM quarantine RETURNING id
        """),
        values,
    ).scalar_one()
    changes.announce(connection, ASKED, channel=changes.INGEST)
    return int(made)


def get(connection: Connection, job_id: int) -> Job:
    """Give a job. Raises NotFound."""
    row = connection.execute(
        sa.text(f"SELECT {COLUMNS} FROM quarantine_retry WHERE id = :id"), {"id": job_id}
    ).one_or_none()
    if row is None:
        raise NotFound(f"no retry {job_id}")
    return Job(*row)


def jobs(connection: Connection, *, most: int, before: int | None = None) -> list[Job]:
    """Give the jobs, the latest first; those before one, where a page ended."""
    rows = connection.execute(
        sa.text(f"""
        SELECT {COLUMNS} FROM quarantine_retry WHERE CAST(:before AS bigint) IS NULL OR id < :before
         ORDER BY id DESC LIMIT :most
        """),
        {"before": before, "most": most},
    )
    return [Job(*row) for row in rows]


def take(connection: Connection) -> Job | None:
    """Give the oldest job that no other worker is at, held until the transaction ends; None where there is none."""
    row = connection.execute(
        sa.text(f"""
        SELECT {COLUMNS} FROM quarantine_retry WHERE ended_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
        """)
    ).one_or_none()
    return None if row is None else Job(*row)


def following(connection: Connection, job: Job) -> int | None:
    """Give the next row of the quarantine that a job is about; None, and the job has ended, where there is none."""
    found = connection.scalar(
        sa.text("""
        SELECT id FROM quarantine WHERE id > :last AND id <= :until
           AND (CAST(:row AS bigint) IS NULL OR id = :row)
           AND (CAST(:code AS text) IS NULL OR reason_code = :code)
           AND (CAST(:topic AS text) IS NULL OR topic = :topic)
         ORDER BY id LIMIT 1
        """),
        {
            "last": job.last_id,
            "until": job.until_id,
            "row": job.quarantine_id,
            "code": job.reason_code,
            "topic": job.topic,
        },
    )
    if found is None:
        connection.execute(
            sa.text("UPDATE quarantine_retry SET ended_at = clock_timestamp() WHERE id = :id"), {"id": job.id}
        )
        changes.announce(connection, "quarantine")
    return None if found is None else int(found)


def tried(connection: Connection, job: Job, row_id: int, outcome: Outcome) -> None:
    """Write down what became of a row, in the transaction that it happened in."""
    connection.execute(
        sa.text("""
        UPDATE quarantine_retry SET last_id = :row, tried = tried + 1, stored = stored + :stored,
               duplicate = duplicate + :duplicate, refused = refused + :refused, not_retried = not_retried + :not_retried,
               why = CASE WHEN :why = '' THEN why ELSE :why END
         WHERE id = :id
        """),
        {
            "id": job.id,
            "row": row_id,
            "stored": outcome.stored,
            "duplicate": outcome.duplicate,
            "refused": outcome.refused,
            "not_retried": outcome.not_retried,
            "why": outcome.why,
        },
    )
