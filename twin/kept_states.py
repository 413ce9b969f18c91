"""Keep how long each state held, before the readings that say it are let go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Connection

from twin.devices import SILENT_INTERVALS
from twin.errors import Refused
from twin.rollups import final_before
from twin.states import time_in_words

__all__ = ["keep"]

# Truths are numbers that can be 0 and 1 alone; the first day is that of the roll-ups, which are kept for good.
STREAMS = sa.text("""
SELECT d.id, p.timezone, t.interval_s, k.day AS kept,
       CASE d.result WHEN 'text' THEN (SELECT min(time AT TIME ZONE p.timezone)::date FROM observation_text WHERE datastream_id = d.id)
            ELSE (SELECT min(day) FROM observation_day WHERE datastream_id = d.id) END AS first
  FROM datastream d JOIN thing t ON t.id = d.thing_id JOIN place p ON p.id = t.place_id
  LEFT JOIN LATERAL (SELECT max(day) AS day FROM state_day WHERE datastream_id = d.id) k ON true
 WHERE (d.result <> 'number' OR d.unit = '1' AND d.lowest = 0 AND d.highest = 1)
   AND (CAST(:kinds AS text[]) IS NULL OR t.kind = ANY(CAST(:kinds AS text[]))) ORDER BY d.id
""")
STORE = sa.text("""
INSERT INTO state_day (datastream_id, day, word, us)
SELECT :id, * FROM unnest(CAST(:days AS date[]), CAST(:words AS text[]), CAST(:us AS bigint[]))
""")


def keep(connection: Connection, before: datetime, kinds: Sequence[str] | None = None) -> None:
    """Write down the days that readings before a time have a part in, of all things or of those of some kinds.

    A reading holds for some intervals, so that those days reach a little past it. Only days that are final are written:
    the hours and days of `before` are added up.
    """
    final = final_before(connection)
    for row in connection.execute(STREAMS, {"kinds": None if kinds is None else list(kinds)}).all():
        zone = ZoneInfo(row.timezone)
        holds = timedelta(seconds=SILENT_INTERVALS * row.interval_s)
        start = row.first if row.kept is None else row.kept + timedelta(days=1)
        end = min((before + holds).astimezone(zone).date() + timedelta(days=1), final.astimezone(zone).date())
        if start is not None and start < end:
            _keep(connection, row.id, start, end, final)


def _keep(connection: Connection, datastream_id: int, start: date, end: date, now: datetime) -> None:
    try:
        days = time_in_words(connection, datastream_id, start, end, now)
    except Refused:
        return  # a ratio from 0 to 1 is no truth
    held = [(one.day, word, us) for one in days for word, us in {**one.us, "": one.unknown_us}.items() if us]
    columns = list(zip(*held, strict=True)) or [()] * 3
    connection.execute(
        STORE, {"id": datastream_id, "days": list(columns[0]), "words": list(columns[1]), "us": list(columns[2])}
    )
