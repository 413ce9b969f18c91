"""By month how long each lift was in service, out of it, and unknown: what its sensor measured, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import Refused
from twin.places import Place
from twin.states import by_month, time_in_state

__all__ = ["MOST_MONTHS", "LiftMonth", "lift_months"]

MOST_MONTHS = 24
HOUR_US = 3_600_000_000
DECEMBER = 12


@dataclass(frozen=True, slots=True)
class LiftMonth:
    """One lift in one local month; hours, and availability as the share of the known time, None where nothing is known."""

    key: str
    name: str
    name_zh: str | None
    simulated: bool
    month: str  # 2026-11
    open_h: float
    closed_h: float
    unknown_h: float
    availability: float | None


def lift_months(connection: Connection, place: Place, first: date, months: int, now: datetime) -> list[LiftMonth]:
    """Give so many months from the one of `first` on, by lift; the month that runs is counted up to now.

    Raises Refused for fewer than one month or more than MOST_MONTHS, or where a month lies ahead.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"1 to {MOST_MONTHS} months are counted at once")
    start, today = first.replace(day=1), now.astimezone(ZoneInfo(place.timezone)).date()
    if start > today:
        raise Refused(f"{start:%Y-%m} is still to come")
    end = start
    for _ in range(months):
        end = date(end.year + end.month // DECEMBER, end.month % DECEMBER + 1, 1)
    found = []
    for row in connection.execute(sa.text(LIFTS), {"place": place.id}).all():
        for one in by_month(time_in_state(connection, row.datastream_id, start, end, now)):
            opened, closed, unknown = (round(us / HOUR_US, 2) for us in (one.open_us, one.closed_us, one.unknown_us))
            share = None if one.availability is None else round(one.availability, 4)
            found.append(
                LiftMonth(
                    row.key, row.name, row.name_zh, row.simulated, f"{one.day:%Y-%m}", opened, closed, unknown, share
                )
            )
    return found


LIFTS = """
SELECT t.key, t.name, t.name_zh, t.simulated, min(d.id) AS datastream_id
  FROM thing AS t JOIN datastream AS d ON d.thing_id = t.id
 WHERE t.place_id = :place AND t.kind = 'lift' AND d.lowest = 0 AND d.highest = 1 AND d.unit = '1'
   AND EXISTS (SELECT FROM effect AS e WHERE e.datastream_id = d.id)
 GROUP BY t.key, t.name, t.name_zh, t.simulated ORDER BY t.name, t.key
"""
