"""Binary COPY: rows laid out in a numpy buffer as PostgreSQL reads and writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

__all__ = ["EPOCH_US", "HEADER", "TRAILER", "copy_in", "driver", "pack"]

EPOCH_US = 946_684_800_000_000  # 2000-01-01, where PostgreSQL's binary times begin, in microseconds since 1970
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
COPY = "COPY {table} FROM STDIN (FORMAT BINARY)"


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


def copy_in(connection: Connection, table: str, packed: bytes) -> None:
    """Copy rows into a table, written as `name (column, …)`; `packed` is header, rows and trailer."""
    with driver(connection).cursor() as cursor, cursor.copy(COPY.format(table=table)) as copy:
        copy.write(packed)


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Give psycopg's own connection, for COPY has no way through SQLAlchemy."""
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found
