"""Coverage by the hour of the week: only facilities that are open then count, and unknown hours are unknown.

At night unlit ways are dark, and walked more slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import Coverage, coverage
from simulations.mobility import arc_times
from simulations.states import EVERYBODY, Element, Report, Reports
from twin import opening_hours
from twin.terms import ElementKind, MobilityGroup, Service, State

__all__ = ["Week", "at_minute", "by_minute", "read", "walked_at"]


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """When facilities are open, rows as in Facilities: is_known (f,), is_open (f, opening_hours.MINUTES)."""

    is_known: NDArray[np.bool_]
    is_open: NDArray[np.bool_]


def read(texts: Sequence[str | None]) -> Week:
    """Read opening hours; the same text is read once."""
    weeks = {text: opening_hours.week(text) for text in set(texts)}
    is_known = np.array([weeks[text] is not None for text in texts], np.bool_)
    is_open = np.zeros((len(texts), opening_hours.MINUTES), np.bool_)
    for row, text in enumerate(texts):
        found = weeks[text]
        if found is not None:
            is_open[row] = found
    return Week(is_known, is_open)


def at_minute(said: Reports, week: Week, minute: int) -> Reports:
    """Give the reports with what is closed at a minute of the week, and with unknown hours as unknown."""
    shut = np.flatnonzero(week.is_known & ~week.is_open[:, minute]).tolist()
    unknown = np.flatnonzero(~week.is_known).tolist()
    return (
        *said,
        *(Report(Element(ElementKind.FACILITY, row), EVERYBODY, State.CLOSED) for row in shut),
        *(Report(Element(ElementKind.FACILITY, row), EVERYBODY, State.UNKNOWN) for row in unknown),
    )


def walked_at(community: Community, minute: int) -> Community:
    """Give the community with the times its ways take at a minute of the week, by day or at night."""
    moving = community.mobility
    if not _is_dark(community, minute):
        return community
    dark = {group: arc_times(community.network, group, moving, at_night=True) for group in community.times}
    return replace(community, times=dark)


def by_minute(
    community: Community,
    said: Reports,
    week: Week,
    service: Service,
    group: MobilityGroup,
    *,
    limit_s: float,
    minutes: Sequence[int],
) -> list[Coverage]:
    """Compute the coverage at minutes of the week; those alike in light and open facilities are computed once."""
    found: dict[tuple[bytes, bool], Coverage] = {}
    answers = []
    for minute in minutes:
        key = (week.is_open[:, minute].tobytes(), _is_dark(community, minute))
        if key not in found:
            now = at_minute(said, week, minute)
            found[key] = coverage(walked_at(community, minute), now, service, group, limit_s=limit_s)
        answers.append(found[key])
    return answers


def _is_dark(community: Community, minute: int) -> bool:
    """Tell whether some way is dark at a minute of the week."""
    return community.mobility.is_night(minute) and bool((community.network.lit == 0).any())
