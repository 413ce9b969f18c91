"""What only some editions of TimescaleDB have: switched on where it is there, and said where it is not."""

from __future__ import annotations

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection

__all__ = ["compress", "edition", "optional"]

COMMUNITY = "timescale"
SEGMENTS = """
ALTER TABLE observation SET (timescaledb.compress, timescaledb.compress_segmentby = 'datastream_id',
                             timescaledb.compress_orderby = 'time')
"""
NO_POLICY = "SELECT remove_compression_policy('observation', if_exists => true)"
POLICY = "SELECT add_compression_policy('observation', make_interval(days => :days), if_not_exists => true)"


def edition(connection: Connection) -> str:
    """Name the edition: 'timescale' (Community), 'apache', or '' where the server does not say."""
    return str(connection.scalar(sa.text("SELECT coalesce(current_setting('timescaledb.license', true), '')")))


def optional(connection: Connection, statement: str, **values: Any) -> bool:
    """Run a statement that an edition may lack; False, and nothing has happened, where it says so (SQLSTATE 0A000)."""
    try:
        with connection.begin_nested():
            connection.execute(sa.text(statement), values)
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.FeatureNotSupported):
            return False
        raise
    return True


def compress(connection: Connection, after_days: int | None) -> list[str]:
    """Have observations compressed once they are so old, None: not; give a line of what came of it.

    They are to be older than late readings can be: ON CONFLICT on compressed chunks has a history of faults
    (timescaledb#5801, #6063, #7672).
    """
    if after_days is None:
        return []
    found = edition(connection)
    if found != COMMUNITY:
        return [f"not compressed: this edition of TimescaleDB ({found or 'unknown'}) cannot"]
    steps: tuple[tuple[str, dict[str, Any]], ...] = ((SEGMENTS, {}), (NO_POLICY, {}), (POLICY, {"days": after_days}))
    if all(optional(connection, statement, **values) for statement, values in steps):
        return [f"observations are compressed after {after_days} days"]
    return ["not compressed: TimescaleDB refuses it"]
