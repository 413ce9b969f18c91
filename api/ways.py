"""Ways from a building to the services around it, as data: what the public page shows and a script may ask for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from api.community import Shelf, said
from simulations import hours, states
from simulations.community import Community
from simulations.hours import Week
from simulations.states import EVERYBODY, Element, Report, Reports
from simulations.way import Choice, Way, choose
from twin import addresses, facility_details, notices
from twin.addresses import Street
from twin.db import Connection
from twin.errors import NotFound
from twin.network import KINDS
from twin.notices import Notice
from twin.places import Place
from twin.terms import ElementKind, MobilityGroup, Service, State

__all__ = ["Asked", "one", "overview"]

Row = dict[str, Any]
STRAIGHT_DEG, BACK_DEG = 35, 150  # less than the one is no turn, more than the other is turning back


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks: from which building, how they walk, and when."""

    building_id: int
    group: MobilityGroup
    at: datetime


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all answers to one asker share."""

    community: Community
    reports: Reports
    week: Week
    minute: int
    building: int  # row
    called: Mapping[tuple[str, int], tuple[str, str | None]]  # watched elements by kind and id


def overview(connection: Connection, shelf: Shelf, place: Place, asked: Asked) -> Row:
    """Give for each service the nearest place that is surely reached, and what the usual one lacks."""
    with shelf.lock:
        scene = _scene(connection, shelf, place, asked)
        rows = [
            _summary(
                scene, service, choose(scene.community, scene.reports, scene.building, service, asked.group, most=1)
            )
            for service in scene.community.services()
        ]
    return _about(connection, place, asked) | {"services": rows, "lift": _own_lift(scene)}


def one(connection: Connection, shelf: Shelf, place: Place, asked: Asked, service: Service) -> Row:
    """Give the nearest places of one service, each with its way step by step."""
    with shelf.lock:
        scene = _scene(connection, shelf, place, asked)
        choice = choose(scene.community, scene.reports, scene.building, service, asked.group)
    rows = sorted({edge for way in choice.sure for edge in way.edges.tolist()})
    met = addresses.streets(connection, scene.community.network.edge_ids[rows].tolist())
    ways = [_ended(scene, way) | _walked(scene.community, way, met) for way in choice.sure]
    return (
        _about(connection, place, asked) | _summary(scene, service, choice) | {"ways": ways, "lift": _own_lift(scene)}
    )


def _scene(connection: Connection, shelf: Shelf, place: Place, asked: Asked) -> _Scene:
    """Read the place as it is now; what is known to be shut at this hour is closed. Raises NotFound for a building."""
    community = shelf.take(connection, place)
    local = asked.at.astimezone(ZoneInfo(place.timezone))
    minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
    week = hours.read(facility_details.load(connection, community.facilities.ids).opening_hours)
    shut = np.flatnonzero(week.is_known & ~week.is_open[:, minute]).tolist()
    closed = tuple(Report(Element(ElementKind.FACILITY, row), EVERYBODY, State.CLOSED) for row in shut)
    found = np.flatnonzero(community.buildings.ids == asked.building_id)
    if not len(found):
        raise NotFound(f"there is no building {asked.building_id}")
    reports = (*said(connection, community), *closed)
    walked = hours.walked_at(community, minute)
    return _Scene(walked, reports, week, minute, int(found[0]), addresses.watched(connection, place.id))


def _about(connection: Connection, place: Place, asked: Asked) -> Row:
    address = addresses.of_building(connection, place.id, asked.building_id)
    return {
        "building": {"id": address.building_id, "label": address.label},
        "group": asked.group,
        "at": asked.at.astimezone(ZoneInfo(place.timezone)).isoformat(timespec="minutes"),
        "notices": [_notice(one) for one in notices.standing(connection, place.id, asked.building_id, asked.at)],
    }


def _notice(one: Notice) -> Row:
    return {"text": one.text, "text_zh": one.text_zh, "until": one.ends_at.isoformat()}


def _summary(scene: _Scene, service: Service, choice: Choice) -> Row:
    usual = None
    if choice.usual is not None and choice.hindrances:
        usual = _ended(scene, choice.usual)
    return {
        "service": service,
        "nearest": _ended(scene, choice.sure[0]) if choice.sure else None,
        "usual": usual,
        "hindrances": [_hindrance(scene, each) for each in choice.hindrances],
    }


def _ended(scene: _Scene, way: Way) -> Row:
    """Give where a way ends and how long it is; open: None where the hours are not known."""
    which, row = scene.community.facilities, way.facility
    is_known = bool(scene.week.is_known[row])
    return {
        "facility": int(which.ids[row]),
        "name": which.names[row],
        "name_zh": which.names_zh[row],
        "seconds": round(way.seconds),
        "metres": round(way.metres),
        "open": bool(scene.week.is_open[row, scene.minute]) if is_known else None,
        "step_free": {1: True, 0: False}.get(int(which.step_free[row])),
    }


def _hindrance(scene: _Scene, which: Element) -> Row:
    """Name what stands in the way: by the device that watches it, or the facility that is shut."""
    key = states.element_id(scene.community, which)
    said_of = [report for report in scene.reports if report.element == which]
    is_shut = any(report.state is State.CLOSED for report in said_of)
    since = min((report.since for report in said_of if report.since is not None), default=None)
    if which.kind is ElementKind.FACILITY:
        name, name_zh = scene.community.facilities.names[which.row], scene.community.facilities.names_zh[which.row]
    else:
        name, name_zh = scene.called.get((which.kind, key), (f"{which.kind} {key}", None))
    state = State.CLOSED if is_shut else State.UNKNOWN
    return {
        "name": name,
        "name_zh": name_zh,
        "kind": which.kind,
        "state": state,
        "since": None if since is None else since.isoformat(),
    }


def _own_lift(scene: _Scene) -> State | None:
    """Say how the building's own lift is; None where no sensor watches one."""
    own = Element(ElementKind.BUILDING_LIFT, scene.building)
    found = [report.state for report in scene.reports if report.element == own]
    worst_first = (State.CLOSED, State.UNKNOWN, State.SLOWER, State.OPEN)
    return next((state for state in worst_first if state in found), None)


