"""Binary COPY: rows laid out in a numpy buffer as PostgreSQL reads and writes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection

__all__ = ["EPOCH_US", "HEADER", "SAVED", "TRAILER", "column", "copy_in", "driver", "pack"]

EPOCH_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL's binary times begin, in microseconds since 1970
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
COPY = "COPY {table} FROM STDIN (FORMAT BINARY)"
SAVED = "before_copy"  # the savepoint that a batch goes back to where a row of its COPY is there already
# The types of elements and of arrays, by numpy's: pg_type.oid of integer, bigint and double precision.
OIDS = {"int32": (23, 1007), "int64": (20, 1016), "float64": (701, 1022)}


def pack(columns: Sequence[NDArray[Any]]) -> bytes:
    """Lay columns of one length out as rows: each value big-endian, with its length in bytes before it.

    The types of the columns must be those of the table: int32 for integer, int64 for bigint, float64 for double
    precision; of a timestamptz the microseconds since 2000. There are no nulls.
    """
    fields = [(f"l{at}", ">i4") for at in range(len(columns))]
    values = [(f"v{at}", column.dtype.newbyteorder(">")) for at, column in enumerate(columns)]
    layout = [("count", ">i2"), *(one for pair in zip(fields, values, strict=True) for one in pair)]
    rows = np.empty(len(columns[0]), dtype=np.dtype(layout))
    rows["count"] = len(columns)
    for at, column in enumerate(columns):
        rows[f"l{at}"], rows[f"v{at}"] = column.dtype.itemsize, column
    return HEADER + rows.tobytes() + TRAILER


class Column:
    """A whole column as PostgreSQL's binary array: a parameter of one statement, of no Python object a value."""

    def __init__(self, data: bytes) -> None:
        self.data = data


class Integers(Column):
    """integer[]."""


class Bigints(Column):
    """bigint[]."""


class Doubles(Column):
    """double precision[]."""


class ColumnDumper(Dumper):
    """Gives psycopg the bytes of a column."""

    format = Format.BINARY

    def dump(self, obj: Column) -> bytes:
        """Give the bytes as they are."""
        return obj.data


KINDS: dict[str, type[Column]] = {"int32": Integers, "int64": Bigints, "float64": Doubles}
for name, kind in KINDS.items():
    psycopg.adapters.register_dumper(kind, type(f"{kind.__name__}Dumper", (ColumnDumper,), {"oid": OIDS[name][1]}))


def column(values: NDArray[Any]) -> Column:
    """Write a column of int32, int64 or float64 as a parameter of a statement, to be bound as %b; there are no nulls."""
    name, size = values.dtype.name, values.dtype.itemsize
    entries = np.empty(len(values), dtype=[("length", ">i4"), ("value", values.dtype.newbyteorder(">"))])
    entries["length"], entries["value"] = size, values
    dimensions = (1, 0, OIDS[name][0], len(values), 1) if len(values) else (0, 0, OIDS[name][0])
    return KINDS[name](struct.pack(f"!{len(dimensions)}i", *dimensions) + entries.tobytes())


def copy_in(connection: Connection, table: str, packed: bytes) -> None:
    """Copy rows into a table, written as `name (column, …)`; `packed` is header, rows and trailer."""
    with driver(connection).cursor() as cursor, cursor.copy(COPY.format(table=table)) as copy:
        copy.write(packed)


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Give psycopg's own connection, for COPY and pipelines have no way through SQLAlchemy, in its transaction."""
    if not connection.in_transaction():
        connection.begin()  # or SQLAlchemy would know of none, and commit nothing
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found
