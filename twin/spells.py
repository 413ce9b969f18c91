"""How long each lift ran and stood, in turns, as its sensor measured it: the history that years are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from twin.db import Connection
from twin.devices import SILENT_INTERVALS
from twin.effects import Rule
from twin.observations import history
from twin.terms import ElementKind

__all__ = ["Spells", "of_lifts", "spells"]


@dataclass(frozen=True, slots=True)
class Spells:
    """What one sensor saw of the lift it watches: (running, seconds), oldest first; what is unknown is left out."""

    elements: tuple[tuple[ElementKind, int], ...]
    states: tuple[tuple[bool, float], ...]


def of_lifts(connection: Connection, place_id: int, start: datetime, end: datetime) -> list[Spells]:
    """Read the histories of the watched lifts of a place in [start, end); those without a reading are left out.

    A reading holds until the next one, and no longer than three intervals of its thing. Limits with hysteresis are
    judged as `twin.effects` does; times to hold and to lock are not.
    """
    rows = connection.execute(sa.text(WATCHED), {"place": place_id}).all()
    found = []
    for row in rows:
        rule = Rule(row.closes_above, row.closes_below, row.opens_below, row.opens_above)
        series = history(connection, row.datastream_id, start, end)
        states = spells(
            series.time_us, series.value, rule, hold=timedelta(seconds=SILENT_INTERVALS * row.interval_s), end=end
        )
        elements = tuple((ElementKind(kind), int(at)) for kind, at in zip(row.kinds, row.ids, strict=True))
        if states:
            found.append(Spells(elements, states))
    return found


def spells(
    time_us: NDArray[np.int64], value: NDArray[np.float64], rule: Rule, *, hold: timedelta, end: datetime
) -> tuple[tuple[bool, float], ...]:
    """Judge readings, ascending by time, and give the known stretches (open, seconds), those of one state joined."""
    if not len(time_us):
        return ()
    is_open = _judged(value, rule)
    until = np.append(time_us[1:], round(end.timestamp() * 1_000_000))
    lasts = np.minimum(until, time_us + hold // timedelta(microseconds=1)) - time_us
    begins = np.flatnonzero(np.append(True, is_open[1:] != is_open[:-1]))
    sums = np.add.reduceat(lasts, begins) / 1_000_000
    return tuple(zip(is_open[begins].tolist(), sums.tolist(), strict=True))


def _judged(value: NDArray[np.float64], rule: Rule) -> NDArray[np.bool_]:
    """Tell after which readings it is open; between the limits it stays what it was, at first open."""
    closes = _any(value, above=rule.closes_above, below=rule.closes_below)
    held = np.zeros(len(value), np.bool_)
    if rule.closes_above is not None and rule.opens_below is not None:
        held |= value >= rule.opens_below
    if rule.closes_below is not None and rule.opens_above is not None:
        held |= value <= rule.opens_above
    said = np.where(closes | ~held, np.arange(len(value)), -1)
    last = np.maximum.accumulate(said)
    return np.where(last >= 0, ~closes[last], True)


def _any(value: NDArray[np.float64], *, above: float | None, below: float | None) -> NDArray[np.bool_]:
    past = np.zeros(len(value), np.bool_)
    if above is not None:
        past |= value > above
    if below is not None:
        past |= value < below
    return past


WATCHED = """
SELECT e.datastream_id, t.interval_s, e.closes_above, e.closes_below, e.opens_below, e.opens_above,
    array_agg(e.element_kind ORDER BY e.element_id) AS kinds, array_agg(e.element_id ORDER BY e.element_id) AS ids
FROM effect AS e
JOIN datastream AS d ON d.id = e.datastream_id
JOIN thing AS t ON t.id = d.thing_id
LEFT JOIN network_edge AS n ON e.element_kind = 'edge' AND n.id = e.element_id
WHERE t.place_id = :place AND (e.element_kind = 'building_lift' OR n.kind = 'lift')
GROUP BY e.datastream_id, t.interval_s, e.closes_above, e.closes_below, e.opens_below, e.opens_above
ORDER BY e.datastream_id
"""