def _walked(community: Community, way: Way, met: Mapping[int, Street]) -> Row:
    """Give a way's steps, stretches of one kind and name joined, and its line."""
    network = community.network
    pieces = []
    for edge, is_forward, seconds in zip(way.edges.tolist(), way.is_forward.tolist(), way.edge_s.tolist(), strict=True):
        street = met[int(network.edge_ids[edge])]
        points = street.points if is_forward else street.points[::-1]
        pieces.append((KINDS[network.kind[edge]], street.name, float(network.length_m[edge]), seconds, points))
    steps: list[Row] = []
    before: Sequence[tuple[float, float]] = ()
    for (kind, name), run in itertools.groupby(pieces, key=lambda piece: piece[:2]):
        stretch = list(run)
        line = [point for piece in stretch for point in piece[4]]
        steps.append(
            {
                "kind": kind,
                "name": name,
                "metres": round(sum(piece[2] for piece in stretch)),
                "seconds": round(sum(piece[3] for piece in stretch)),
                "turn": _turn(before, line),
            }
        )
        before = line
    return {"steps": steps, "line": [[round(x, 6), round(y, 6)] for piece in pieces for x, y in piece[4]]}


def _turn(before: Sequence[tuple[float, float]], line: Sequence[tuple[float, float]]) -> str | None:
    """Say how one turns from the end of a line into another: left, right, straight, back; None at the start."""
    if not before:
        return None
    came, goes = _bearing(*before[-2:]), _bearing(*line[:2])
    turned = (goes - came + 180) % 360 - 180
    if abs(turned) < STRAIGHT_DEG:
        return "straight"
    if abs(turned) > BACK_DEG:
        return "back"
    return "right" if turned > 0 else "left"


def _bearing(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Give the direction from a point to one near it, degrees clockwise from north."""
    east = (end[0] - start[0]) * math.cos(math.radians(start[1]))
    return math.degrees(math.atan2(east, end[1] - start[1]))
