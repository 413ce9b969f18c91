"""Coverage asked whole: minutes, metres and circle side by side, by area and by hour, as plain data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulations import answers
from simulations.areas import by_area, outside
from simulations.asking import Asked, Heard, Limit, told
from simulations.coverage import Coverage, coverage
from simulations.distances import circle_m, network_m, within
from simulations.hours import Week, at_minute, by_minute, read
from twin import facility_details, grids, opening_hours, unlocated
from twin.counts import nearest, share
from twin.errors import Refused
from twin.facility_details import Details
from twin.terms import MobilityGroup, Service

__all__ = ["CoverageQuestion", "answer"]

Answer = dict[str, Any]
Longs = NDArray[np.int64]
Floats = NDArray[np.float64]
Level = Literal["", "building", "grid", "community", "street"]


class CoverageQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who reaches which service in time. 服务覆盖

    by: the level whose areas are told too. moment: weekday and local time, "Mo 09:00": only what is open then counts.
    day: the same for every hour of a weekday, "Mo".
    """

    services: tuple[Service, ...] = ()
    groups: tuple[MobilityGroup, ...] = ()
    minutes: Limit | None = None
    by: Level = ""
    moment: Annotated[str, msgspec.Meta(max_length=10)] | None = None
    day: Annotated[str, msgspec.Meta(max_length=2)] | None = None


def answer(asked: Asked, question: CoverageQuestion, heard: Heard) -> Answer:
    """Answer for every service and group; heard is told of each."""
    community = asked.community
    details = facility_details.load(asked.connection, community.facilities.ids)
    week = read(details.opening_hours)
    if question.moment is not None:
        asked = told(asked, at_minute(asked.said, week, minute(question.moment)))
    pairs = [
        (service, group)
        for service in question.services or community.services()
        for group in question.groups or community.groups()
    ]
    found = []
    for done, (service, group) in enumerate(pairs):
        found.append(_one(asked, question, service, group, details, week))
        if not heard({"done": done + 1, "total": len(pairs)}):
            raise InterruptedError(f"stopped after {done + 1} of {len(pairs)}")
    missing = nearest(sum(unlocated.shown(asked.connection, community.place.id).values()))
    return {"moment": question.moment, "unlocated": missing, "coverage": found}


def minute(text: str) -> int:
    """Read a weekday and a time as the minute of the week; Refused where it is none."""
    try:
        return opening_hours.minute(text)
    except ValueError as error:
        raise Refused(str(error)) from None


def _one(  # noqa: PLR0917 -- what is asked, then what it is asked of
    asked: Asked,
    question: CoverageQuestion,
    service: Service,
    group: MobilityGroup,
    details: Details,
    week: Week,
) -> Answer:
    community = asked.community
    limit_s = answers.service_limit_s(community, service, question.minutes)
    found = coverage(community, asked.said, service, group, limit_s=limit_s)
    told_of = answers.of_coverage(community, found)
    return {
        **told_of,
        "norm": {"id": community.norm.id, "version": community.norm.version},
        "certainty": community.norm.limits[service].certainty,
        **_metres(asked, service, group, details),
        **({"areas": _areas(asked, found, question.by)} if question.by else {}),
        **({"hours": _hours(asked, question, found, week)} if question.day else {}),
    }


def _metres(asked: Asked, service: Service, group: MobilityGroup, details: Details) -> Answer:
    """Give who is within the norm's metres, along the network and in the circle."""
    community, houses = asked.community, asked.community.buildings
    srid, limit_m = community.place.metric_srid, community.norm.limits[service].metres
    homes = facility_details.metric(srid, houses.lon, houses.lat)
    stand = facility_details.metric(srid, details.lon, details.lat)
    ways = {
        "metres": network_m(community, asked.said, service, group),
        "circle": circle_m(community, asked.said, service, group, homes=homes, facilities=stand),
    }
    columns, _ = community.bands_of(group)
    everyone = int(community.residents.counts[:, columns].sum())
    found = {}
    for name, metres in ways.items():
        people = int(within(community, metres, group, limit_m=limit_m).sum())
        found[name] = {"limit_m": limit_m, "within": nearest(people), "share": share(people, everyone)}
    return found


def _areas(asked: Asked, found: Coverage, level: Level) -> list[Answer]:
    """Give the areas of a level in which somebody lives, and those outside all of them last."""
    numbers = np.stack([some.sum(axis=1) for some in (found.residents, found.certain, found.possible)], axis=1)
    if level == "building":
        ids, seconds = asked.community.buildings.ids, found.building_s
        return [
            {
                "id": int(ids[row]),
                **answers.covered(*numbers[row].tolist()),
                "door_s": float(seconds[row]) if np.isfinite(seconds[row]) else None,
            }
            for row in np.flatnonzero(numbers[:, 0]).tolist()
        ]
    every = grids.load(asked.connection, asked.community.place.id)
    sums = by_area(every, asked.community.buildings.grid_ids, numbers)
    rows = [row for row, one in enumerate(every.levels) if one == level and sums[row, 0]]
    rest = outside(every, asked.community.buildings.grid_ids, numbers)
    told_of = [
        {"code": every.codes[row], "name": every.names[row], **answers.covered(*sums[row].tolist())} for row in rows
    ]
    return [*told_of, *([{"code": None, "name": None, **answers.covered(*rest.tolist())}] if rest[0] else [])]


def _hours(asked: Asked, question: CoverageQuestion, found: Coverage, week: Week) -> list[Answer]:
    """Give the coverage at every full hour of a weekday, by area where a level is asked for."""
    starts = [minute(f"{question.day} {hour:02}:00") for hour in range(24)]
    every = by_minute(
        asked.community, asked.said, week, found.service, found.group, limit_s=found.limit_s, minutes=starts
    )
    return [
        {
            "moment": f"{question.day} {hour:02}:00",
            **answers.covered(*(int(some.sum()) for some in (one.residents, one.certain, one.possible))),
            **({"areas": _areas(asked, one, question.by)} if question.by else {}),
        }
        for hour, one in enumerate(every)
    ]
