"""Simulation runs, kept under the hash of their inputs: shared by a link, asked again, watched and stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from twin.db import Connection
from twin.errors import NotFound

__all__ = ["LOST_S", "Run", "begin", "end", "get", "hash_of", "keep", "listed", "progress", "stop"]

Inputs = Mapping[str, Any]
LOST_S = 60  # a run that nobody has been heard of for so long is not computed any more
JSON = (sa.bindparam("inputs", type_=JSONB), sa.bindparam("answer", type_=JSONB))


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is kept; state is running, done, stopped, failed, or lost where who computed it has gone."""

    hash: str
    question: str
    inputs: dict[str, Any]
    network_version: int
    state: str
    progress: dict[str, Any] | None
    answer: dict[str, Any] | None
    reason: str | None
    created_at: datetime
    created_by: str | None


def hash_of(inputs: Inputs) -> str:
    """Give the SHA-256 of inputs in canonical JSON: names in order, no spaces."""
    return hashlib.sha256(msgspec.json.encode(inputs, order="deterministic")).hexdigest()


def keep(
    connection: Connection,
    place_id: int,
    question: str,
    inputs: Inputs,
    answer: Mapping[str, Any],
    *,
    by: str | None = None,
) -> str:
    """Keep a question with its answer, and give its hash; one that is kept already stays as it is."""
    found = hash_of(inputs)
    connection.execute(
        sa.text("""
        INSERT INTO run (hash, place_id, question, inputs, network_version, state, answer, created_by)
        VALUES (:hash, :place, :question, :inputs, :version, 'done', :answer, :by)
        ON CONFLICT (hash) DO UPDATE SET state = 'done', answer = excluded.answer, reason = NULL, seen_at = now()
        WHERE run.state <> 'done'
        """).bindparams(*JSON),
        {**_row(place_id, found, question, inputs, by), "answer": dict(answer)},
    )
    return found


def begin(connection: Connection, place_id: int, question: str, inputs: Inputs, *, by: str | None = None) -> bool:
    """Say that a run is being computed; False where it is done already, or somebody computes it now."""
    taken = connection.execute(
        sa.text("""
        INSERT INTO run (hash, place_id, question, inputs, network_version, state, created_by)
        VALUES (:hash, :place, :question, :inputs, :version, 'running', :by)
        ON CONFLICT (hash) DO UPDATE SET state = 'running', progress = NULL, reason = NULL, stop_asked = false,
            seen_at = now()
        WHERE run.state IN ('stopped', 'failed')
           OR (run.state = 'running' AND run.seen_at < now() - make_interval(secs => :lost))
        """).bindparams(sa.bindparam("inputs", type_=JSONB)),
        {**_row(place_id, hash_of(inputs), question, inputs, by), "lost": LOST_S},
    )
    return taken.rowcount == 1


def progress(connection: Connection, found: str, said: Mapping[str, Any]) -> bool:
    """Put on record how far a run is, and give whether to go on: False where somebody has asked to stop it."""
    goes_on = connection.execute(
        sa.text("""
        UPDATE run SET progress = :said, seen_at = now() WHERE hash = :hash AND state = 'running' RETURNING NOT stop_asked
        """).bindparams(sa.bindparam("said", type_=JSONB)),
        {"said": dict(said), "hash": found},
    ).scalar_one_or_none()
    return bool(goes_on)


def end(
    connection: Connection,
    found: str,
    state: str,
    *,
    answer: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Say how a run ended: done with its answer, stopped, or failed for a reason."""
    connection.execute(
        sa.text("""
        UPDATE run SET state = :state, answer = :answer, reason = :reason, seen_at = now() WHERE hash = :hash
        """).bindparams(sa.bindparam("answer", type_=JSONB(none_as_null=True))),
        {"state": state, "answer": None if answer is None else dict(answer), "reason": reason, "hash": found},
    )


def stop(connection: Connection, place_id: int, found: str) -> None:
    """Ask that a run be stopped; who computes it hears of it at its next word. Raises NotFound."""
    asked = connection.execute(
        sa.text("UPDATE run SET stop_asked = true WHERE hash = :hash AND place_id = :place"),
        {"hash": found, "place": place_id},
    )
    if not asked.rowcount:
        raise NotFound(f"no run {found[:12]}")


def get(connection: Connection, place_id: int, found: str) -> Run:
    """Give a run by its hash, or by the beginning of it where only one begins so; raises NotFound."""
    rows = connection.execute(
        sa.text(f"{RUNS} AND hash LIKE :begins ORDER BY hash LIMIT 2"),
        {"place": place_id, "lost": LOST_S, "begins": f"{_hexadecimal(found)}%"},
    ).all()
    if len(rows) != 1:
        raise NotFound(f"{'no run' if not rows else 'several runs begin with'} {found[:12]}")
    return Run(*rows[0])


def listed(
    connection: Connection, place_id: int, *, most: int = 100, after: tuple[datetime, str] | None = None
) -> list[Run]:
    """Give the newest runs of a place, the newest first; behind a moment and hash, where a page ended."""
    moment, found = after or (None, None)
    rows = connection.execute(
        sa.text(f"""{RUNS} AND (CAST(:moment AS timestamptz) IS NULL OR created_at < :moment
                OR (created_at = :moment AND hash > :hash))
            ORDER BY created_at DESC, hash LIMIT :most"""),
        {"place": place_id, "lost": LOST_S, "most": most, "moment": moment, "hash": found},
    )
    return [Run(*row) for row in rows]


def _row(place_id: int, found: str, question: str, inputs: Inputs, by: str | None) -> dict[str, Any]:
    version = inputs["network_version"]
    return {
        "hash": found,
        "place": place_id,
        "question": question,
        "inputs": dict(inputs),
        "version": version,
        "by": by,
    }


def _hexadecimal(text: str) -> str:
    """Refuse what is no beginning of a hash, as unknown; wildcards with it."""
    if not text or not set(text) <= set("0123456789abcdef"):
        raise NotFound(f"no run {text[:12]}")
    return text


RUNS = """
SELECT hash, question, inputs, network_version,
    CASE WHEN state = 'running' AND seen_at < now() - make_interval(secs => :lost) THEN 'lost' ELSE state END,
    progress, answer, reason, created_at, created_by
FROM run WHERE place_id = :place
"""
