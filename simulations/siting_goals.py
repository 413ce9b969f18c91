"""What new sites may be for: each goal by its name, with what it costs, how many seats there are, and what may be spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulations.pareto import cheapest
from simulations.siting import cover_most, shorten_longest, walk_least
from simulations.siting_exact import Limits, cover_all, cover_fairly, cover_twice, cover_within
from simulations.siting_problem import Answer, Flags, Floats, Report
from simulations.siting_seats import town_seats, town_walk
from simulations.tables import Table
from twin.errors import Refused

__all__ = ["GOALS", "NO_TERMS", "SEATED", "WALKED", "Found", "Sought", "Terms", "refuse"]

NOBODY = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms sites open.

    cost: of a new one; rooms: ids of buildings with a room that stands empty, which costs room_cost; only_rooms: a site
    may open nowhere else. budget: what may be spent, None: no limit. seats: of a new site; seats_there: of the
    facilities by id, none where it is not known.
    """

    cost: float = 1.0
    rooms: tuple[int, ...] = ()
    room_cost: float = 0.5
    only_rooms: bool = False
    budget: float | None = None
    seats: int | None = None
    seats_there: Mapping[int, int] = field(default_factory=dict)


NO_TERMS = Terms()


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """What sites are sought for; people and grid by household row; fixed, cost and seats by site."""

    table: Table
    people: NDArray[np.int64]
    grid: NDArray[np.int32]
    fixed: Flags
    cost: Floats
    seats: Floats
    budget: float | None

    def limits(self, new: int) -> Limits:
        """Give what may be opened."""
        return Limits(self.cost, sites=int(self.fixed.sum()) + new, budget=self.budget, fixed=self.fixed)

    @property
    def is_priced(self) -> bool:
        """Tell whether it matters which sites open, not only how many."""
        return self.budget is not None or len(np.unique(self.cost[~self.fixed])) > 1


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The sites chosen, and where seats count how many go from the place of each row of the table, (rows,)."""

    answer: Answer
    flow: Floats = field(default_factory=lambda: NOBODY)


Goal = Callable[[Sought, int, float, Report | None], Found]  # with so many new sites, within a limit [s]


def refuse(goal: str, terms: Terms) -> None:
    """Raise Refused where there is no such goal, or it does not go with the terms."""
    if goal not in GOALS:
        raise Refused(f"{goal!r} is no goal; one of {', '.join(GOALS)}")
    if goal in UNPRICED and terms.budget is not None:
        raise Refused(f"the goal {goal!r} has no budget: say how many sites, and perhaps that only rooms may open")
    if goal in SEATED and terms.seats is None:
        raise Refused(f"the goal {goal!r} needs to know how many seats a new site has")
    if terms.only_rooms and not terms.rooms:
        raise Refused("only rooms may open, but no room is named")


def _people(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    at = (sought.table, sought.people)
    limits = sought.limits(new)
    if not sought.is_priced:
        sites = int(sought.fixed.sum()) + new
        return Found(cover_most(*at, limit_s=limit_s, sites=sites, fixed=sought.fixed, report=report))
    best = cover_within(*at, limit_s=limit_s, limits=limits, report=report)
    return Found(cheapest(*at, limit_s, limits, best=best, report=report).answer)


def _walking(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    sites, beyond_s = int(sought.fixed.sum()) + new, WALKED_BEYOND * limit_s
    return Found(
        walk_least(sought.table, sought.people, beyond_s=beyond_s, sites=sites, fixed=sought.fixed, report=report)
    )


def _longest(sought: Sought, new: int, _: float, report: Report | None) -> Found:
    """Leave out those whom no site reaches within an hour."""
    reached = np.zeros(len(sought.people), np.bool_)
    reached[sought.table.column] = True
    people = np.where(reached, sought.people, 0)
    sites = int(sought.fixed.sum()) + new
    return Found(shorten_longest(sought.table, people, sites=sites, fixed=sought.fixed, report=report))


def _all(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    """Open the fewest sites, or the cheapest where they cost differently."""
    limits = sought.limits(new)
    if not sought.is_priced:
        limits = replace(limits, cost=np.ones(len(limits.cost)))
    return Found(cover_all(sought.table, sought.people, limit_s=limit_s, limits=limits, report=report))


def _backup(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    limits = sought.limits(new)
    return Found(cover_twice(sought.table, sought.people, limit_s=limit_s, limits=limits, report=report)[1])


def _fair(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    if not sought.people[sought.grid >= 0].any():
        raise Refused("nobody lives in a grid")
    limits = sought.limits(new)
    at = (sought.table, sought.people, sought.grid)
    return Found(cover_fairly(*at, limit_s=limit_s, limits=limits, report=report)[0])


def _seated(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    limits = sought.limits(new)
    at = (sought.table, sought.people, sought.seats)
    seated = town_seats(*at, limit_s=limit_s, limits=limits, report=report)
    return Found(seated.answer, seated.flow)


def _seats(sought: Sought, new: int, limit_s: float, report: Report | None) -> Found:
    limits = sought.limits(new)
    at = (sought.table, sought.people, sought.seats)
    seated = town_walk(*at, beyond_s=WALKED_BEYOND * limit_s, limits=limits, report=report)
    return Found(seated.answer, seated.flow)


LONGEST_WAY_S = 3600.0  # who has no site within an hour is not asked after where the longest way counts
WALKED_BEYOND = 2.0  # times the limit: what is counted for those whom no site reaches, and how far the table goes
# people: most within the limit. walking: least walking. longest: the shortest longest way. all: the fewest (cheapest)
# sites, those allowed at most, that reach all who can be reached. backup: as all, then most people within the limit of a
# second one. fair: the largest share within the limit in the grid that is worst off, then most people. seated: most
# people who find a seat within the limit. seats: least walking to a seat, who finds none counting twice the limit.
GOALS: Mapping[str, Goal] = {
    "people": _people,
    "walking": _walking,
    "longest": _longest,
    "all": _all,
    "backup": _backup,
    "fair": _fair,
    "seated": _seated,
    "seats": _seats,
}
# goals that look beyond the limit, and how far [s]
WALKED: Mapping[str, Callable[[float], float]] = {
    "walking": lambda limit_s: WALKED_BEYOND * limit_s,
    "seats": lambda limit_s: WALKED_BEYOND * limit_s,
    "longest": lambda limit_s: max(LONGEST_WAY_S, limit_s),
}
SEATED = frozenset({"seated", "seats"})
UNPRICED = frozenset({"walking", "longest"})
