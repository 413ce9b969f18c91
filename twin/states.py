"""How long a two-valued datastream was in which state: the availability of a lift by day and month.

A reading holds until the next one, and no longer than three reporting intervals of its thing; what no reading holds
is unknown. All sums are whole microseconds, so that open, closed and unknown are together exactly the day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin.errors import NotFound, Refused
from twin.observations import Series, history

__all__ = ["TimeInState", "by_month", "time_in_state"]

SILENT_INTERVALS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOSED, OPEN, UNKNOWN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class TimeInState:
    """The microseconds of a local day or month in each state; 1 is open (in service), 0 is closed.

    The period that runs is counted up to now. `day` is the first of the month for a month.
    """

    day: date
    open_us: int
    closed_us: int
    unknown_us: int

    @property
    def availability(self) -> float | None:
        """The part of the known time that it was open; None where nothing is known."""
        known_us = self.open_us + self.closed_us
        return self.open_us / known_us if known_us else None

    @classmethod
    def total(cls, day: date, parts: Iterable[TimeInState]) -> Self:
        """Add periods up."""
        rows = [(part.open_us, part.closed_us, part.unknown_us) for part in parts]
        return cls(day, *(sum(column) for column in zip(*rows, strict=True)))


def by_month(days: Iterable[TimeInState]) -> list[TimeInState]:
    """Add days, in their order, up by month."""
    months = groupby(days, key=lambda one: one.day.replace(day=1))
    return [TimeInState.total(month, parts) for month, parts in months]


def time_in_state(
    connection: Connection, datastream_id: int, start: date, end: date, now: datetime
) -> list[TimeInState]:
    """Give the time in each state for each local day in [start, end) that began before now, oldest first.

    Raises NotFound where there is no such datastream, Refused where a value is neither 0 nor 1.
    """
    zone, hold = _clock(connection, datastream_id)
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    midnights = np.array([_us(_midnight(day, zone)) for day in [*days, end]], dtype=np.int64)
    if not days:
        return []
    edges = np.minimum(midnights, max(_us(now), midnights[0]))
    # One that was read before the first day may hold into it.
    series = history(connection, datastream_id, _moment(edges[0]) - hold, _moment(edges[-1]))
    if not np.isin(series.value, (CLOSED, OPEN)).all():
        raise Refused(f"datastream {datastream_id} has other values than 0 and 1")
    sums = _sums(series, edges, hold // timedelta(microseconds=1))
    found = [
        TimeInState(day, int(row[OPEN]), int(row[CLOSED]), int(row[UNKNOWN]))
        for day, row in zip(days, sums, strict=True)
    ]
    return [one for one, begins in zip(found, midnights, strict=False) if begins < _us(now)]


def _clock(connection: Connection, datastream_id: int) -> tuple[ZoneInfo, timedelta]:
    """Read the time zone of a datastream's place, and how long one of its readings holds."""
    row = connection.execute(
        sa.text("""
        SELECT p.timezone, t.interval_s
          FROM datastream d JOIN thing t ON t.id = d.thing_id JOIN place p ON p.id = t.place_id WHERE d.id = :id
        """),
        {"id": datastream_id},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no datastream has the id {datastream_id}")
    return ZoneInfo(row[0]), timedelta(seconds=SILENT_INTERVALS * row[1])


def _sums(series: Series, edges: NDArray[np.int64], hold_us: int) -> NDArray[np.int64]:
    """Add up the microseconds by period and state, (len(edges) - 1, 3): cut all time at readings, holds' ends, edges."""
    holds_until = series.time_us + hold_us
    cuts = np.unique(np.concatenate([edges, series.time_us, holds_until]))
    cuts = cuts[(cuts >= edges[0]) & (cuts <= edges[-1])]
    begins, lasts = cuts[:-1], np.diff(cuts)
    reading = np.searchsorted(series.time_us, begins, side="right") - 1
    state = np.full(len(begins), UNKNOWN, dtype=np.int64)
    is_held = reading >= 0
    is_held[is_held] = begins[is_held] < holds_until[reading[is_held]]
    state[is_held] = series.value[reading[is_held]].astype(np.int64)
    period = np.searchsorted(edges, begins, side="right") - 1
    sums = np.zeros((len(edges) - 1, 3), dtype=np.int64)
    np.add.at(sums, (period, state), lasts)
    return sums


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give the first instant of a local day: where midnight is left out, the one that the clocks jump to."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(us: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(us))
