"""Put back what one revision changed, in all kept tables, where nothing that came after stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from twin import effects
from twin.db import Connection
from twin.errors import Refused
from twin.tables import KEPT, Table

__all__ = ["put_back"]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A kept table: its keys, its other columns that are kept, and both."""

    name: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    columns: tuple[str, ...]


def put_back(connection: Connection, revision: int, what: str) -> dict[str, int]:
    """Make every row that a revision added, changed or removed what it was before it; give their number by table.

    Raises Refused, naming `what`, where such a row was changed since, or another row refers to one that was added.
    """
    tables = _tables(connection)
    for kept in tables:
        _stage(connection, kept, revision)
    for kept in tables:
        _check_unchanged(connection, kept, revision, what)
    for parent, child, column in _references(tables):
        _check_unreferred(connection, parent, child, column, what)
    _check_silent(connection, what)
    done: dict[str, int] = {}
    try:
        # what was removed comes back before what refers to it, what was added goes after what referred to it
        for statement, order in ((RETURN, tables), (RESTORE, tables), (REMOVE, tables[::-1])):
            for kept in order:
                done[kept.name] = done.get(kept.name, 0) + connection.execute(_text(statement, kept)).rowcount
    except sa.exc.IntegrityError as error:
        raise Refused(f"{what} cannot be undone: {str(error.orig).splitlines()[0]}") from None
    _judge_again(connection)
    return {name: rows for name, rows in done.items() if rows}


def _tables(connection: Connection) -> list[_Kept]:
    unkept = {row.name: row.unkept for row in connection.execute(sa.text("SELECT name, unkept FROM kept_table"))}
    return [_kept(name, keys, unkept[name]) for name, keys in KEPT.items()]


def _kept(name: str, keys: tuple[str, ...], unkept: list[str]) -> _Kept:
    columns = tuple(column.name for column in Table.metadata.tables[name].columns if column.name != "revision")
    values = tuple(column for column in columns if column not in keys and column not in unkept)
    return _Kept(name, keys, values, columns)


def _stage(connection: Connection, kept: _Kept, revision: int) -> None:
    """Make the temporary tables after_NAME and before_NAME: the rows that a revision made, and those that it ended."""
    for statement in (DROP, AFTER, BEFORE, INDEX):
        connection.execute(_text(statement, kept, revision=revision))


def _check_unchanged(connection: Connection, kept: _Kept, revision: int, what: str) -> None:
    changed = connection.scalar(_text(CHANGED, kept)) or 0
    if changed:
        since = connection.execute(_text(SINCE, kept, revision=revision)).first()
        by = f" by {since.actor} at {since.at:%Y-%m-%d %H:%M} UTC: {since.reason}" if since else ""
        raise Refused(f"{what} cannot be undone: {changed} of its rows of {kept.name} were changed since{by}")


def _references(tables: list[_Kept]) -> Iterator[tuple[_Kept, _Kept, str]]:
    """Give each column of a kept table that refers to a kept table: the table referred to, the one that refers, the column."""
    by_name = {kept.name: kept for kept in tables}
    for kept in tables:
        for key in sorted(Table.metadata.tables[kept.name].foreign_keys, key=lambda key: key.parent.name):
            if key.column.table.name in by_name:
                yield by_name[key.column.table.name], kept, key.parent.name


def _check_unreferred(connection: Connection, parent: _Kept, child: _Kept, column: str, what: str) -> None:
    """Refuse where a row that stays refers to one that would go; an effect refers to its element without a key."""
    rows = connection.scalar(_text(REFERRED, child, parent=parent.name, column=column)) or 0
    if child.name == "effect" and not rows:
        rows = connection.scalar(_text(BOUND, child)) or 0
    if rows:
        raise Refused(
            f"{what} cannot be undone: {rows} rows of {child.name} that came after refer to what it added;"
            " undo what brought them first"
        )


def _check_silent(connection: Connection, what: str) -> None:
    heard = connection.scalar(sa.text(HEARD)) or 0
    if heard:
        raise Refused(f"{what} cannot be undone: {heard} of the datastreams that it added have reported since")


def _judge_again(connection: Connection) -> None:
    """Give effects that came back a state, by the newest reading."""
    connection.execute(sa.text(UNKNOWN))
    streams = connection.scalars(sa.text("SELECT DISTINCT datastream_id FROM before_effect ORDER BY 1")).all()
    effects.apply(connection, streams)


