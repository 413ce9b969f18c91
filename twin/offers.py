"""Devices that described themselves and are not enrolled: they are offered, and enrolled only by a person."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from twin.errors import NotFound, Refused

__all__ = [
    "MOST_PROPERTIES",
    "Described",
    "Offer",
    "Seen",
    "find",
    "note",
    "offers",
    "reconsider",
    "refuse",
    "withdraw",
]

MOST = 10_000  # offers: whoever invents devices fills no disk
MOST_PROPERTIES = 100  # of one device


class Described(NamedTuple):
    """What a device said of one property; the value is None where it is no number."""

    unit: str | None
    value: float | None


@dataclass(slots=True)
class Seen:
    """What a batch says of one unknown device; the texts are printable, `measured_at` None where no calendar has it."""

    key: str
    format: str
    topic: str
    seen: datetime
    measured_at: datetime | None
    properties: dict[str, Described] = field(default_factory=dict)
    readings: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """A device that may be enrolled; `measured_at` is the newest time that its payloads state, or of arrival."""

    key: str
    format: str
    topic: str
    properties: Mapping[str, Described]
    first_seen: datetime
    last_seen: datetime
    measured_at: datetime | None
    readings: int
    refused_at: datetime | None = None  # None: it is offered
    refused_by: str | None = None

    def as_row(self) -> dict[str, Any]:
        """Give the fields by name, as JSON can be made of them."""
        return asdict(self) | {"properties": {name: one._asdict() for name, one in self.properties.items()}}


# The newest stay: where there are too many, those not seen for longest make room.
NOTE = sa.text("""
INSERT INTO offer AS o (key, format, topic, properties, first_seen, last_seen, measured_at, readings)
SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:formats AS text[]), CAST(:topics AS text[]), CAST(:properties AS jsonb[]),
       CAST(:seen AS timestamptz[]), CAST(:seen AS timestamptz[]), CAST(:measured AS timestamptz[]), CAST(:readings AS bigint[]))
ON CONFLICT (key, format) DO UPDATE
   SET topic = excluded.topic, last_seen = greatest(o.last_seen, excluded.last_seen),
       measured_at = greatest(o.measured_at, excluded.measured_at), readings = o.readings + excluded.readings,
       properties = CASE WHEN (SELECT count(*) FROM jsonb_object_keys(o.properties || excluded.properties)) <= :most
                         THEN o.properties || excluded.properties ELSE o.properties END
""")
FORGET = sa.text("""
DELETE FROM offer WHERE (key, format) IN (SELECT key, format FROM offer ORDER BY last_seen DESC OFFSET :most)
""")


def note(connection: Connection, seen: Sequence[Seen]) -> None:
    """Write down which unknown devices described themselves."""
    if not seen:
        return
    ordered = sorted(seen, key=lambda one: (one.key, one.format))  # one order for all workers: no deadlock
    values = {
        "keys": [one.key for one in ordered],
        "formats": [one.format for one in ordered],
        "topics": [one.topic for one in ordered],
        "properties": [json.dumps({name: said._asdict() for name, said in one.properties.items()}) for one in ordered],
        "seen": [one.seen for one in ordered],
        "measured": [one.measured_at for one in ordered],
        "readings": [one.readings for one in ordered],
        "most": MOST_PROPERTIES,
    }
    connection.execute(NOTE, values)
    connection.execute(FORGET, {"most": MOST})


OFFERS = """
SELECT key, format, topic, properties, first_seen, last_seen, measured_at, readings, refused_at, refused_by FROM offer
 WHERE NOT is_enrolled(key) AND (CAST(:key AS text) IS NULL OR key = :key) AND (refused_at IS NOT NULL) = :refused
 ORDER BY last_seen DESC, key, format
"""


def offers(connection: Connection, key: str | None = None, *, refused: bool = False) -> list[Offer]:
    """Read the devices that are offered, or were refused, the last seen first; those of one key only where it is given."""
    return [
        Offer(**dict(row) | {"properties": {name: Described(**said) for name, said in row["properties"].items()}})
        for row in connection.execute(sa.text(OFFERS), {"key": key, "refused": refused}).mappings()
    ]


def find(connection: Connection, key: str, name: str | None) -> Offer:
    """Read the offer of a device; `name` is its format, where several speak of one key.

    Raises NotFound where there is none, Refused where there are several.
    """
    found = [one for one in offers(connection, key) if name in (None, one.format)]
    if not found:
        raise NotFound(f"no device {key} is offered{f' as {name}' if name else ''}")
    if len(found) > 1:
        raise Refused(f"{key} is offered in several formats ({', '.join(one.format for one in found)}); say which")
    return found[0]


def refuse(connection: Connection, key: str, name: str, by: str) -> None:
    """Let a device of a format not be offered any more, though it goes on sending. Raises NotFound."""
    _set(connection, key, name, "refused_at = clock_timestamp(), refused_by = :by", by)


def reconsider(connection: Connection, key: str, name: str) -> None:
    """Offer a device again that was refused. Raises NotFound."""
    _set(connection, key, name, "refused_at = NULL, refused_by = NULL", None)


def _set(connection: Connection, key: str, name: str, what: str, by: str | None) -> None:
    values = {"key": key, "format": name} | ({} if by is None else {"by": by})
    done = connection.execute(sa.text(f"UPDATE offer SET {what} WHERE key = :key AND format = :format"), values)
    if not done.rowcount:
        raise NotFound(f"no device {key} is offered as {name}")


def withdraw(connection: Connection, key: str) -> None:
    """Let the offers of a device go, once it is enrolled."""
    connection.execute(sa.text("DELETE FROM offer WHERE key = :key"), {"key": key})
