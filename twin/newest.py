"""Keep the newest reading of each datastream, and ask in the same breath what else a batch has to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import subscribers
from twin.changes import CHANNEL, IDS_AT_ONCE
from twin.copying import SAVED, column, driver
from twin.errors import Stale

__all__ = ["Known", "keep"]

# The announcements are those of twin.changes.announce, written here: the ids need not come to us and go back.
NEWEST = f"""
WITH newest AS (
    INSERT INTO latest (datastream_id, time, value, received_at)
    SELECT id, timestamptz 'epoch' + us * interval '1 microsecond', value, %(received_at)s
      FROM unnest(%(ids)b::integer[], %(times)b::bigint[], %(values)b::double precision[]) AS n(id, us, value)
    ON CONFLICT (datastream_id) DO UPDATE
       SET time = excluded.time, value = excluded.value, received_at = excluded.received_at
     WHERE least(excluded.time, excluded.received_at) > least(latest.time, latest.received_at)
    RETURNING datastream_id),
numbered AS (SELECT datastream_id, row_number() OVER (ORDER BY datastream_id) AS n FROM newest),
told AS (
    SELECT pg_notify('{CHANNEL}', '{{"kind":"latest","ids":[' || string_agg(datastream_id::text, ',' ORDER BY n) || ']}}')
      FROM numbered GROUP BY (n - 1) / {IDS_AT_ONCE})
SELECT coalesce(array_agg(datastream_id ORDER BY datastream_id), '{{}}'), (SELECT count(*) FROM told) FROM newest
"""
# After the newest are kept: their rows are locked, so that what is remembered of these datastreams stands still.
ASK = f"""
SELECT rolled_until, {subscribers.STREAMS}, (SELECT sum(n)::bigint FROM alarm_rule_change),
       EXISTS (SELECT FROM effect WHERE datastream_id = ANY(%(ids)b::integer[])),
       EXISTS (SELECT FROM alarm_watch WHERE datastream_id = ANY(%(ids)b::integer[]))
  FROM observation_watermark
"""


class Known(NamedTuple):
    """What holds for a batch: `newer` are the datastreams that have a newer reading now, rising."""

    newer: NDArray[np.int32]
    rolled_until: datetime
    subscribed: list[int] | None  # whose observations somebody subscribed to; None: nobody did
    rules: int | None  # the version of the alarm rules
    has_effects: bool
    is_watched: bool  # whether an alarm rule remembers anything of them


def keep(
    connection: Connection,
    datastream_id: NDArray[np.int32],
    time_us: NDArray[np.int64],
    value: NDArray[np.float64],
    received_at: datetime,
) -> Known:
    """Keep the newest readings, one a datastream and in their order, by measured time; announce those that are newer.

    A reading from the future was measured when it was received: a clock that is ahead must not hide what comes after.
    Raises Stale where a datastream is no longer in the register. The savepoint of the batch ends here.
    """
    values: dict[str, Any] = {"ids": column(datastream_id), "received_at": received_at}
    values |= {"times": column(time_us), "values": column(value)}
    raw = driver(connection)
    try:
        with raw.pipeline():
            raw.execute(f"RELEASE SAVEPOINT {SAVED}")
            newest = raw.execute(NEWEST, values, prepare=True, binary=True)
            asked = raw.execute(ASK, {"ids": values["ids"]}, prepare=True)
        newer, found = newest.fetchone(), asked.fetchone()
    except psycopg.errors.ForeignKeyViolation as error:
        raise Stale(f"a datastream is no longer in the register: {error}") from error
    if found is None or newer is None:
        raise Stale("the watermark of the roll-ups is gone")
    return Known(np.array(newer[0], dtype=np.int32), *found)