def _text(statement: str, kept: _Kept, **words: str | int) -> sa.TextClause:
    """Write a statement for one table."""

    def each(template: str, columns: tuple[str, ...], between: str = ", ") -> str:
        return between.join(template.format(f'"{column}"') for column in columns)

    return sa.text(
        statement.format(
            name=kept.name,
            keys=each("{}", kept.keys),
            columns=each("{}", kept.columns),
            same_before=each("before.{0} = now.{0}", kept.keys, " AND "),
            same_after=each("after.{0} = now.{0}", kept.keys, " AND "),
            twins=each("before.{0} = after.{0}", kept.keys, " AND "),
            now=each("now.{}", kept.values) or "NULL",
            after=each("after.{}", kept.values) or "NULL",
            sets=", ".join(f'"{column}" = before."{column}"' for column in kept.values),
            **words,
        )
    )


DROP = "DROP TABLE IF EXISTS pg_temp.after_{name}, pg_temp.before_{name}"
AFTER = """
CREATE TEMPORARY TABLE after_{name} ON COMMIT DROP AS
SELECT {columns} FROM {name} WHERE revision = {revision}
UNION ALL SELECT {columns} FROM {name}_past WHERE during @> {revision} AND lower(during) = {revision}
"""
BEFORE = """
CREATE TEMPORARY TABLE before_{name} ON COMMIT DROP AS
SELECT {columns} FROM {name}_past WHERE during @> ({revision} - 1) AND upper(during) = {revision}
"""
INDEX = (
    "CREATE INDEX ON after_{name} ({keys}); CREATE INDEX ON before_{name} ({keys}); ANALYZE after_{name}, before_{name}"
)

# What the revision made must still be so, and what it removed still be gone; back and forth between is no matter.
CHANGED = """
SELECT (SELECT count(*) FROM after_{name} AS after LEFT JOIN {name} AS now ON {same_after}
        WHERE now.revision IS NULL OR ({now}) IS DISTINCT FROM ({after}))
     + (SELECT count(*) FROM before_{name} AS before JOIN {name} AS now ON {same_before}
        WHERE NOT EXISTS (SELECT FROM after_{name} AS after WHERE {twins}))
"""
SINCE = """
SELECT actor, reason, at FROM revision WHERE id = (
    SELECT min(upper(during)) FROM {name}_past WHERE during @> {revision} AND lower(during) = {revision})
"""
REFERRED = """
SELECT count(*) FROM {name} AS now
WHERE now."{column}" IN (SELECT id FROM after_{parent} EXCEPT SELECT id FROM before_{parent})
  AND NOT EXISTS (SELECT FROM after_{name} AS after WHERE {same_after})
"""
BOUND = """
SELECT count(*) FROM effect AS now JOIN (
    SELECT 'edge' AS kind, id FROM after_network_edge WHERE id NOT IN (SELECT id FROM before_network_edge)
    UNION ALL SELECT 'facility', id FROM after_facility WHERE id NOT IN (SELECT id FROM before_facility)
    UNION ALL SELECT 'building_lift', id FROM after_building WHERE id NOT IN (SELECT id FROM before_building)
) AS gone ON (gone.kind, gone.id) = (now.element_kind, now.element_id)
WHERE NOT EXISTS (SELECT FROM after_effect AS after WHERE {same_after})
"""
HEARD = """
SELECT count(*) FROM latest WHERE datastream_id IN (SELECT id FROM after_datastream EXCEPT SELECT id FROM before_datastream)
"""
RETURN = """
INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE
SELECT {columns} FROM before_{name} AS before WHERE NOT EXISTS (SELECT FROM {name} AS now WHERE {same_before})
"""
RESTORE = """
UPDATE {name} AS now SET {sets} FROM before_{name} AS before
WHERE {same_before} AND EXISTS (SELECT FROM after_{name} AS after WHERE {twins})
"""
REMOVE = """
DELETE FROM {name} AS now USING after_{name} AS after
WHERE {same_after} AND NOT EXISTS (SELECT FROM before_{name} AS before WHERE {twins})
"""
UNKNOWN = """
INSERT INTO effect_state (effect_id, state, since)
SELECT id, 'unknown', now() FROM effect WHERE id NOT IN (SELECT effect_id FROM effect_state)
"""
