"""What may go wrong, asked whole: failures one by one and in pairs, hours without service, and shelters, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Annotated, Any

import msgspec
import numpy as np

from simulations import answers, lift_histories, parts
from simulations.asking import Asked, Heard, Limit, counting, searching, told
from simulations.community import Community
from simulations.homes import Sites, existing
from simulations.hours import at_minute, read
from simulations.lift_histories import Draws, Expected, History, Lift
from simulations.questions_coverage import minute
from simulations.ranking import Ranked, Set, candidates, pairs, rank, street_lifts
from simulations.shelter import Evacuation, evacuate
from simulations.states import Element, Reports, element
from twin import alarms, facility_details, spells
from twin.counts import nearest
from twin.errors import NotFound, Refused
from twin.network import KINDS as EDGE_KINDS
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = ["FailuresQuestion", "OutagesQuestion", "ShelterQuestion", "failures", "outages", "shelters"]

Answer = dict[str, Any]
Few = Annotated[int, msgspec.Meta(ge=0, le=1_000)]
FEWEST_STOPS = 3  # a lift that stopped less often is drawn from all lifts together: a history of one stop is no history


class FailuresQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which single failure, or which two together, cost most people a service; or which repair gives most back. 故障排序

    kinds: lift, building_lift, gate, path, facility. most: how many are told.
    """

    kinds: tuple[str, ...] = ("lift",)
    pairs: bool = False
    repairs: bool = False
    most: Few = 50


class OutagesQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Hours a year without service because lifts stand, drawn from their own histories. 停梯时数

    days: of history, up to `until`, today where None. second: for how many of the worst lifts a second one beside it is
    tried; walk_ups: for how many buildings without a lift one is.
    """

    services: tuple[Service, ...] = ()
    groups: tuple[MobilityGroup, ...] = ()
    minutes: Limit | None = None
    years: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 20
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 1
    days: Annotated[int, msgspec.Meta(ge=1, le=3_660)] = 365
    until: date | None = None
    second: Few = 1
    walk_ups: Few = 3


class ShelterQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who goes to which shelter, as many as there is room for, with the least walking. 避难分配

    services: whose facilities are shelters. stages: the lowest floor of each stage after the first, stage_minutes apart.
    measure: what room is counted in; each person needs so much of it.
    """

    services: tuple[Service, ...] = (Service.SCHOOL,)
    minutes: Limit = 60
    stages: Annotated[tuple[Annotated[int, msgspec.Meta(ge=2, le=200)], ...], msgspec.Meta(max_length=20)] = ()
    stage_minutes: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0
    lifts: bool = False
    moment: Annotated[str, msgspec.Meta(max_length=10)] | None = None
    measure: str = "capacity"
    each: Annotated[float, msgspec.Meta(gt=0, le=100)] = 1
    most: Few = 50


def failures(asked: Asked, question: FailuresQuestion, heard: Heard) -> Answer:
    """Rank failures or repairs."""
    community = asked.community
    things = alarms.watchers(asked.connection, community.place.id)
    names = {report.element: things[report.effect_id].name for report in asked.said if report.effect_id in things}
    sets = answers.mendable(asked.said) if question.repairs else candidates(community, question.kinds)
    if question.pairs:
        sets = pairs(sets)
    ranked = _ranked(asked, sets, heard, mend=question.repairs)
    told_of = answers.of_ranking(community, ranked[: question.most], names)
    return {"tried": len(sets), "matter": len(ranked), "repairs" if question.repairs else "failures": told_of}


def _ranked(asked: Asked, sets: Sequence[Set], heard: Heard, *, mend: bool) -> list[Ranked]:
    """Rank them here, telling of each; on a cluster by parts, of which each is ranked by itself."""
    if asked.client is None:
        return rank(asked.community, asked.said, sets, mend=mend, heard=counting(heard))
    found = parts.each(asked, partial(_rank_part, mend), parts.chunks(sets), heard)
    return sorted((one for some in found for one in some), key=lambda one: one.weight, reverse=True)


