"""Room and places asked whole: what capacity falls to each, where to open sites, and what more money buys."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from simulations import answers, homes, parts, siting_answers
from simulations.asking import Asked, Heard, Limit, searching
from simulations.capacity import named, step
from simulations.community import Community
from simulations.pareto import Point, front
from simulations.siting_exact import Limits
from simulations.siting_goals import Terms
from simulations.siting_problem import Progress, Report
from simulations.states import Reports
from twin import facility_details
from twin.counts import nearest
from twin.terms import MobilityGroup, Service

__all__ = ["CapacityQuestion", "FrontQuestion", "SitingQuestion", "capacity", "pareto", "siting"]

Answer = dict[str, Any]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
Minutes = Annotated[float, msgspec.Meta(gt=0, le=180)]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1)]
Cost = Annotated[float, msgspec.Meta(gt=0)]
Each = Annotated[float, msgspec.Meta(gt=0, le=1_000)]
Rooms = Annotated[tuple[int, ...], msgspec.Meta(max_length=1_000)]


class CapacityQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What capacity falls to each resident, and who finds a seat. 容量

    decay: how a longer way weighs; weights instead: up to so many minutes so much, {10: 1, 20: 0.68}, and none beyond.
    method: 3sfca lets each resident divide themself among the facilities first. measure: capacity (seats, beds) or a floor area, office_m2, service_m2, activity_m2, emergency_m2; each: how much of
    it one person takes.
    """

    services: tuple[Service, ...] = ()
    groups: tuple[MobilityGroup, ...] = ()
    minutes: Limit | None = None
    decay: str = "step"
    weights: dict[Minutes, Weight] = {}
    method: Literal["2sfca", "3sfca"] = "2sfca"
    measure: str = "capacity"
    each: Each = 1


class SitingQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where new sites of a service would serve most, with a bound that no choice can beat. 选址

    goal: one of `siting_goals.GOALS`. seconds: how long to look for a proof; the best found by then is told with its
    bound. cost: of a new site; rooms: ids of buildings with a room that stands empty, which costs room_cost, the only
    ones where only_rooms; budget: what may be spent. seats: of a new site, where the goal is about seats; those of what
    is there are its measure, each person needing so much of it.
    """

    service: Service
    group: MobilityGroup = MobilityGroup.ADULT
    minutes: Limit | None = None
    new: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1
    goal: str = "people"
    seconds: Seconds = 60
    budget: Cost | None = None
    cost: Cost = 1
    rooms: Rooms = ()
    room_cost: Cost = 0.5
    only_rooms: bool = False
    seats: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    measure: str = "capacity"
    each: Each = 1


class FrontQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What more money buys: the choices of sites of which none is both cheaper and better. 成本与人数

    new: how many sites at most. cost: of a new one; rooms: ids of buildings with a room that stands empty, which costs
    room_cost. budget: what may be spent.
    """

    service: Service
    group: MobilityGroup = MobilityGroup.ADULT
    minutes: Limit | None = None
    new: Annotated[int, msgspec.Meta(ge=1, le=100)] = 5
    budget: Cost | None = None
    cost: Cost = 1
    rooms: Rooms = ()
    room_cost: Cost = 0.5
    seconds: Seconds = 60


def capacity(asked: Asked, question: CapacityQuestion, heard: Heard) -> Answer:
    """Answer for every service and group."""
    community = asked.community
    rooms = _seats_there(asked, question.measure, question.each)
    pairs = [
        (service, group)
        for service in question.services or community.services()
        for group in question.groups or community.groups()
    ]
    named(question.decay, 1.0)  # refused before anything is computed
    found = parts.each(asked, partial(_capacity_part, question, rooms), pairs, heard)
    told = [{**one, **_norm(asked, service)} for one, (service, _) in zip(found, pairs, strict=True)]
    said = {"decay": question.decay, "method": question.method, "measure": question.measure, "each": question.each}
    return {**said, "weights": question.weights, "capacity": told}


