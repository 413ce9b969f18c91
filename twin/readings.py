"""What one datastream measured, as a screen or a program asks for it: by the key of its device and its property."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import texts
from twin.charts import chart
from twin.errors import NotFound
from twin.observations import history
from twin.states import by_month, time_in_state, time_in_words

__all__ = ["MOST_WORDS", "Found", "Readings", "each", "find", "readings", "states"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_WORDS = 10_000  # of one answer; they cannot be thinned out as numbers can


class Found(NamedTuple):
    """A datastream: its id, what its results are (number, category, text) and their unit."""

    id: int
    result: str
    unit: str


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of one datastream, oldest first: time, and a number or a word.

    `of` says what the points are: readings, or the means of minutes, hours or local days, in the middle of each.
    """

    key: str
    property: str
    result: str
    unit: str
    of: str
    points: Sequence[tuple[datetime, float | str]]
    is_cut: bool = False  # there are more words than one answer holds; the newest are here

    def as_row(self) -> dict[str, Any]:
        """Give the fields by name, as JSON can be made of them."""
        points = [[time.isoformat(), value] for time, value in self.points]
        return {name: getattr(self, name) for name in ("key", "property", "result", "unit", "of", "is_cut")} | {
            "points": points
        }


def find(connection: Connection, key: str, name: str) -> Found:
    """Find the datastream of a device's property. Raises NotFound."""
    row = connection.execute(
        sa.text("""
        SELECT d.id, d.result, d.unit FROM datastream d JOIN thing t ON t.id = d.thing_id
         WHERE t.key = :key AND d.property = :name
        """),
        {"key": key, "name": name},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no device {key} with the property {name}")
    return Found(*row)


def readings(connection: Connection, key: str, name: str, *, start: datetime, end: datetime, points: int) -> Readings:
    """Read [start, end) of a device's property: numbers in at most so many points that keep their shape, words as they came.

    Raises NotFound where there is no such property, Refused where fewer than 3 points are asked for.
    """
    found = find(connection, key, name)
    if found.result == "number":
        drawn = chart(connection, found.id, start, end, points)
        line = [(_moment(us), value) for us, value in zip(drawn.time_us.tolist(), drawn.value.tolist(), strict=True)]
        return Readings(key, name, found.result, found.unit, drawn.of, line)
    said = _words(connection, found, start, end)
    kept = [(_moment(us), word) for us, word in said[-MOST_WORDS:]]
    return Readings(key, name, found.result, found.unit, "readings", kept, is_cut=len(said) > MOST_WORDS)


def each(connection: Connection, key: str, name: str, *, start: datetime, end: datetime, most: int) -> Readings:
    """Read the first `most` readings in [start, end) of a device's property, each as it came. Raises NotFound."""
    found = find(connection, key, name)
    if found.result == "number":
        series = history(connection, found.id, start, end)
        rows = zip(series.time_us[:most].tolist(), series.value[:most].tolist(), strict=True)
        return Readings(key, name, found.result, found.unit, "readings", [(_moment(us), value) for us, value in rows])
    said = _words(connection, found, start, end)[:most]
    return Readings(key, name, found.result, found.unit, "readings", [(_moment(us), word) for us, word in said])


def _words(connection: Connection, found: Found, start: datetime, end: datetime) -> list[tuple[int, str]]:
    if found.result == "text":
        return texts.history(connection, found.id, start, end)
    words: dict[float, str] = {
        float(code): word
        for code, word in connection.execute(
            sa.text("SELECT code, word FROM category WHERE datastream_id = :id"), {"id": found.id}
        )
    }
    series = history(connection, found.id, start, end)
    return [(us, words[code]) for us, code in zip(series.time_us.tolist(), series.value.tolist(), strict=True)]


def states(
    connection: Connection, key: str, name: str, *, start: date, end: date, now: datetime, monthly: bool = False
) -> list[dict[str, Any]]:
    """Give how long a device's property was in which state by local day or month in [start, end), in seconds.

    A truth also has its availability, the part of the known time that it was true. Raises NotFound where there is no
    such property, Refused where its readings are neither words, texts nor 0 and 1.
    """
    found = find(connection, key, name)
    if found.result == "number":
        days = time_in_state(connection, found.id, start, end, now)
        return [
            {"day": one.day, "true": one.open_us / 1e6, "false": one.closed_us / 1e6, "unknown": one.unknown_us / 1e6}
            | {"availability": one.availability}
            for one in (by_month(days) if monthly else days)
        ]
    sums: dict[date, dict[str, float]] = {}
    for day in time_in_words(connection, found.id, start, end, now):
        period = sums.setdefault(day.day.replace(day=1) if monthly else day.day, {"": 0.0})
        period[""] += day.unknown_us / 1e6
        for word, us in day.us.items():
            period[word] = period.get(word, 0.0) + us / 1e6
    return [
        {"day": day, "words": {word: s for word, s in held.items() if word}, "unknown": held[""]}
        for day, held in sums.items()
    ]


def _moment(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)
