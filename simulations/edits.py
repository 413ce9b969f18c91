"""Edits of a what-if as data, and what a place is with them made.

An element is named `kind:source` as `linli register devices` does (edge:w123, facility:n45, building_lift:w6), or
`kind#id` by its id in the twin. A file of edits is TOML or JSON:

    title = "Close the lift, open a clinic"
    services = ["clinic"]
    [[edits]]
    edit = "close"
    element = "edge:n4226573525"
    [[edits]]
    edit = "add"
    service = "clinic"
    lon = 7.42
    lat = 43.735
    name = "New clinic"
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulations.community import SERVICES, Community
from simulations.states import Element, Reports, closing, opening, slowing
from twin import crs, opening_hours
from twin.errors import Refused
from twin.facilities import Facilities
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = [
    "Add",
    "Capacity",
    "Close",
    "Edit",
    "Hours",
    "Lift",
    "Move",
    "Open",
    "Plan",
    "Setting",
    "Slow",
    "make",
    "names",
    "read",
]

NEAR_M = 200.0  # a new facility further from every node of the network is refused: nobody could walk there
MOST_EDITS = 200

Column = TypeVar("Column", bound=np.generic)
Find = Callable[[str], Sequence[Element]]  # the elements that a name stands for; none where it names nothing
Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Seats = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
Name = Annotated[str, msgspec.Meta(max_length=200)]


class Close(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="close"):
    """Close an element for everybody."""

    element: Name


class Slow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="slow"):
    """Make a way or a lift slower: times the usual, and seconds more; an escalator without either stands still.

    groups: for whom; everybody where none is named.
    """

    element: Name
    factor: Annotated[float, msgspec.Meta(ge=1, le=100)] = 1
    seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0
    groups: tuple[MobilityGroup, ...] = ()


class Open(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="open"):
    """Open what is closed or silent now."""

    element: Name


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="add"):
    """Open a new facility at a place in WGS 84 degrees."""

    service: Service
    lon: Degrees
    lat: Degrees
    name: Name = ""
    capacity: Seats | None = None
    step_free: bool | None = None
    opening_hours: Name | None = None


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="move"):
    """Move a facility."""

    facility: Name
    lon: Degrees
    lat: Degrees


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="capacity"):
    """Give a facility another capacity."""

    facility: Name
    capacity: Seats


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="hours"):
    """Give a facility other opening hours."""

    facility: Name
    opening_hours: Name


class Lift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="edit", tag="lift"):
    """Give a building a lift, or take it away."""

    building: Name
    there: bool = True


Edit = Close | Slow | Open | Add | Move | Capacity | Hours | Lift


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A what-if: edits, the moment they are compared with, and what is asked; None and () mean all.

    at: a moment with its offset, None: now. moment: weekday and local time, "Mo 09:00"; only what is open then counts.
    """

    edits: Annotated[tuple[Edit, ...], msgspec.Meta(min_length=1, max_length=MOST_EDITS)]
    title: Name = ""
    at: datetime | None = None
    moment: Name | None = None
    services: tuple[Service, ...] = ()
    groups: tuple[MobilityGroup, ...] = ()
    minutes: Annotated[float, msgspec.Meta(gt=0, le=180)] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A place under one set of circumstances; hours and rooms by row of its facilities, None where not known."""

    community: Community
    said: Reports
    hours: tuple[str | None, ...]
    rooms: tuple[int | None, ...]


def read(text: bytes, *, is_toml: bool) -> Plan:
    """Read a plan; Refused in one line, with where in it, where it is none."""
    try:
        plan = msgspec.toml.decode(text, type=Plan) if is_toml else msgspec.json.decode(text, type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"the scenario: {error}") from None
    if plan.at is not None and plan.at.tzinfo is None:
        raise Refused("the scenario: at needs an offset, such as 2026-11-24T09:00:00+01:00")
    if plan.moment is not None:
        try:
            opening_hours.minute(plan.moment)
        except ValueError as error:
            raise Refused(f"the scenario: {error}") from None
    return plan


def names(plan: Plan) -> list[str]:
    """Give the names of the elements that a plan edits, each once, in its order."""
    found: dict[str, None] = {}
    for edit in plan.edits:
        match edit:
            case Close() | Slow() | Open():
                found[edit.element] = None
            case Move() | Capacity() | Hours():
                found[edit.facility] = None
            case Lift():
                found[edit.building] = None
            case Add():
                pass
    return list(found)


def make(setting: Setting, edits: Sequence[Edit], find: Find) -> Setting:
    """Make the edits in their order, and give the place as it is then; the one given stays as it is.

    Raises Refused where a name names nothing or something of another kind, and where a place is too far from the network.
    """
    for edit in edits:
        setting = _made(setting, edit, find)
    return setting


def _made(setting: Setting, edit: Edit, find: Find) -> Setting:  # noqa: PLR0911 -- one a kind of edit
    match edit:
        case Close():
            return replace(setting, said=closing(setting.community, setting.said, _found(edit.element, find)))
        case Slow():
            return replace(setting, said=_slowed(setting.said, edit, find))
        case Open():
            return replace(setting, said=opening(setting.said, _found(edit.element, find)))
        case Add():
            return _added(setting, edit)
        case Move():
            return _moved(setting, edit, _rows(edit.facility, find, ElementKind.FACILITY))
        case Capacity():
            at = _rows(edit.facility, find, ElementKind.FACILITY)
            rooms = tuple(edit.capacity if row in at else room for row, room in enumerate(setting.rooms))
            return replace(setting, rooms=rooms)
        case Hours():
            at = _rows(edit.facility, find, ElementKind.FACILITY)
            hours = tuple(edit.opening_hours if row in at else text for row, text in enumerate(setting.hours))
            return replace(setting, hours=hours)
        case Lift():
            return _fitted(setting, edit, _rows(edit.building, find, ElementKind.BUILDING_LIFT))


def _slowed(said: Reports, edit: Slow, find: Find) -> Reports:
    """Slow an element down; refuses a facility: nobody walks through one."""
    found = _found(edit.element, find)
    if any(element.kind is ElementKind.FACILITY for element in found):
        raise Refused(f"{edit.element} is a facility; only ways and lifts can be slower")
    return slowing(said, found, frozenset(edit.groups or MobilityGroup), (edit.factor, edit.seconds))


def _found(name: str, find: Find) -> Sequence[Element]:
    found = find(name)
    if not found:
        raise Refused(f"not in the twin: {name}")
    return found


def _rows(name: str, find: Find, kind: ElementKind) -> list[int]:
    found = _found(name, find)
    if any(element.kind is not kind for element in found):
        raise Refused(f"{name} is no {kind.replace('_', ' ')}")
    return [element.row for element in found]


def _node(community: Community, lon: float, lat: float) -> tuple[int, float]:
    """Give the node nearest to a place, and the metres to it."""
    network, srid = community.network, community.place.metric_srid
    nodes = np.column_stack(crs.project(srid, network.lon, network.lat))
    here = np.column_stack(crs.project(srid, np.array([lon]), np.array([lat])))
    if not len(nodes) or not np.isfinite(here).all():
        raise Refused(f"{lon}, {lat} is not near the network")
    metres = np.hypot(*(nodes - here).T)
    node = int(metres.argmin())
    if metres[node] > NEAR_M:
        raise Refused(f"{lon}, {lat} is {metres[node]:.0f} m from the network, more than {NEAR_M:.0f}")
    return node, float(metres[node])


def _added(setting: Setting, edit: Add) -> Setting:
    """Add a facility as the last row, under a negative id: it is in no table of the twin."""
    which = setting.community.facilities
    node, metres = _node(setting.community, edit.lon, edit.lat)
    taken = int(min(which.ids.min(initial=0), 0))
    step_free = -1 if edit.step_free is None else int(edit.step_free)
    grown = replace(
        which,
        ids=_with(which.ids, taken - 1),
        service=_with(which.service, SERVICES.index(edit.service)),
        node=_with(which.node, node),
        node_m=_with(which.node_m, metres),
        step_free=_with(which.step_free, step_free),
        upstairs_in=_with(which.upstairs_in, -1),
        source_ids=(*which.source_ids, f"new{1 - taken}"),
        names=(*which.names, edit.name),
        names_zh=(*which.names_zh, None),
    )
    return replace(
        setting,
        community=replace(setting.community, facilities=grown),
        hours=(*setting.hours, edit.opening_hours),
        rooms=(*setting.rooms, edit.capacity),
    )


def _with(column: NDArray[Column], value: float) -> NDArray[Column]:
    """Add one value to a column."""
    return np.concatenate((column, np.array([value]).astype(column.dtype)))


def _moved(setting: Setting, edit: Move, at: list[int]) -> Setting:
    which: Facilities = setting.community.facilities
    nodes, metres = which.node.copy(), which.node_m.copy()
    nodes[at], metres[at] = _node(setting.community, edit.lon, edit.lat)
    moved = replace(which, node=nodes, node_m=metres)
    return replace(setting, community=replace(setting.community, facilities=moved))


def _fitted(setting: Setting, edit: Lift, at: list[int]) -> Setting:
    """Fit a lift; one that stands is opened too, for a new one runs."""
    houses = setting.community.buildings
    lift = houses.lift.copy()
    lift[at] = int(edit.there)
    said = opening(setting.said, (Element(ElementKind.BUILDING_LIFT, row) for row in at))
    fitted = replace(setting.community, buildings=replace(houses, lift=lift))
    return replace(setting, community=fitted, said=said if edit.there else setting.said)
