"""Answers on capacity and siting as plain data; counts of 1 to 4 people, also as differences, are given as None."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import homes
from simulations.capacity import Decay, seats_taken, three_step, two_step
from simulations.community import Community
from simulations.homes import Sites
from simulations.siting_goals import GOALS, NO_TERMS, SEATED, WALKED, Found, Sought, Terms, refuse
from simulations.siting_problem import Answer, Report
from simulations.states import Reports
from simulations.tables import Table
from twin.counts import nearest
from twin.errors import Refused
from twin.terms import MobilityGroup, Service

__all__ = ["capacity", "siting"]


def capacity(
    community: Community,
    said: Reports,
    service: Service,
    group: MobilityGroup,
    *,
    limit_s: float,
    decay: Decay,
    rooms: Mapping[int, int],
    divided: bool = False,
) -> dict[str, Any]:
    """Say what a service's capacity is for those within the limit, and how many of them find a seat.

    rooms: capacity by the facilities' ids. Facilities without one are named, and serve nobody here. divided: each
    resident divides themself among the facilities first (3SFCA).
    """
    there = homes.existing(community, said, service, group)
    ids = community.facilities.ids[there.facility]
    room = np.array([rooms.get(at, 0) for at in ids.tolist()], np.int64)
    table = homes.table(community, said, there, group, limit_s=limit_s)
    residents = homes.people(community, group)
    catchments = three_step if divided else two_step
    found = catchments(table, residents.astype(np.float64), room.astype(np.float64), decay)
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
    terms: Terms = NO_TERMS,
    report: Report | None = None,
) -> dict[str, Any]:
    """Say where `new` sites of a service would serve most, beside those that are there; one may open in any building.

    goal: one of `siting_goals.GOALS`; terms: what sites cost, and how many seats they have. Raises Refused where there
    is no such goal or it has no such terms, or where more sites are asked for than buildings hang on the network.
    """
    refuse(goal, terms)
    there = homes.existing(community, said, service, group)
    sites = homes.with_rooms(community, there, group, rooms=terms.rooms, only_rooms=terms.only_rooms)
    if new > int((~sites.fixed).sum()):
        raise Refused(f"{new} new sites, but {int((~sites.fixed).sum())} buildings hang on the network")
    far_s = WALKED[goal](limit_s) if goal in WALKED else limit_s
    sought = _sought(community, sites, homes.table(community, said, sites, group, limit_s=far_s), group, terms)
    found = GOALS[goal](sought, new, limit_s, report)
    chosen = found.answer.sites if len(found.answer.sites) else np.flatnonzero(sites.fixed)
    now, then = (_within(sought, some, limit_s) for some in (np.flatnonzero(sites.fixed), chosen))
    return {
        "service": service.value,
        "group": group.value,
        "limit_s": limit_s,
        "counts_if_needed": community.bands_of(group)[1],
        "goal": goal,
        "residents": nearest(int(sought.people.sum())),
        "within_limit_now": nearest(now),
        "within_limit_then": nearest(then),
        "gained": nearest(then) - nearest(now),
        **_sureness(found.answer),
        "possible": _possible(sought, new, found.answer),
        "beyond_all": nearest(
            int(sought.people[np.setdiff1d(np.arange(len(sought.people)), sought.table.column)].sum())
        ),
        "cost": round(float(sought.cost[found.answer.sites].sum()), 6),
        "budget": terms.budget,
        **(_seats(community, sites, sought, found) if goal in SEATED else {}),
        "sites": [_site(community, sites, sought, found, at) for at in found.answer.sites.tolist()],
    }


def _sought(community: Community, sites: Sites, table: Table, group: MobilityGroup, terms: Terms) -> Sought:
    """Gather what sites are sought for."""
    ids, houses = community.facilities.ids[sites.facility].tolist(), community.buildings
    is_room = np.isin(houses.ids[sites.building], terms.rooms) & ~sites.fixed
    known = [terms.seats_there.get(at, 0) for at in ids]
    return Sought(
        table=table,
        people=homes.people(community, group),
        grid=houses.grid_ids[community.households.building],
        fixed=sites.fixed,
        cost=np.where(sites.fixed, 0.0, np.where(is_room, terms.room_cost, terms.cost)),
        seats=np.where(sites.fixed, known, terms.seats or 0).astype(np.float64),
        budget=terms.budget,
    )


def _possible(sought: Sought, new: int, found: Answer) -> bool | None:
    """Tell whether any choice of so many sites does what is asked; None where the search was stopped before it knew."""
    if len(found.sites) or not (new or sought.fixed.any()):
        return True
    return False if found.proven else None


def _seats(community: Community, sites: Sites, sought: Sought, found: Found) -> dict[str, Any]:
    """Tell of the seats, and of the facilities that seat nobody because nobody knows how many they have room for."""
    at = found.answer.sites[sites.fixed[found.answer.sites]]
    unknown = sites.facility[at[sought.seats[at] == 0]]
    seated = round(float(found.flow.sum()))
    return {
        "seats": int(sought.seats[found.answer.sites].sum()),
        "seated": nearest(seated),
        "without_seat": nearest(int(sought.people.sum()) - seated),
        "capacity_unknown": [
            {"id": int(community.facilities.ids[row]), "name": community.facilities.names[row]}
            for row in unknown.tolist()
        ],
    }


def _within(sought: Sought, sites: NDArray[np.integer], limit_s: float) -> int:
    """Count those within the limit of one of these sites."""
    table = sought.table
    near = np.isin(table.facility(), sites) & (table.time_ms <= round(limit_s * 1000))
    return int(sought.people[np.unique(table.column[near])].sum())


def _sureness(found: Answer) -> dict[str, Any]:
    return {
        "value": _finite(found.value),
        "bound": _finite(found.bound),
        "proven": found.proven,
        "gap": round(found.gap, 6) if np.isfinite(found.value) and np.isfinite(found.gap) else None,
    }


def _site(community: Community, sites: Sites, sought: Sought, found: Found, at: int) -> dict[str, Any]:
    seats = int(sought.seats[at])
    going = nearest(round(float(found.flow[sought.table.facility() == at].sum()))) if len(found.flow) else None
    taken = {} if going is None else {"seats": seats, "seated": going}
    if sites.fixed[at]:
        row = int(sites.facility[at])
        facility = {"id": int(community.facilities.ids[row]), "name": community.facilities.names[row]}
        return {"there": True, **facility, **taken}
    row = int(sites.building[at])
    houses = community.buildings
    place = {"lon": round(float(houses.lon[row]), 6), "lat": round(float(houses.lat[row]), 6)}
    name = {"id": int(houses.ids[row]), "name": houses.names[row]}
    return {"there": False, **name, **place, "cost": float(sought.cost[at]), **taken}


def _shares(share: NDArray[np.float64], residents: NDArray[np.int64]) -> dict[str, float | None]:
    """Give the share of capacity that the median resident has, and those who are worse off than nine tenths."""
    order = np.argsort(share, kind="stable")
    reached = np.cumsum(residents[order])
    if not len(reached) or not reached[-1]:
        return {"median": None, "lowest_tenth": None}
    median, tenth = (float(share[order[np.searchsorted(reached, part * reached[-1])]]) for part in (0.5, 0.1))
    return {"median": round(median, 6), "lowest_tenth": round(tenth, 6)}


def _finite(value: float) -> float | None:
    return round(value, 3) + 0.0 if np.isfinite(value) else None  # + 0.0: never -0.0
