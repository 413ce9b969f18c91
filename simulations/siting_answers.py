"""Answers on capacity and siting as plain data; counts of 1 to 4 people, also as differences, are given as None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import homes
from simulations.capacity import Decay, seats_taken, two_step
from simulations.community import Community
from simulations.homes import Sites
from simulations.siting import cover_most, shorten_longest, walk_least
from simulations.siting_exact import Limits, cover_all, cover_fairly, cover_twice
from simulations.siting_problem import Answer, Report
from simulations.states import Reports
from simulations.tables import Table
from twin.counts import nearest
from twin.errors import Refused
from twin.terms import MobilityGroup, Service

__all__ = ["GOALS", "capacity", "siting"]

GOALS = ("people", "walking", "longest", "all", "backup", "fair")
WALKED_BEYOND = 2.0  # times the limit: what is counted for those whom no site reaches, and how far the table goes


def capacity(
    community: Community,
    said: Reports,
    service: Service,
    group: MobilityGroup,
    *,
    limit_s: float,
    decay: Decay,
    rooms: Mapping[int, int],
) -> dict[str, Any]:
    """Say what a service's capacity is for those within the limit, and how many of them find a seat.

    rooms: capacity by the facilities' ids. Facilities without one are named, and serve nobody here.
    """
    there = homes.existing(community, said, service, group)
    ids = community.facilities.ids[there.facility]
    room = np.array([rooms.get(at, 0) for at in ids.tolist()], np.int64)
    table = homes.table(community, said, there, group, limit_s=limit_s)
    residents = homes.people(community, group)
    found = two_step(table, residents.astype(np.float64), room.astype(np.float64), decay)
    near = int(residents[np.unique(table.column)].sum())
    seated = int(seats_taken(table, residents, room, limit_s=limit_s).sum())
    return {
        "service": service.value,
        "group": group.value,
        "limit_s": limit_s,
        "counts_if_needed": community.bands_of(group)[1],
        "residents": nearest(int(residents.sum())),
        "within_limit": nearest(near),
        "seats": int(room.sum()),
        "seated": nearest(seated),
        "share": _shares(found.share, residents),
        "facilities": [
            {
                "id": int(ids[at]),
                "name": community.facilities.names[there.facility[at]],
                "capacity": rooms.get(int(ids[at])),
                "wanted": nearest(round(float(found.wanted[at]))),
                "ratio": None if np.isnan(found.ratio[at]) else round(float(found.ratio[at]), 6),
            }
            for at in range(len(ids))
        ],
    }


def siting(
    community: Community,
    said: Reports,
    service: Service,
    group: MobilityGroup,
    *,
    limit_s: float,
    new: int,
    goal: str,
    report: Report | None = None,
) -> dict[str, Any]:
    """Say where `new` sites of a service would serve most, beside those that are there; one may open in any building.

    goal: one of GOALS. people: most people within the limit; walking: least walking; longest: the shortest longest
    way; all: the fewest sites, `new` at most, that reach all who can be reached, its value is their number; backup:
    as all, and then most people within the limit of a second site; fair: the largest share within the limit in the
    grid that is worst off, then most people. Raises Refused where there is no such goal, or where more sites are asked
    for than buildings hang on the network.
    """
    if goal not in GOALS:
        raise Refused(f"{goal!r} is no goal; one of {', '.join(GOALS)}")
    sites = homes.with_rooms(community, homes.existing(community, said, service, group), group)
    if new > int((~sites.fixed).sum()):
        raise Refused(f"{new} new sites, but {int((~sites.fixed).sum())} buildings hang on the network")
    far_s = WALKED_BEYOND * limit_s if goal in {"walking", "longest"} else limit_s
    table = homes.table(community, said, sites, group, limit_s=far_s)
    residents = homes.people(community, group)
    grid = community.buildings.grid_ids[community.households.building]
    if goal == "fair" and not residents[grid >= 0].any():
        raise Refused("nobody lives in a grid")
    asked = _Sought(table, residents, grid, sites.fixed, new, limit_s)
    found = _solved(goal, asked, report)
    now, then = (_within(table, residents, some, limit_s) for some in (np.flatnonzero(sites.fixed), found.sites))
    return {
        "service": service.value,
        "group": group.value,
        "limit_s": limit_s,
        "counts_if_needed": community.bands_of(group)[1],
        "goal": goal,
        "residents": nearest(int(residents.sum())),
        "within_limit_now": nearest(now),
        "within_limit_then": nearest(then),
        "gained": nearest(then) - nearest(now),
        **_sureness(found),
        "sites": [_site(community, sites, at) for at in found.sites.tolist()],
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Sought:
    """What sites are sought for; people and grid by household row, fixed by site."""

    table: Table
    people: NDArray[np.int64]
    grid: NDArray[np.int32]
    fixed: NDArray[np.bool_]
    new: int
    limit_s: float


def _solved(goal: str, sought: _Sought, report: Report | None) -> Answer:
    at = (sought.table, sought.people)
    sites = int(sought.fixed.sum()) + sought.new
    limits = Limits(np.ones(len(sought.fixed)), sites=sites, fixed=sought.fixed)
    match goal:
        case "people":
            return cover_most(*at, limit_s=sought.limit_s, sites=sites, fixed=sought.fixed, report=report)
        case "walking":
            beyond_s = WALKED_BEYOND * sought.limit_s
            return walk_least(*at, beyond_s=beyond_s, sites=sites, fixed=sought.fixed, report=report)
        case "all":
            return cover_all(*at, limit_s=sought.limit_s, limits=limits, report=report)
        case "backup":
            return cover_twice(*at, limit_s=sought.limit_s, limits=limits, report=report)[1]
        case "fair":
            return cover_fairly(*at, sought.grid, limit_s=sought.limit_s, limits=limits, report=report)[0]
        case _:
            return shorten_longest(*at, sites=sites, fixed=sought.fixed, report=report)


def _within(table: Table, residents: NDArray[np.int64], sites: NDArray[np.integer], limit_s: float) -> int:
    """Count those within the limit of one of these sites."""
    near = np.isin(table.facility(), sites) & (table.time_ms <= limit_s * 1000)
    return int(residents[np.unique(table.column[near])].sum())


def _sureness(found: Answer) -> dict[str, Any]:
    return {
        "value": _finite(found.value),
        "bound": _finite(found.bound),
        "proven": found.proven,
        "gap": round(found.gap, 6) if np.isfinite(found.value) and np.isfinite(found.gap) else None,
    }


def _site(community: Community, sites: Sites, at: int) -> dict[str, Any]:
    if sites.fixed[at]:
        row = int(sites.facility[at])
        return {"there": True, "id": int(community.facilities.ids[row]), "name": community.facilities.names[row]}
    row = int(sites.building[at])
    houses = community.buildings
    place = {"lon": round(float(houses.lon[row]), 6), "lat": round(float(houses.lat[row]), 6)}
    return {"there": False, "id": int(houses.ids[row]), "name": houses.names[row], **place}


def _shares(share: NDArray[np.float64], residents: NDArray[np.int64]) -> dict[str, float | None]:
    """Give the share of capacity that the median resident has, and those who are worse off than nine tenths."""
    order = np.argsort(share, kind="stable")
    reached = np.cumsum(residents[order])
    if not len(reached) or not reached[-1]:
        return {"median": None, "lowest_tenth": None}
    median, tenth = (float(share[order[np.searchsorted(reached, part * reached[-1])]]) for part in (0.5, 0.1))
    return {"median": round(median, 6), "lowest_tenth": round(tenth, 6)}


def _finite(value: float) -> float | None:
    return round(value, 3) if np.isfinite(value) else None
