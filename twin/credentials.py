"""Which devices were given an account of the broker: by whom and when, never the secret."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin import audit
from twin.db import Connection
from twin.errors import NotFound

__all__ = ["Credential", "can_have", "credentials", "made", "topic_of", "withdrawn"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# accounts of linli's own processes: whoever had one of them would hear or say what is theirs
OURS = re.compile(r"(ingest|watch|doctor|replay|publish|forward|bench|notices|subscribers)(-\d+)?")


def can_have(key: str) -> bool:
    """Tell whether a device of this key, or a client of this name, can have an account of the broker."""
    return NAME.fullmatch(key) is not None and OURS.fullmatch(key) is None


@dataclass(frozen=True, slots=True)
class Credential:
    """A device and its account; made_at None: it was given none here, topic None: it is no longer enrolled."""

    key: str
    name: str | None
    name_zh: str | None
    kind: str | None
    topic: str | None
    made_at: datetime | None
    made_by: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


LIST = """
SELECT coalesce(t.key, c.thing_key), t.name, t.name_zh, t.kind, t.topic, c.made_at, c.made_by, c.withdrawn_at, c.withdrawn_by
  FROM (SELECT * FROM thing WHERE place_id = :place AND format <> 'http') t
  FULL JOIN credential c ON c.thing_key = t.key
 WHERE t.key IS NOT NULL OR c.withdrawn_at IS NULL
 ORDER BY 1
"""


def credentials(connection: Connection, place_id: int) -> list[Credential]:
    """Give the devices of a place, and those that are gone and still have an account, by key."""
    return [Credential(*row) for row in connection.execute(sa.text(LIST), {"place": place_id})]


def topic_of(connection: Connection, key: str) -> str:
    """Give the topic of an enrolled device. Raises NotFound."""
    found = connection.scalar(sa.text("SELECT topic FROM thing WHERE key = :key"), {"key": key})
    if found is None:
        raise NotFound(f"no device {key} is enrolled")
    return str(found)


def made(connection: Connection, key: str, by: str) -> None:
    """Write down that a device has a new secret."""
    connection.execute(
        sa.text("""
        INSERT INTO credential (thing_key, made_by) VALUES (:key, :by)
        ON CONFLICT (thing_key) DO UPDATE
           SET made_at = clock_timestamp(), made_by = excluded.made_by, withdrawn_at = NULL, withdrawn_by = NULL
        """),
        {"key": key, "by": by},
    )
    audit.append(connection, "credential made", device=key)


def withdrawn(connection: Connection, key: str, by: str) -> None:
    """Write down that a device has no account any more. Raises NotFound where it was given none."""
    done = connection.execute(
        sa.text("""
        UPDATE credential SET withdrawn_at = clock_timestamp(), withdrawn_by = :by
         WHERE thing_key = :key AND withdrawn_at IS NULL
        """),
        {"key": key, "by": by},
    )
    if not done.rowcount:
        raise NotFound(f"{key} has no account of the broker that was made here")
    audit.append(connection, "credential withdrawn", device=key)
