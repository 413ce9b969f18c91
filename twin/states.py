"""How long a datastream was in which state: the availability of a lift by day and month, or the words it said.

A reading holds until the next one, and no longer than three reporting intervals of its thing; what no reading holds
is unknown. All sums are whole microseconds, so that open, closed and unknown are together exactly the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin import texts
from twin.errors import NotFound, Refused
from twin.observations import Series, history

__all__ = ["TimeInState", "TimeInWords", "by_month", "time_in_state", "time_in_words"]

SILENT_INTERVALS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOSED, OPEN = 0, 1
TRUTHS = ("false", "true")


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


@dataclass(frozen=True, slots=True)
class TimeInWords:
    """The microseconds of a local day for which each word held: words of a category, texts, true and false."""

    day: date
    us: Mapping[str, int]  # only words that held
    unknown_us: int


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
    days = time_in_words(connection, datastream_id, start, end, now)
    if any(day.us.keys() - set(TRUTHS) for day in days):
        raise Refused(f"datastream {datastream_id} has other values than 0 and 1")
    return [TimeInState(one.day, one.us.get("true", 0), one.us.get("false", 0), one.unknown_us) for one in days]


def time_in_words(
    connection: Connection, datastream_id: int, start: date, end: date, now: datetime
) -> list[TimeInWords]:
    """Give for each local day in [start, end) that began before now how long which word held, oldest first.

    Raises NotFound where there is no such datastream, Refused where its readings are neither words, texts nor 0 and 1.
    """
    kept = _kept(connection, datastream_id, start, end)
    since = max(start, kept[-1].day + timedelta(days=1)) if kept else start
    found, words = _sums_by_day(connection, datastream_id, since, max(since, end), now)
    return kept + [
        TimeInWords(day, {word: int(us) for word, us in zip(words, row, strict=False) if us}, int(row[-1]))
        for day, row in found
    ]


def _kept(connection: Connection, datastream_id: int, start: date, end: date) -> list[TimeInWords]:
    """Read the days whose readings may have been let go."""
    rows = connection.execute(
        sa.text("""
        SELECT day, coalesce(jsonb_object_agg(word, us) FILTER (WHERE word <> ''), '{}'), coalesce(sum(us) FILTER (WHERE word = ''), 0)
          FROM state_day WHERE datastream_id = :id AND day >= :start AND day < :end GROUP BY day ORDER BY day
        """),
        {"id": datastream_id, "start": start, "end": end},
    )
    return [TimeInWords(day, words, int(unknown)) for day, words, unknown in rows]


def _sums_by_day(
    connection: Connection, datastream_id: int, start: date, end: date, now: datetime
) -> tuple[list[tuple[date, NDArray[np.int64]]], tuple[str, ...]]:
    """Give the microseconds of each day by word, and of none last; and the words."""
    zone, hold = _clock(connection, datastream_id)
    days = [start + timedelta(days=n) for n in range((end - start).days)]
    midnights = np.array([_us(_midnight(day, zone)) for day in [*days, end]], dtype=np.int64)
    edges = np.minimum(midnights, max(_us(now), midnights[0]))
    # One that was read before the first day may hold into it.
    series, words = _coded(connection, datastream_id, _moment(edges[0]) - hold, _moment(edges[-1]))
    sums = _sums(series, edges, hold // timedelta(microseconds=1), len(words))
    return [(day, row) for day, row, begins in zip(days, sums, midnights, strict=False) if begins < _us(now)], words


def _coded(
    connection: Connection, datastream_id: int, start: datetime, end: datetime
) -> tuple[Series, tuple[str, ...]]:
    """Read what a datastream said as codes from 0 on, and the words that they stand for."""
    result, words = connection.execute(
        sa.text("""
        SELECT result, ARRAY(SELECT word FROM category WHERE datastream_id = d.id ORDER BY code) FROM datastream d WHERE id = :id
        """),
        {"id": datastream_id},
    ).one()
    if result == "text":
        said = texts.history(connection, datastream_id, start, end)
        known = sorted({text for _, text in said})
        codes = np.array([known.index(text) for _, text in said], dtype=np.float64)
        return Series(np.array([us for us, _ in said], dtype=np.int64), codes), tuple(known)
    series = history(connection, datastream_id, start, end)
    if result == "category":
        return series, tuple(words)
    if not np.isin(series.value, (CLOSED, OPEN)).all():
        raise Refused(f"datastream {datastream_id} has other values than 0 and 1")
    return series, TRUTHS


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


def _sums(series: Series, edges: NDArray[np.int64], hold_us: int, states: int) -> NDArray[np.int64]:
    """Add up the microseconds by period and state, the last unknown: cut all time at readings, holds' ends, edges."""
    holds_until = series.time_us + hold_us
    cuts = np.unique(np.concatenate([edges, series.time_us, holds_until]))
    cuts = cuts[(cuts >= edges[0]) & (cuts <= edges[-1])]
    begins, lasts = cuts[:-1], np.diff(cuts)
    reading = np.searchsorted(series.time_us, begins, side="right") - 1
    state = np.full(len(begins), states, dtype=np.int64)
    is_held = reading >= 0
    is_held[is_held] = begins[is_held] < holds_until[reading[is_held]]
    state[is_held] = series.value[reading[is_held]].astype(np.int64)
    period = np.searchsorted(edges, begins, side="right") - 1
    sums = np.zeros((len(edges) - 1, states + 1), dtype=np.int64)
    np.add.at(sums, (period, state), lasts)
    return sums


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Give the first instant of a local day: where midnight is left out, the one that the clocks jump to."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(us: np.int64) -> datetime:
    return EPOCH + timedelta(microseconds=int(us))
