"""Coverage by the hour of the week: only facilities that are open then count, and unknown hours are unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import Coverage, coverage
from simulations.states import EVERYBODY, Element, Report, Reports
from twin import opening_hours
from twin.terms import ElementKind, MobilityGroup, Service, State

__all__ = ["Week", "at_minute", "by_minute", "read"]


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
    """Compute the coverage at minutes of the week; those at which the same facilities are open are computed once."""
    found: dict[bytes, Coverage] = {}
    answers = []
    for minute in minutes:
        key = week.is_open[:, minute].tobytes()
        if key not in found:
            now = at_minute(said, week, minute)
            found[key] = coverage(community, now, service, group, limit_s=limit_s)
        answers.append(found[key])
    return answers
