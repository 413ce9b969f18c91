"""What the sensors say of the elements, and what that closes for whom.

Unknown is a third state, so every question has two answers: with what is unknown taken as open, and taken as closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from twin.effects import ElementState
from twin.errors import NotFound
from twin.terms import ElementKind, MobilityGroup, State

EVERYBODY = frozenset(MobilityGroup)


Slowing = tuple[()] | tuple[float, float]  # not at all; or times the usual, and seconds more


class Element(NamedTuple):
    """An element by its row: of the network's edges, of the facilities or, for a lift, of the buildings.

    slow: in a set of what hinders somebody, how much slower it is instead of closed; () everywhere else.
    """

    kind: ElementKind
    row: int
    slow: Slowing = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What one effect, or a scenario, says of an element; effect_id 0: a scenario.

    slow: how much slower, where it is slower. lift: the building's lift by which it is said of a facility upstairs.
    """

    element: Element
    groups: frozenset[MobilityGroup]
    state: State
    since: datetime | None = None
    effect_id: int = 0
    slow: Slowing = ()
    lift: Element | None = None


Reports = tuple[Report, ...]


def reports(community: Community, states: Sequence[ElementState]) -> Reports:
    """Bring the twin's element states to rows of the community; what is no longer in the twin is left out.

    What a lift of a building is, a facility above its ground floor is too, for whoever walks no stairs.
    """
    by_kind = {kind: [state for state in states if state.element_kind is kind] for kind in ElementKind}
    found = []
    for kind, some in by_kind.items():
        places = _rows(community, kind, [state.element_id for state in some])
        found += [_report(Element(kind, row), state) for row, state in zip(places, some, strict=True) if row >= 0]
    upstairs = [each for report in found for each in _upstairs(community, report)]
    return tuple(sorted([*found, *upstairs], key=lambda report: report.effect_id))


def element(community: Community, kind: ElementKind, element_id: int) -> Element:
    """Find an element by its id in the twin; raises NotFound."""
    (row,) = _rows(community, kind, [element_id])
    if row < 0:
        raise NotFound(f"no {kind} {element_id}")
    return Element(kind, row)


def element_id(community: Community, which: Element) -> int:
    """Give the id of an element in the twin."""
    return int(_ids(community, which.kind)[which.row])


def shut(said: Iterable[Report], group: MobilityGroup, *, unknown_closed: bool) -> frozenset[Element]:
    """Give what is closed for a group, and what is slower.

    Of several reports on an element, closed wins over unknown over slower over open; of several that call it slower, the
    largest factor and the most seconds count.
    """
    closed, slow = set(), dict[Element, tuple[float, float]]()
    for report in said:
        if report.state is State.OPEN or group not in report.groups:
            continue
        if report.state is State.CLOSED or (unknown_closed and report.state is State.UNKNOWN):
            closed.add(report.element)
        elif report.slow:
            factor, more_s = slow.get(report.element, (1.0, 0.0))
            slow[report.element] = max(factor, report.slow[0]), max(more_s, report.slow[1])
    slower = (which._replace(slow=much) for which, much in slow.items() if which not in closed)
    return frozenset((*closed, *slower))


def closing(community: Community, said: Reports, elements: Iterable[Element]) -> Reports:
    """Give the reports of a scenario in which these elements are closed for everybody as well.

    With a building's lift, what stands upstairs in it is closed for whoever walks no stairs.
    """
    closed = [Report(element, EVERYBODY, State.CLOSED) for element in elements]
    return (*said, *closed, *(each for report in closed for each in _upstairs(community, report)))


def slowing(said: Reports, elements: Iterable[Element], groups: frozenset[MobilityGroup], slow: Slowing) -> Reports:
    """Give the reports of a scenario in which these elements are slower for some groups as well."""
    return said + tuple(Report(element, groups, State.SLOWER, slow=slow) for element in elements)


def opening(said: Reports, elements: Iterable[Element]) -> Reports:
    """Give the reports of a scenario in which these elements are open for certain."""
    mended = frozenset(elements)
    effects = {report.effect_id for report in said if report.element in mended and report.effect_id}
    return tuple(
        report
        for report in said
        if report.element not in mended and report.effect_id not in effects and report.lift not in mended
    )


def rows(elements: Iterable[Element], kind: ElementKind) -> NDArray[np.int32]:
    """Give the rows of the elements of a kind, ascending, without those that are only slower."""
    return np.array(sorted(element.row for element in elements if element.kind is kind and not element.slow), np.int32)


def slowed(elements: Iterable[Element], kind: ElementKind) -> dict[int, tuple[float, float]]:
    """Give how much slower the elements of a kind are that are, by row: times the usual, and seconds more."""
    return {element.row: element.slow for element in elements if element.kind is kind and element.slow}


def _ids(community: Community, kind: ElementKind) -> NDArray[np.int32]:
    match kind:
        case ElementKind.EDGE:
            return community.network.edge_ids
        case ElementKind.FACILITY:
            return community.facilities.ids
        case ElementKind.BUILDING_LIFT:
            return community.buildings.ids


def _rows(community: Community, kind: ElementKind, sought: Sequence[int]) -> list[int]:
    """Find the row of each id, -1 where there is none."""
    ids = _ids(community, kind)
    wanted = np.unique(np.array(sought, np.int64))
    rows_of = {int(ids[row]): row for row in np.flatnonzero(np.isin(ids, wanted)).tolist()}
    return [rows_of.get(each, -1) for each in sought]


def _upstairs(community: Community, report: Report) -> Iterator[Report]:
    """Give what a report on a building's lift says of the facilities above its ground floor."""
    if report.element.kind is not ElementKind.BUILDING_LIFT or report.state is State.SLOWER:
        return
    stepless = report.groups & frozenset(
        group for group, gait in community.mobility.gaits.items() if gait.riser_s is None
    )
    building = community.buildings.ids[report.element.row]
    for row in np.flatnonzero(community.facilities.upstairs_in == building).tolist():
        yield replace(report, element=Element(ElementKind.FACILITY, row), groups=stepless, lift=report.element)


def _report(which: Element, state: ElementState) -> Report:
    groups = EVERYBODY if state.mobility_groups is None else frozenset(map(MobilityGroup, state.mobility_groups))
    slow = () if state.state is not State.SLOWER else (state.slow_factor or 1.0, state.slow_s or 0.0)
    return Report(which, groups, state.state, state.since, state.effect_id, slow)
