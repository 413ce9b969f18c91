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

__all__ = ["CORRECTED", "Merged", "driver", "ewkb", "merge", "stage"]


@dataclass(frozen=True, slots=True)
class Merged:
    """How many rows a merge added, changed and removed; those that were there unchanged are not counted.

    kept are rows that the source has no longer, and that stay for what somebody did to them or binds to them.
    """

    added: int
    changed: int
    removed: int
    kept: int = 0


CORRECTED: LiteralString = "old.by_hand <> '{}'"  # as `keep` of a merge: somebody corrected the row


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
    keep: LiteralString | None = None,
) -> Merged:
    """Make the place's rows of a table equal to `source`, a SELECT that gives `columns`, the key's among them.

    Rows of the place whose key is not in the source are removed where the condition `remove` (on the alias `old`)
    holds. The table has place_id and a unique constraint on (place_id, *key). With `keep`, the table has by_hand too: its
    rows where that condition (on `old`) holds stay, and columns corrected by hand are left as they are.
    """
    changing = [column for column in columns if column not in key]
    taken: LiteralString = "excluded.{0}" if keep is None else BY_HAND
    words = {
        "table": sql.Identifier(table),
        "place": sql.Literal(place_id),
        "source": sql.SQL(source),
        "remove": sql.SQL(remove),
        "keep": sql.SQL(keep or "false"),
        "columns": _each("{}", columns, ", "),
        "values": _each("new.{}", columns, ", "),
        "key": _each("{}", key, ", "),
        "pairs": _each("old.{0} = new.{0}", key, " AND "),
        "sets": _each("{0} = " + taken, changing, ", "),
        "old": _each("old.{}", changing, ", "),
        "new": _each(taken, changing, ", "),
    }
    with driver(connection).cursor() as cursor:
        removed = cursor.execute(sql.SQL(REMOVE).format(**words)).rowcount
        kept = cursor.execute(sql.SQL(KEPT).format(**words)).fetchone() if keep else None
        written = cursor.execute(sql.SQL(WRITE).format(**words)).fetchall()
    added = sum(is_new for (is_new,) in written)
    return Merged(added=added, changed=len(written) - added, removed=removed, kept=kept[0] if kept else 0)


def _each(template: LiteralString, columns: Sequence[str], between: LiteralString) -> sql.Composed:
    """Write the template once for each column; in it {0} is the column and {1} its name as a text."""
    return sql.SQL(between).join(
        sql.SQL(template).format(sql.Identifier(column), sql.Literal(column)) for column in columns
    )


REMOVE = """
DELETE FROM {table} AS old
WHERE old.place_id = {place} AND {remove} AND NOT ({keep}) AND NOT EXISTS (SELECT FROM ({source}) AS new WHERE {pairs})
"""

KEPT = """
SELECT count(*) FROM {table} AS old
WHERE old.place_id = {place} AND {remove} AND ({keep}) AND NOT EXISTS (SELECT FROM ({source}) AS new WHERE {pairs})
"""

BY_HAND: LiteralString = "CASE WHEN {1} = ANY (old.by_hand) THEN old.{0} ELSE excluded.{0} END"

# xmax is 0 in a row that is new: the only sign of it that ON CONFLICT leaves
WRITE = """
INSERT INTO {table} AS old (place_id, {columns})
SELECT {place}, {values} FROM ({source}) AS new
ON CONFLICT (place_id, {key}) DO UPDATE SET {sets} WHERE ({old}) IS DISTINCT FROM ({new})
RETURNING old.xmax = 0
"""