def _rank_part(mend: bool, community: Community, said: Reports, sets: Sequence[Set]) -> list[Ranked]:  # noqa: FBT001
    return rank(community, said, sets, mend=mend)


def outages(asked: Asked, question: OutagesQuestion, heard: Heard) -> Answer:
    """Draw years, and say what they cost and what another lift saves."""
    community = asked.community
    lifts, pool = _lifts(asked, question)
    drawn = lift_histories.draw(lifts, years=question.years, rng=np.random.default_rng(question.seed))
    found = _expected(asked, question, community, lifts, drawn, heard)
    return {
        "years": question.years,
        "seed": question.seed,
        "moments_a_year": drawn.moments,
        "lifts": [_lift(community, lift) for lift in lifts],
        "without_history": sum(lift.assumed for lift in lifts),
        "pooled_share_standing": round(pool.share_standing, 6),
        "expected": [_hours(community, one) for one in found],
        "second_lift": [
            _second(asked, question, lifts, at, found, heard) for at in _worst(lifts, drawn, question.second)
        ],
        "lift_in_walk_up": [
            _fitted(asked, question, row, pool, heard) for row in _walk_ups(community, question.walk_ups)
        ],
    }


def shelters(asked: Asked, question: ShelterQuestion, heard: Heard) -> Answer:
    """Send everybody to the shelters there are."""
    community = asked.community
    if question.moment is not None:
        hours = facility_details.load(asked.connection, community.facilities.ids).opening_hours
        asked = told(asked, at_minute(asked.said, read(hours), minute(question.moment)))
    there = [existing(community, asked.said, service, MobilityGroup.ADULT) for service in question.services]
    sites = Sites(*(np.concatenate([getattr(one, name) for one in there]) for name in Sites.__slots__))
    rooms = facility_details.rooms(asked.connection, community.place.id, question.measure)
    room = np.array([rooms.get(at, 0) // question.each for at in community.facilities.ids[sites.facility].tolist()])
    if not room.any():
        raise Refused(f"no shelter is open of which the {question.measure} is known")
    found = evacuate(
        community,
        asked.said,
        sites,
        room.astype(np.int64),
        limit_s=question.minutes * 60,
        stages=question.stages,
        stage_s=question.stage_minutes * 60,
        with_lifts=question.lifts,
        report=searching(heard),
    )
    return _refuge(community, sites, room.astype(int).tolist(), found, question.most)


def _lifts(asked: Asked, question: OutagesQuestion) -> tuple[list[Lift], History]:
    """Give the public and the watched lifts with their histories, and the pool for those that have too little of one."""
    community = asked.community
    last = datetime.combine(question.until, time(), UTC) + timedelta(days=1) if question.until else datetime.now(UTC)
    found = spells.of_lifts(asked.connection, community.place.id, last - timedelta(days=question.days), last)
    own: dict[Element, History] = {}
    for one in found:
        past = lift_histories.history(one.states)
        own |= dict.fromkeys(_rows(community, one.elements), past)
    if not own:
        raise Refused(f"no lift has been heard of in the {question.days} days before {last.date()}")
    pool = lift_histories.pooled(own.values())
    watched = [(at,) for at in own if at.kind is ElementKind.BUILDING_LIFT]
    lifts = []
    for elements in [*street_lifts(community), *watched]:
        mine = next((own[at] for at in elements if at in own), None)
        enough = mine is not None and len(mine.stood_s) >= FEWEST_STOPS
        lifts.append(Lift(elements, (mine if mine is not None and enough else pool,), assumed=not enough))
    return lifts, pool


def _rows(community: Community, elements: Sequence[tuple[ElementKind, int]]) -> list[Element]:
    """Give the elements that are still in the community."""
    found = []
    for kind, at in elements:
        try:
            found.append(element(community, kind, at))
        except NotFound:
            continue
    return found


def _expected(  # noqa: PLR0917 -- what is asked, then what it is asked of
    asked: Asked, question: OutagesQuestion, community: Community, lifts: Sequence[Lift], drawn: Draws, heard: Heard
) -> list[Expected]:
    fixed = {
        "services": question.services or None,
        "limit_s": None if question.minutes is None else question.minutes * 60,
    }
    if asked.client is None:
        groups = question.groups or None
        told = counting(heard)
        return lift_histories.expect(community, asked.said, lifts, drawn, groups=groups, heard=told, **fixed)  # type: ignore[arg-type]
    work = partial(_expect_part, lifts, drawn, fixed)
    found = parts.each(replace(asked, community=community), work, question.groups or community.groups(), heard)
    return [one for some in found for one in some]


def _expect_part(  # noqa: PLR0917 -- what is the same for all, then the place and the part
    lifts: Sequence[Lift],
    drawn: Draws,
    fixed: dict[str, Any],
    community: Community,
    said: Reports,
    group: MobilityGroup,
) -> list[Expected]:
    return lift_histories.expect(community, said, lifts, drawn, groups=(group,), **fixed)


def _worst(lifts: Sequence[Lift], drawn: Draws, most: int) -> list[int]:
    """Give the lifts that stand longest in the years drawn."""
    hours = [
        sum(drawn.hours[:, at].mean() for at, some in enumerate(drawn.sets) if lift in some)
        for lift in range(len(lifts))
    ]
    return [int(at) for at in np.argsort(hours)[::-1][:most]]


def _second(  # noqa: PLR0917 -- what is asked, then what it is asked of
    asked: Asked, question: OutagesQuestion, lifts: Sequence[Lift], at: int, before: Sequence[Expected], heard: Heard
) -> Answer:
    """Say what a second lift beside one saves."""
    doubled = lift_histories.with_second(lifts, at)
    drawn = lift_histories.draw(doubled, years=question.years, rng=np.random.default_rng(question.seed))
    after = _expected(asked, question, asked.community, doubled, drawn, heard)
    return {**_lift(asked.community, lifts[at]), "saves": _savings(before, after)}


def _fitted(asked: Asked, question: OutagesQuestion, row: int, pool: History, heard: Heard) -> Answer:
    """Say what a lift in a building without one gives, alone of all lifts failing."""
    town, missing, there = lift_histories.walk_up(asked.community, row, pool)
    sides = []
    for lift in (missing, there):
        drawn = lift_histories.draw([lift], years=question.years, rng=np.random.default_rng(question.seed))
        sides.append(_expected(asked, question, town, [lift], drawn, heard))
    houses = asked.community.buildings
    place = {"id": int(houses.ids[row]), "name": houses.names[row], "floors": int(houses.floors[row])}
    return {**place, "saves": _savings(*sides)}


def _walk_ups(community: Community, most: int) -> list[int]:
    """Give the buildings known to have no lift, those with most people upstairs first."""
    home = community.households
    upstairs = np.bincount(
        home.building[home.floor > 1],
        home.people[home.floor > 1].sum(axis=1),
        len(community.buildings.ids),
    )
    upstairs[community.buildings.lift != 0] = 0
    order = np.argsort(-upstairs, kind="stable")[:most]
    return [int(row) for row in order if upstairs[row]]


def _savings(before: Sequence[Expected], after: Sequence[Expected]) -> list[Answer]:
    """Give the people × hours a year saved, by service and group; those to whom it means nothing are left out."""
    found = []
    for one, other in zip(before, after, strict=True):
        hours, error = lift_histories.saved(one, other)
        if hours:
            found.append(
                {
                    "service": one.service.value,
                    "group": one.group.value,
                    "counts_if_needed": one.counts_if_needed,
                    "person_hours": round(hours, 3),
                    "standard_error": round(error, 3),
                }
            )
    return found


def _lift(community: Community, lift: Lift) -> Answer:
    return {
        "elements": [answers.name(community, each) for each in lift.elements],
        "share_standing": round(lift.shafts[0].share_standing, 6),
        "stops": len(lift.shafts[0].stood_s),
        "assumed": lift.assumed,
    }


def _hours(community: Community, one: Expected) -> Answer:
    """Tell the expected hours a year of a resident, with their error, and of whom they are not counted."""
    limit = community.norm.limits[one.service]
    finite = np.isfinite(one.per_resident)
    return {
        "service": one.service.value,
        "group": one.group.value,
        "limit_s": one.limit_s,
        "norm": {"id": community.norm.id, "version": community.norm.version, "clause": limit.clause},
        "certainty": limit.certainty,
        "counts_if_needed": one.counts_if_needed,
        "residents": nearest(int(one.people.sum())),
        "never": nearest(int(one.people[one.never].sum())),
        "hours_per_resident": round(one.per_resident, 6) if finite else None,
        "standard_error": round(one.standard_error, 6) if finite else None,
        "worst_hours": round(float(one.hours[one.people > 0].max(initial=0)), 3),
    }


def _refuge(community: Community, sites: Sites, room: list[int], found: Evacuation, most: int) -> Answer:
    ids, names = community.facilities.ids[sites.facility].tolist(), community.facilities.names
    return {
        "everyone": nearest(found.everyone),
        "taken": nearest(int(found.taken.sum())),
        "left": nearest(int(found.left.sum())),
        "groups": [
            {"group": group.value, "taken": nearest(int(in_.sum())), "left": nearest(int(out.sum()))}
            for group, in_, out in zip(found.groups, found.taken, found.left, strict=True)
        ],
        "shelters": [
            {"id": at, "name": names[row], "room": room[nth], "filled": nearest(int(found.filled[nth]))}
            for nth, (at, row) in enumerate(zip(ids, sites.facility.tolist(), strict=True))
        ],
        "stages": [_stage(found, stage) for stage in range(len(found.load))],
        "bottlenecks": _bottlenecks(community, found, most),
        "buildings": _whither(community, found, ids),
    }


def _stage(found: Evacuation, stage: int) -> Answer:
    """Tell of a stage how many go, and when half of them and the last are there."""
    mine = found.taken * (found.stage_of_household == stage)
    people = int(mine.sum())
    if not people:
        return {"people": 0, "half_s": None, "last_s": None}
    goes = mine > 0
    order = np.argsort(found.arrival_s[goes])
    there = np.cumsum(mine[goes][order])
    half_s = found.arrival_s[goes][order][np.searchsorted(there, people / 2)]
    return {
        "people": nearest(people),
        "half_s": round(float(half_s), 1),
        "last_s": round(float(found.arrival_s[goes].max()), 1),
    }


def _bottlenecks(community: Community, found: Evacuation, most: int) -> list[Answer]:
    """Give the edges that most people of one stage walk over."""
    network, peak = community.network, found.load.max(axis=0)
    return [
        {
            "id": int(network.edge_ids[edge]),
            "kind": EDGE_KINDS[network.kind[edge]].value,
            "width_m": None if np.isnan(network.width_m[edge]) else float(network.width_m[edge]),
            "people": nearest(int(found.load[:, edge].sum())),
            "by_stage": [nearest(int(n)) for n in found.load[:, edge]],
        }
        for edge in np.argsort(-peak, kind="stable")[:most].tolist()
        if peak[edge]
    ]


def _whither(community: Community, found: Evacuation, ids: list[int]) -> list[Answer]:
    """Give for each building how many are taken in and left, and the shelters they go to."""
    building = community.households.building
    taken, left = (
        np.bincount(building, some.sum(axis=0), len(community.buildings.ids)) for some in (found.taken, found.left)
    )
    goes: dict[int, set[int]] = {}
    for group in found.shelter:
        for row, shelter in zip(building[group >= 0].tolist(), group[group >= 0].tolist(), strict=True):
            goes.setdefault(row, set()).add(ids[shelter])
    return [
        {
            "id": int(community.buildings.ids[row]),
            "taken": nearest(int(taken[row])),
            "left": nearest(int(left[row])),
            "shelters": sorted(goes.get(row, ())),
        }
        for row in np.flatnonzero(taken + left).tolist()
    ]
