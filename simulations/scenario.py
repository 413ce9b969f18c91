"""A what-if against a moment: who gains and who loses which service, group by group; the same inputs, the same answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulations import homes
from simulations.capacity import seats_taken
from simulations.community import SERVICES, Community
from simulations.coverage import field, floor_ms, people_by_building, reach
from simulations.edits import Find, Plan, Setting, make
from simulations.hours import at_minute, read, walked_at
from simulations.states import Reports, shut
from twin import opening_hours
from twin.counts import nearest, share
from twin.terms import MobilityGroup, Service

__all__ = ["Difference", "compare", "run"]

Flags = NDArray[np.bool_]
Longs = NDArray[np.int64]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What a plan does to one service and group; b buildings, counted bands as in `coverage`.

    residents, before, after: people, those within the limit with the unknown taken as open; lost, gained: within the
    limit then and not now, and the other way, however the unknown turns out; _possible: at least in one case. seated:
    people who find room at the service, before and after, None where a facility's capacity is not known.
    """

    service: Service
    group: MobilityGroup
    limit_s: float
    counts_if_needed: bool
    bands: tuple[str, ...]
    residents: Longs  # (b, bands)
    before: Longs
    after: Longs
    lost: Longs
    lost_possible: Longs
    gained: Longs
    gained_possible: Longs
    seated: tuple[int, int] | None


def run(setting: Setting, plan: Plan, find: Find) -> Answer:
    """Answer a plan whole, as it may be shown where the residents of the setting are."""
    then = make(setting, plan.edits, find)
    found = compare(_at(setting, plan), _at(then, plan), plan)
    return {
        "title": plan.title,
        "at": None if plan.at is None else plan.at.isoformat(),
        "moment": plan.moment,
        "edits": msgspec.to_builtins(plan.edits),
        "outcomes": [_told(setting.community, one) for one in found],
    }


def compare(before: Setting, after: Setting, plan: Plan) -> list[Difference]:
    """Compare two settings of one place for the services and groups of a plan; those with a facility in either."""
    either = set(before.community.services()) | set(after.community.services())
    services = [
        service for service in SERVICES if service in either and (not plan.services or service in plan.services)
    ]
    return [
        _difference(before, after, service, group, None if plan.minutes is None else plan.minutes * 60)
        for group in plan.groups or before.community.groups()
        for service in services
    ]


def _at(setting: Setting, plan: Plan) -> Setting:
    """Close what is not open at the plan's minute of the week, and darken unlit ways if it is night."""
    if plan.moment is None:
        return setting
    minute = opening_hours.minute(plan.moment)
    said: Reports = at_minute(setting.said, read(setting.hours), minute)
    return replace(setting, community=walked_at(setting.community, minute), said=said)


def _difference(
    before: Setting, after: Setting, service: Service, group: MobilityGroup, limit_s: float | None
) -> Difference:
    community = before.community
    limit = community.norm.limits[service].limit_s if limit_s is None else limit_s
    columns, if_needed = community.bands_of(group)
    was, now = (list(_cases(setting, service, group, limit)) for setting in (before, after))
    lost, gained = ([mine & ~other for mine, other in zip(*pair, strict=True)] for pair in ((was, now), (now, was)))
    folds = [
        people_by_building(community, fold(some), columns)
        for some in (lost, gained)
        for fold in (np.logical_and.reduce, np.logical_or.reduce)
    ]
    everyone = np.ones_like(was[0])
    return Difference(
        service=service,
        group=group,
        limit_s=limit,
        counts_if_needed=if_needed,
        bands=tuple(community.residents.bands[column] for column in columns),
        residents=people_by_building(community, everyone, columns),
        before=people_by_building(community, was[1], columns),
        after=people_by_building(community, now[1], columns),
        lost=folds[0],
        lost_possible=folds[1],
        gained=folds[2],
        gained_possible=folds[3],
        seated=_seats(before, after, service, group, limit),
    )


def _cases(setting: Setting, service: Service, group: MobilityGroup, limit_s: float) -> Iterator[Flags]:
    """Give who is within the limit, (households,): unknown open without and with unknown lifts, then closed."""
    community = setting.community
    for unknown_closed in (False, True):
        closed = shut(setting.said, group, unknown_closed=unknown_closed)
        way = reach(community, field(community, service, group, closed), group)
        for lifts in (False, True):
            yield np.asarray(floor_ms(community, way, group, closed, assume_lifts=lifts) <= limit_s * 1000)


def _seats(
    before: Setting, after: Setting, service: Service, group: MobilityGroup, limit_s: float
) -> tuple[int, int] | None:
    """Count who finds room before and after, where the capacity of every facility that is open is known."""
    seated = []
    for setting in (before, after):
        there = homes.existing(setting.community, setting.said, service, group)
        rooms = [setting.rooms[row] for row in there.facility.tolist()]
        known: Sequence[int] = [room for room in rooms if room is not None]
        if len(known) < len(rooms) or not rooms:
            return None
        table = homes.table(setting.community, setting.said, there, group, limit_s=limit_s)
        people = homes.people(setting.community, group)
        seated.append(int(seats_taken(table, people, np.array(known, np.int64), limit_s=limit_s).sum()))
    return seated[0], seated[1]


def _told(community: Community, one: Difference) -> Answer:
    """Write a difference as plain data; all is of residents as they may be shown, so differences may be too."""
    limit = community.norm.limits[one.service]
    everyone, before, after = (int(some.sum()) for some in (one.residents, one.before, one.after))
    return {
        "service": one.service.value,
        "group": one.group.value,
        "limit_s": one.limit_s,
        "norm": {"id": community.norm.id, "version": community.norm.version, "clause": limit.clause},
        "certainty": limit.certainty,
        "counts_if_needed": one.counts_if_needed,
        "residents": nearest(everyone),
        "before": {"within": nearest(before), "share": share(before, everyone)},
        "after": {"within": nearest(after), "share": share(after, everyone)},
        **{
            name: _bands(one.bands, getattr(one, name))
            for name in ("lost", "lost_possible", "gained", "gained_possible")
        },
        "seated": None if one.seated is None else {"before": nearest(one.seated[0]), "after": nearest(one.seated[1])},
        "buildings": _buildings(community, one),
    }


def _bands(bands: tuple[str, ...], people: Longs) -> dict[str, int]:
    return {band: nearest(n) for band, n in zip(bands, people.sum(axis=0).tolist(), strict=True) if n}


def _buildings(community: Community, one: Difference) -> list[Answer]:
    """Give the buildings in which somebody may lose or gain, with how many."""
    lost, gained = one.lost_possible.sum(axis=1), one.gained_possible.sum(axis=1)
    at = np.flatnonzero(lost | gained).tolist()
    return [
        {"id": int(community.buildings.ids[row]), "lost": nearest(lost[row]), "gained": nearest(gained[row])}
        for row in at
    ]
