"""Put rows beside a table by COPY, and merge them into it so that ids live on.

A file that is loaded twice changes nothing: rows are matched by their source id, so what other tables say about an
edge or a building (effects, resident counts) still holds after the next load.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import shapely
from psycopg import Connection as PsycopgConnection
from psycopg import sql

from twin.crs import WGS84
from twin.db import Connection

__all__ = ["Merged", "driver", "ewkb", "merge", "stage"]


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows a merge added, changed and removed; those that were there unchanged are not counted."""

    added: int
    changed: int
    removed: int


def driver(connection: Connection) -> PsycopgConnection:
    """Give the psycopg connection under a SQLAlchemy one: same session, same transaction."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, PsycopgConnection)
    return raw


def ewkb(shapes: Sequence[shapely.Geometry]) -> list[str]:
    """Write WGS 84 shapes as COPY takes them: hexadecimal EWKB with the SRID in it."""
    return list(shapely.to_wkb(shapely.set_srid(list(shapes), WGS84), hex=True, include_srid=True))


def stage(
    connection: Connection, name: str, columns: Mapping[str, LiteralString], rows: Iterable[Sequence[object]]
) -> None:
    """Make the temporary table `name` with columns (name: SQL type) and COPY the rows into it.

    It goes with the transaction; a second stage of that name replaces it.
    """
    fields = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind)) for column, kind in columns.items()
    )
    with driver(connection).cursor() as cursor:
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier("pg_temp", name)))
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(sql.Identifier(name), fields))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier("pg_temp", name))) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier("pg_temp", name)))


def merge(
    connection: Connection,
    place_id: int,
    table: str,
    *,
    source: LiteralString,
    columns: Sequence[str],
    key: Sequence[str] = ("source_id",),
    remove: LiteralString = "true",
) -> Merged:
    """Make the place's rows of a table equal to `source`, a SELECT that gives `columns`, the key's among them.

    Rows of the place whose key is not in the source are removed where the condition `remove` (on the alias `old`)
    holds. The table has place_id and a unique constraint on (place_id, *key).
    """
    changing = [column for column in columns if column not in key]
    words = {
        "table": sql.Identifier(table),
        "place": sql.Literal(place_id),
        "source": sql.SQL(source),
        "remove": sql.SQL(remove),
        "columns": _each("{}", columns, ", "),
        "values": _each("new.{}", columns, ", "),
        "key": _each("{}", key, ", "),
        "pairs": _each("old.{0} = new.{0}", key, " AND "),
        "sets": _each("{0} = excluded.{0}", changing, ", "),
        "old": _each("old.{}", changing, ", "),
        "new": _each("excluded.{}", changing, ", "),
    }
    with driver(connection).cursor() as cursor:
        removed = cursor.execute(sql.SQL(REMOVE).format(**words)).rowcount
        written = cursor.execute(sql.SQL(WRITE).format(**words)).fetchall()
    added = sum(is_new for (is_new,) in written)
    return Merged(added=added, changed=len(written) - added, removed=removed)


def _each(template: LiteralString, columns: Sequence[str], between: LiteralString) -> sql.Composed:
    """Write the template once for each column."""
    return sql.SQL(between).join(sql.SQL(template).format(sql.Identifier(column)) for column in columns)


REMOVE = """
DELETE FROM {table} AS old
WHERE old.place_id = {place} AND {remove} AND NOT EXISTS (SELECT FROM ({source}) AS new WHERE {pairs})
"""

# xmax is 0 in a row that is new: the only sign of it that ON CONFLICT leaves
WRITE = """
INSERT INTO {table} AS old (place_id, {columns})
SELECT {place}, {values} FROM ({source}) AS new
ON CONFLICT (place_id, {key}) DO UPDATE SET {sets} WHERE ({old}) IS DISTINCT FROM ({new})
RETURNING old.xmax = 0
"""
