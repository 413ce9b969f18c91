"""Receipts of imports: what each did, by whom, from which file, and whether it was taken back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from twin import places, undoing
from twin.acting import acting
from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["Entry", "entries", "get", "keep", "undo"]

COUNTED = ("read", "added", "changed", "removed", "rejected")


@dataclass(frozen=True, slots=True)
class Entry:
    """One import; undone_at None: what it did stands."""

    id: int
    kind: str
    file_name: str
    digest: str
    actor: str
    at: datetime
    read: int
    added: int
    changed: int
    removed: int
    rejected: int
    revision: int | None
    undone_at: datetime | None
    undone_by: str | None


def keep(connection: Connection, *, kind: str, file_name: str, digest: str, receipts: Sequence[dict[str, Any]]) -> int:
    """Keep what the import of this transaction did, and give the receipt's number; do it last in the transaction.

    Each of `receipts` has what, read, added, changed, removed as numbers and rejected as a list; digest is the SHA-256
    of the file, empty where there was none.
    """
    sums = {name: sum(_count(receipt[name]) for receipt in receipts) for name in COUNTED}
    return int(
        connection.execute(
            sa.text(KEEP),
            {"kind": kind, "file_name": file_name, "digest": digest, "receipts": json.dumps(list(receipts)), **sums},
        ).scalar_one()
    )


def entries(connection: Connection) -> list[Entry]:
    """Give the imports, the latest first."""
    return [Entry(*row) for row in connection.execute(sa.text(ENTRIES))]


def get(connection: Connection, receipt_id: int) -> tuple[Entry, list[dict[str, Any]]]:
    """Give one import, and its receipts with the rejected rows. Raises NotFound."""
    row = connection.execute(sa.text(f"{ONE} WHERE i.id = :id"), {"id": receipt_id}).one_or_none()
    if row is None:
        raise NotFound(f"no receipt {receipt_id}")
    *fields, parts = row
    return Entry(*fields), list(parts)


def undo(connection: Connection, receipt_id: int, actor: str) -> dict[str, int]:
    """Put back exactly what was before an import, and give how many rows of each table that were.

    Raises NotFound for a receipt there is not; Refused where it changed nothing, was taken back already, or later
    changes stand on it. History goes on: the undoing is a change as any other.
    """
    row = connection.execute(
        sa.text("SELECT revision, undone_by_revision, kind FROM import_receipt WHERE id = :id FOR UPDATE"),
        {"id": receipt_id},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no receipt {receipt_id}")
    if row.undone_by_revision is not None:
        raise Refused(f"receipt {receipt_id} was taken back already")
    acting(connection, actor, f"undo receipt {receipt_id}: {row.kind}")
    done = {} if row.revision is None else undoing.put_back(connection, row.revision, f"receipt {receipt_id}")
    if not done:
        raise Refused(f"receipt {receipt_id} changed nothing: there is nothing to undo")
    for place_id in connection.scalars(sa.text("SELECT id FROM place ORDER BY id")).all():
        places.bump(connection, place_id)
    connection.execute(
        sa.text("""
        UPDATE import_receipt SET undone_by_revision = current_setting('linli.revision')::integer WHERE id = :id
        """),
        {"id": receipt_id},
    )
    return done


def _count(value: Any) -> int:
    return len(value) if isinstance(value, Sequence) else int(value)


KEEP = """
INSERT INTO import_receipt (kind, file_name, digest, read, added, changed, removed, rejected, receipts, actor, revision)
VALUES (:kind, :file_name, :digest, :read, :added, :changed, :removed, :rejected, CAST(:receipts AS jsonb),
    coalesce(nullif(current_setting('linli.actor', true), ''), session_user),
    nullif(current_setting('linli.revision', true), '')::integer)
RETURNING id
"""

ENTRIES = """
SELECT i.id, i.kind, i.file_name, i.digest, i.actor, i.at, i.read, i.added, i.changed, i.removed, i.rejected, i.revision,
    undone.at, undone.actor
FROM import_receipt AS i LEFT JOIN revision AS undone ON undone.id = i.undone_by_revision
ORDER BY i.id DESC
"""

ONE = """
SELECT i.id, i.kind, i.file_name, i.digest, i.actor, i.at, i.read, i.added, i.changed, i.removed, i.rejected, i.revision,
    undone.at, undone.actor, i.receipts
FROM import_receipt AS i LEFT JOIN revision AS undone ON undone.id = i.undone_by_revision
"""
