"""The cold tier: a datastream's observations of one day UTC in one row of two arrays, lossless.

`twin.observations.history` reads both tiers as one.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from twin.rollups import final_before, hold, raise_floor

__all__ = ["pack_oldest"]

OLDEST = sa.text("""
SELECT format('%I.%I', chunk_schema, chunk_name), range_start, range_end FROM timescaledb_information.chunks
 WHERE hypertable_schema = current_schema() AND hypertable_name = 'observation' AND range_end <= :before
 ORDER BY range_start LIMIT 1
""")
# A day that was packed before and got a straggler since is packed together with it; what was there first stays.
PACK = sa.text("""
INSERT INTO observation_packed (datastream_id, day, times, numbers)
SELECT datastream_id, (time AT TIME ZONE 'UTC')::date, array_agg(time ORDER BY time), array_agg(value ORDER BY time)
  FROM observation WHERE time >= :start AND time < :end GROUP BY 1, 2
ON CONFLICT (datastream_id, day) DO UPDATE SET (times, numbers) = (
    SELECT array_agg(time ORDER BY time), array_agg(value ORDER BY time) FROM (
        SELECT DISTINCT ON (time) time, value FROM (
            SELECT 0 AS tier, time, value FROM unnest(observation_packed.times, observation_packed.numbers) AS p(time, value)
            UNION ALL SELECT 1, time, value FROM unnest(excluded.times, excluded.numbers) AS n(time, value)) both_tiers
         ORDER BY time, tier) kept)
""")


def pack_oldest(connection: Connection, before: datetime) -> int | None:
    """Pack the oldest chunk that ends by a time, and give how many rows it makes; None: there is none.

    Nothing is packed before its hours and days are added up. One chunk a transaction: writers of that chunk alone wait.
    """
    hold(connection)
    oldest = connection.execute(OLDEST, {"before": min(before, final_before(connection))}).one_or_none()
    if oldest is None:
        return None
    chunk, start, end = oldest
    connection.exec_driver_sql(f"LOCK TABLE {chunk} IN SHARE ROW EXCLUSIVE MODE")
    rows = connection.execute(PACK, {"start": start, "end": end}).rowcount
    connection.execute(
        sa.text("SELECT drop_chunks('observation', older_than => CAST(:end AS timestamptz))"), {"end": end}
    )
    raise_floor(connection, end.astimezone(UTC))
    return rows