def _capacity_part(
    question: CapacityQuestion,
    rooms: dict[int, int],
    community: Community,
    said: Reports,
    part: tuple[Service, MobilityGroup],
) -> Answer:
    service, group = part
    limit_s = answers.service_limit_s(community, service, question.minutes)
    decay = named(question.decay, limit_s)
    if question.weights:
        limit_s = max(question.weights) * 60
        decay = step({minutes * 60: weight for minutes, weight in question.weights.items()})
    divided = question.method == "3sfca"
    at = (community, said, service, group)
    return siting_answers.capacity(*at, limit_s=limit_s, decay=decay, rooms=rooms, divided=divided)


def siting(asked: Asked, question: SitingQuestion, heard: Heard) -> Answer:
    """Choose the sites; a search that is stopped gives the best it has, and its bound."""
    limit_s = answers.service_limit_s(asked.community, question.service, question.minutes)
    found = siting_answers.siting(
        asked.community,
        asked.said,
        question.service,
        question.group,
        limit_s=limit_s,
        new=question.new,
        goal=question.goal,
        terms=Terms(
            cost=question.cost,
            rooms=question.rooms,
            room_cost=question.room_cost,
            only_rooms=question.only_rooms,
            budget=question.budget,
            seats=question.seats,
            seats_there=_seats_there(asked, question.measure, question.each),
        ),
        report=_until(question.seconds, heard),
    )
    return {"siting": {**found, **_norm(asked, question.service)}}


def pareto(asked: Asked, question: FrontQuestion, heard: Heard) -> Answer:
    """Give the front, cheapest first; a search that is stopped gives the part it has."""
    community = asked.community
    limit_s = answers.service_limit_s(community, question.service, question.minutes)
    there = homes.existing(community, asked.said, question.service, question.group)
    sites = homes.with_rooms(community, there, question.group, rooms=question.rooms)
    empty = np.isin(community.buildings.ids[sites.building], question.rooms) & ~sites.fixed
    cost = np.where(sites.fixed, 0.0, np.where(empty, question.room_cost, question.cost))
    limits = Limits(cost, sites=int(sites.fixed.sum()) + question.new, budget=question.budget, fixed=sites.fixed)
    table = homes.table(community, asked.said, sites, question.group, limit_s=limit_s)
    people = homes.people(community, question.group)
    report = _until(question.seconds, heard)
    points = front(table, people, limit_s=limit_s, limits=limits, report=report)
    return {
        "service": question.service.value,
        "group": question.group.value,
        "limit_s": limit_s,
        "counts_if_needed": community.bands_of(question.group)[1],
        "residents": nearest(int(people.sum())),
        **_norm(asked, question.service),
        "front": [_point(asked, sites, point) for point in points],
    }


def _seats_there(asked: Asked, measure: str, each: float) -> dict[int, int]:
    """Give how many people each facility has room for, by its id."""
    rooms = facility_details.rooms(asked.connection, asked.community.place.id, measure)
    return {at: int(room // each) for at, room in rooms.items()}


def _norm(asked: Asked, service: Service) -> Answer:
    norm = asked.community.norm
    limit = norm.limits[service]
    return {"norm": {"id": norm.id, "version": norm.version, "clause": limit.clause}, "certainty": limit.certainty}


def _point(asked: Asked, sites: homes.Sites, point: Point) -> Answer:
    houses = asked.community.buildings
    new: list[int] = [int(sites.building[at]) for at in point.answer.sites.tolist() if not sites.fixed[at]]
    return {
        "cost": round(point.cost, 6),
        "within_limit": nearest(round(point.answer.value)),
        "bound": nearest(round(point.answer.bound)),
        "proven": point.answer.proven,
        "buildings": [
            {
                "id": int(houses.ids[row]),
                "name": houses.names[row],
                "lon": float(houses.lon[row]),
                "lat": float(houses.lat[row]),
            }
            for row in new
        ],
    }


def _until(seconds: float, heard: Heard) -> Report:
    """Tell of a search, and stop it after so long."""
    end = time.monotonic() + seconds
    tell = searching(heard)

    def report(at: Progress) -> bool:
        return tell(at) and time.monotonic() < end

    return report
