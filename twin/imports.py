"""Files that were sent to be loaded: what became of each, how far it is, and which were cut short.

Who takes a job holds an advisory lock on it, on a connection of its own, until it has ended. A job that is not ended and
whose lock nobody holds was cut short: its process is gone, and with it the transaction that it loaded in.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound, Stale

__all__ = [
    "ImportKind",
    "Job",
    "add",
    "begin",
    "done",
    "get",
    "hold",
    "interrupt_lost",
    "interrupted",
    "jobs",
    "refused",
    "release",
    "step",
    "waiting",
]

LOCK = 0x696D70  # "imp": the first key of the lock, the job's id is the second
LOST = {
    "en": "linli was stopped while it loaded: nothing was loaded, send the file again",
    "zh": "导入过程中 linli 停止运行：未导入任何数据，请重新发送文件",
}


class ImportKind(StrEnum):
    """What a file is of."""

    OSM = "osm"  # 地图
    GRIDS = "grids"  # 网格
    FACILITIES = "facilities"  # 设施
    RESIDENTS = "residents"  # 居民数
    WELFARE = "welfare"  # 特殊群体人数
    DEVICES = "devices"  # 设备
    ELEVATION = "elevation"  # 高程


@dataclass(frozen=True, slots=True)
class Job:
    """One file and what became of it; receipts where it is done, refusal where it is refused or interrupted."""

    id: int
    kind: str
    file_name: str
    bytes: int
    digest: str
    datum: str | None
    partial: bool
    asked_by: str
    asked_at: datetime
    state: str
    step: str
    ended_at: datetime | None
    receipts: list[dict[str, Any]] | None
    refusal: list[dict[str, str]] | None


def add(
    connection: Connection,
    place_id: int,
    *,
    kind: str,
    file_name: str,
    size: int,
    digest: str,
    datum: str | None,
    partial: bool,
    asked_by: str,
) -> int:
    """Write a file down that is to be loaded, and give its number; size in bytes, digest its SHA-256."""
    values = {"kind": kind, "file_name": file_name, "bytes": size, "digest": digest, "datum": datum}
    return int(
        connection.execute(
            sa.text(ADD), {"place": place_id, "partial": partial, "asked_by": asked_by, **values}
        ).scalar_one()
    )


def hold(connection: Connection, job_id: int) -> None:
    """Take a job: for as long as this connection lives, or until release, it counts as being worked on."""
    connection.execute(sa.text("SELECT pg_advisory_lock(:lock, :job)"), {"lock": LOCK, "job": job_id})


def release(connection: Connection, job_id: int) -> None:
    """Let go of a job that has ended."""
    connection.execute(sa.text("SELECT pg_advisory_unlock(:lock, :job)"), {"lock": LOCK, "job": job_id})


def begin(connection: Connection, job_id: int) -> Job:
    """Say that a job runs, and give it; raises NotFound where it waits no more."""
    found = connection.execute(sa.text(BEGIN), {"job": job_id}).scalar_one_or_none()
    if found is None:
        raise NotFound(f"no import {job_id} waits")
    return get(connection, job_id)


def step(connection: Connection, job_id: int, said: str) -> None:
    """Say how far a job is."""
    connection.execute(sa.text("UPDATE import_job SET step = :said WHERE id = :job"), {"said": said, "job": job_id})


def done(connection: Connection, job_id: int, receipts: Sequence[dict[str, Any]]) -> None:
    """Write down what a job did: in the transaction that it loaded in, so that the one is true where the other is.

    Raises Stale where the job has ended already: what was loaded then goes with the transaction.
    """
    if not _end(connection, job_id, "done", receipts=json.dumps(list(receipts))):
        raise Stale(f"import {job_id} has ended already")


def refused(connection: Connection, job_id: int, lines: Sequence[dict[str, str]]) -> None:
    """Write down why nothing was loaded: lines as en and zh."""
    _end(connection, job_id, "refused", refusal=json.dumps(list(lines)))


def interrupted(connection: Connection, job_id: int) -> None:
    """Write down that a job was cut short; one that has ended stays as it is."""
    _end(connection, job_id, "interrupted", refusal=json.dumps([LOST]))


def interrupt_lost(connection: Connection) -> int:
    """Write down of every job that nobody works on any more that it was cut short; gives how many."""
    lost = connection.scalars(sa.text(LOST_JOBS), {"lock": LOCK}).all()
    for job_id in lost:
        interrupted(connection, job_id)
    return len(lost)


def get(connection: Connection, job_id: int) -> Job:
    """Give a job; raises NotFound."""
    row = connection.execute(sa.text(f"{READ} WHERE id = :job"), {"job": job_id}).one_or_none()
    if row is None:
        raise NotFound(f"no import {job_id}")
    return Job(*row)


def jobs(connection: Connection, place_id: int, *, most: int, before: int | None = None) -> list[Job]:
    """Give the jobs of a place, the latest first; those before one, where a page ended."""
    rows = connection.execute(
        sa.text(f"""{READ} WHERE place_id = :place AND (CAST(:before AS bigint) IS NULL OR id < :before)
            ORDER BY id DESC LIMIT :most"""),
        {"place": place_id, "most": most, "before": before},
    )
    return [Job(*row) for row in rows]


def waiting(connection: Connection) -> int:
    """Count the jobs that have not ended."""
    return int(connection.execute(sa.text("SELECT count(*) FROM import_job WHERE ended_at IS NULL")).scalar_one())


def _end(
    connection: Connection, job_id: int, state: str, *, receipts: str | None = None, refusal: str | None = None
) -> bool:
    """End a job, and say whether it had not ended before."""
    values = {"job": job_id, "state": state, "receipts": receipts, "refusal": refusal}
    return connection.execute(sa.text(END), values).rowcount > 0


ADD = """
INSERT INTO import_job (place_id, kind, file_name, bytes, digest, datum, partial, asked_by)
VALUES (:place, :kind, :file_name, :bytes, :digest, :datum, :partial, :asked_by) RETURNING id
"""

BEGIN = "UPDATE import_job SET state = 'running' WHERE id = :job AND state = 'waiting' RETURNING id"

END = """
UPDATE import_job SET state = :state, ended_at = clock_timestamp(), receipts = CAST(:receipts AS jsonb),
    refusal = CAST(:refusal AS jsonb)
WHERE id = :job AND ended_at IS NULL
"""

# A lock on two 32-bit keys has objsubid 2, the first as classid, the second as objid.
LOST_JOBS = """
SELECT id FROM import_job WHERE ended_at IS NULL AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND classid = :lock AND objid = import_job.id)
ORDER BY id
"""

READ = """
SELECT id, kind, file_name, bytes, digest, datum, partial, asked_by, asked_at, state, step, ended_at, receipts, refusal
FROM import_job
"""
