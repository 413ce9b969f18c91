"""A datastream as a line of few points that keeps its shape: largest triangle three buckets.

Source: S. Steinarsson, Downsampling Time Series for Visual Representation, University of Iceland 2013, chapter 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy import Connection

from twin.errors import NotFound, Refused
from twin.minutes import FAST_S, minutes
from twin.observations import days, history, hours

__all__ = ["Chart", "chart", "lttb"]

FEWEST_POINTS = 3
# Some 0.1 s of reading on a busy machine; above it the means of hours are drawn, above that many hours those of days.
MOST_READINGS = 50_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HALF_MINUTE_US, HALF_HOUR_US = 30_000_000, 1_800_000_000
Of = Literal["readings", "minutes", "hours", "days"]


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """At most so many points as were asked for, oldest first; microseconds since 1970 UTC.

    `of` says what the points are: readings, or the means of minutes, hours or local days, each in the middle of its period.
    """

    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    of: Of


def chart(connection: Connection, datastream_id: int, start: datetime, end: datetime, points: int) -> Chart:
    """Draw [start, end) of a datastream with at most so many points, 3 or more.

    Readings are drawn where the span has at most MOST_READINGS of them by the thing's interval, else the finest of
    minutes (of fast things), hours and days that has no more.
    Raises NotFound where there is no such datastream, Refused where fewer than 3 points are asked for.
    """
    if points < FEWEST_POINTS:
        raise Refused(f"a chart has at least {FEWEST_POINTS} points")
    row = connection.execute(
        sa.text("""
        SELECT t.interval_s, p.timezone FROM datastream d JOIN thing t ON t.id = d.thing_id JOIN place p ON p.id = t.place_id
         WHERE d.id = :id
        """),
        {"id": datastream_id},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no datastream has the id {datastream_id}")
    of: Of
    if (end - start) / timedelta(seconds=row[0]) <= MOST_READINGS:
        series, of = history(connection, datastream_id, start, end), "readings"
        time_us, value = series.time_us, series.value
    elif row[0] <= FAST_S and (end - start) / MINUTE <= MOST_READINGS:
        (time_us, value), of = _minutes(connection, datastream_id, start, end), "minutes"
    elif (end - start) / HOUR <= MOST_READINGS:
        (time_us, value), of = _hours(connection, datastream_id, start, end), "hours"
    else:
        (time_us, value), of = _days(connection, datastream_id, start, end, ZoneInfo(row[1])), "days"
    kept = lttb(time_us, value, points)
    return Chart(time_us[kept], value[kept], of)


def _minutes(
    connection: Connection, datastream_id: int, start: datetime, end: datetime
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    found = minutes(connection, datastream_id, start.replace(second=0, microsecond=0), end)
    return found.start_us + HALF_MINUTE_US, found.mean


def _hours(
    connection: Connection, datastream_id: int, start: datetime, end: datetime
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found = hours(connection, datastream_id, first, end)
    return found.start_us + HALF_HOUR_US, found.mean


def _days(
    connection: Connection, datastream_id: int, start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    found = days(connection, datastream_id, start.astimezone(zone).date(), end.astimezone(zone).date())
    noons = [datetime(day.year, day.month, day.day, 12, tzinfo=zone) for day in found.day.tolist()]
    return np.array([(noon - EPOCH) // timedelta(microseconds=1) for noon in noons], dtype=np.int64), found.mean


def lttb(time_us: NDArray[np.int64], value: NDArray[np.float64], points: int) -> NDArray[np.int64]:
    """Choose so many points, 3 or more, and give their positions; all of them where there are no more than that.

    The first and the last stay. The others are in equal shares by count, and of each the one is kept that makes the
    largest triangle with the one kept before and the mean of the next share.
    """
    n = len(time_us)
    if n <= points:
        return np.arange(n)
    x, y = (time_us - time_us[0]).astype(np.float64), value
    edges = np.arange(points - 1) * (n - 2) // (points - 2) + 1
    counts = np.diff(edges)
    mean_x = np.append(np.add.reduceat(x[1:-1], edges[:-1] - 1) / counts, x[-1])
    mean_y = np.append(np.add.reduceat(y[1:-1], edges[:-1] - 1) / counts, y[-1])
    kept = np.zeros(points, dtype=np.int64)
    kept[-1] = n - 1
    before = 0
    for share in range(points - 2):
        begins, ends = edges[share], edges[share + 1]
        across_x, across_y = mean_x[share + 1] - x[before], mean_y[share + 1] - y[before]
        area = np.abs(across_x * (y[begins:ends] - y[before]) - across_y * (x[begins:ends] - x[before]))
        before = int(begins + np.argmax(area))
        kept[share + 1] = before
    return kept
