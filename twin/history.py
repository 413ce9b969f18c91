"""What the twin was: the revision of a moment, the kept tables as of it, and how one element came to be as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby, zip_longest
from typing import Any

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["KINDS", "Change", "as_of", "begun", "changes", "parse_moment", "revision_at"]


@dataclass(frozen=True, slots=True)
class Change:
    """One revision of an element: what it was and is, by column; `gone` tells that nothing is there after it."""

    row: str  # which row, where an element has several: an age band, a service
    at: datetime
    actor: str
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    is_gone: bool


def revision_at(connection: Connection, moment: datetime) -> int:
    """Give the last revision that had begun at a moment, 0 before the first; raises ValueError without a UTC offset.

    A moment within a long import is after it: a transaction is there as a whole, from when it began to write.
    """
    if moment.tzinfo is None:
        raise ValueError(f"time without UTC offset: {moment}")
    found = connection.scalar(
        sa.text("SELECT id FROM revision WHERE at <= :moment ORDER BY at DESC, id DESC LIMIT 1"), {"moment": moment}
    )
    return int(found or 0)


def begun(connection: Connection) -> datetime | None:
    """Give the moment from which the past is known; None where nothing was ever written."""
    found: datetime | None = connection.scalar(sa.text("SELECT min(at) FROM revision"))
    return found


def parse_moment(text: str) -> datetime:
    """Read a moment in ISO 8601 with its UTC offset; raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(f"{text!r} is no moment: write it as 2026-11-24T08:00+08:00")
    return moment


def as_of(query: str, revision: int | None) -> str:
    """Put the tables as they were after a revision in the stead of their names in braces; None: as they are.

    `SELECT b.id FROM {building} AS b` reads the buildings of then; a name needs an alias after it.
    """
    if revision is None:
        return query.format_map(_Present())
    from twin.tables import KEPT  # all tables: time and memory that who asks of the present has no use for

    return query.format(**{name: _source(name, revision) for name in KEPT})


class _Present(dict[str, str]):
    """Each table by its own name."""

    def __missing__(self, name: str) -> str:
        return name


def _source(name: str, revision: int) -> str:
    columns = _columns(name)
    return (
        f"(SELECT {columns} FROM {name} WHERE revision <= {revision:d}"
        f" UNION ALL SELECT {columns} FROM {name}_past WHERE during @> {revision:d})"
    )


@cache
def _columns(name: str) -> str:
    from twin.tables import Table

    return ", ".join(column.name for column in Table.metadata.tables[name].columns)


# How an element is named, kind:source, and which rows are about it; `here` is the kept table, of now and of before.
KINDS: dict[str, tuple[str, str, str]] = {
    "edge": ("network_edge", "source_id", "here.place_id = :place AND here.source_id = :source"),
    "node": ("network_node", "source_id", "here.place_id = :place AND here.source_id = :source"),
    "building": ("building", "source_id", "here.place_id = :place AND here.source_id = :source"),
    "facility": ("facility", "service", "here.place_id = :place AND here.source_id = :source"),
    "grid": ("grid", "code", "here.place_id = :place AND here.code = :source"),
    "thing": ("thing", "key", "here.place_id = :place AND here.key = :source"),
    "residents": (
        "resident_count",
        "age_band",
        """here.building_id IN (
            SELECT id FROM building WHERE place_id = :place AND source_id = :source
            UNION SELECT id FROM building_past WHERE place_id = :place AND source_id = :source)""",
    ),
    "norms": ("norm_set", "set_id", "here.place_id = :place AND here.set_id = :source"),
    "binding": (
        "effect",
        "id",
        """here.datastream_id IN (
            SELECT d.id FROM datastream AS d JOIN thing AS t ON t.id = d.thing_id
            WHERE t.place_id = :place AND t.key = :source
            UNION SELECT d.id FROM datastream_past AS d JOIN thing_past AS t ON t.id = d.thing_id
            WHERE t.place_id = :place AND t.key = :source)""",
    ),
}

VERSIONS = """
SELECT entry.{label}::text AS label, to_jsonb(entry) - ARRAY['revision', 'during'] AS said,
    lower(during) AS since, upper(during) AS until,
    began.at, began.actor, began.reason, ended.at AS ended_at, ended.actor AS ended_by, ended.reason AS ended_for
FROM (SELECT {columns}, int4range(revision, NULL) AS during FROM {name} AS here WHERE {rows}
      UNION ALL SELECT {columns}, during FROM {name}_past AS here WHERE {rows}) AS entry
JOIN revision AS began ON began.id = lower(during) LEFT JOIN revision AS ended ON ended.id = upper(during)
ORDER BY {keys}, lower(during)
"""


def changes(connection: Connection, place_id: int, element: str) -> list[Change]:
    """Tell how an element, `kind:source`, came to be as it is, the oldest change first.

    Geometry is shown as GeoJSON. Raises Refused for a kind there is not, NotFound where nothing is known of the element.
    """
    from twin.tables import KEPT

    kind, _, source = element.partition(":")
    if kind not in KINDS:
        raise Refused(f"no kind of element {kind!r}; there are {', '.join(KINDS)}")
    name, label, rows = KINDS[kind]
    query = VERSIONS.format(
        name=name,
        label=label,
        rows=rows,
        columns=_columns(name),
        keys=", ".join(f"entry.{key}" for key in KEPT[name]),
    )
    versions = connection.execute(sa.text(query), {"place": place_id, "source": source}).all()
    if not versions:
        raise NotFound(f"nothing is known of {element}")
    steps = [
        step
        for _, group in groupby(versions, key=lambda row: [row.said[key] for key in KEPT[name]])
        for step in _steps(list(group))
    ]
    return sorted(steps, key=lambda change: change.at)


def _steps(versions: Sequence[Any]) -> Iterator[Change]:
    """Compare each version of one row with the one before it, and tell where it went."""
    before: dict[str, Any] = {}
    for version, following in zip_longest(versions, versions[1:]):
        changed = [column for column, value in version.said.items() if column not in before or before[column] != value]
        was = {column: before[column] for column in changed if column in before}
        is_now = {column: version.said[column] for column in changed}
        yield Change(version.label, version.at, version.actor, version.reason, was, is_now, is_gone=False)
        before = version.said
        if version.until is not None and (following is None or following.since != version.until):
            yield Change(version.label, version.ended_at, version.ended_by, version.ended_for, before, {}, is_gone=True)
            before = {}
