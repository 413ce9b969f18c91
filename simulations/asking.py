"""What every question is asked of, the same for the command line, the interfaces and a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from simulations import community as communities
from simulations import states
from simulations.community import Community
from simulations.siting_problem import Progress
from simulations.siting_problem import Report as Searching
from simulations.states import Element, Report, Reports
from twin import effects, enrolment, places
from twin.db import Connection
from twin.errors import Refused
from twin.history import revision_at
from twin.terms import ElementKind, MobilityGroup, State

if TYPE_CHECKING:
    from distributed import Client

__all__ = [
    "ENGINE",
    "Asked",
    "Heard",
    "Inputs",
    "Limit",
    "again",
    "counting",
    "finder",
    "inputs",
    "load",
    "searching",
    "told",
]

ENGINE = 2  # counted up when the same inputs give another answer: kept runs then stay, under their own hash
LONGEST_ID = 10  # digits, of what fits an integer of the database

Inputs = dict[str, Any]
Heard = Callable[[Mapping[str, Any]], bool]  # told how far a question is; says whether to go on
Limit = Annotated[float, msgspec.Meta(gt=0, le=180)]  # minutes


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A place at a moment, now where None, with what its sensors said then, and the database for what is not in arrays."""

    connection: Connection
    community: Community
    said: Reports
    at: datetime | None = None
    client: Client | None = None  # of a cluster that computes parts of a question; None: all is computed here


def load(connection: Connection, code: str | None = None, at: datetime | None = None) -> Asked:
    """Read a place, the only one where no code is given, as it is or was; raises NotFound."""
    found = communities.load(connection, code, at)
    revision = None if at is None else revision_at(connection, at)
    said = states.reports(found, effects.element_states(connection, found.place.id, at, revision))
    return Asked(connection, found, said, at)


def place_id(connection: Connection, code: str | None = None) -> int:
    """Give the id of a place; raises NotFound."""
    return places.get(connection, code).id


def told(asked: Asked, said: Reports) -> Asked:
    """Give the same with other reports."""
    return replace(asked, said=said)


def inputs(community: Community, said: Reports, at: datetime | None, name: str, question: msgspec.Struct) -> Inputs:
    """Give all that an answer rests on, to be hashed and kept."""
    shut = [
        [
            report.element.kind.value,
            states.element_id(community, report.element),
            sorted(report.groups),
            report.state.value,
            *report.slow,
        ]
        for report in said
        if report.state is not State.OPEN
    ]
    return {
        "engine": ENGINE,
        "place": community.place.code,
        "network_version": community.place.network_version,
        "at": None if at is None else at.isoformat(),
        "norm": [community.norm.id, community.norm.version],
        "name": name,
        "question": msgspec.to_builtins(question),
        "said": sorted(shut),
    }


def again(asked: Asked, kept: Inputs) -> Asked:
    """Give a place as the inputs of a kept run say its sensors were; Refused where the network is no longer the same."""
    version, place = kept["network_version"], asked.community.place
    if (kept["engine"], version) != (ENGINE, place.network_version):
        raise Refused(f"the network is at version {place.network_version} now, the run was made on version {version}")
    said = tuple(
        Report(
            states.element(asked.community, ElementKind(kind), element_id),
            frozenset(map(MobilityGroup, groups)),
            State(state),
            slow=tuple(slow),
        )
        for kind, element_id, groups, state, *slow in kept["said"]
    )
    return replace(asked, said=said)


def finder(asked: Asked, names: Sequence[str]) -> Callable[[str], Sequence[Element]]:
    """Look names up, `kind:source` or `kind#id`, and give what each stands for; one that names nothing gives nothing."""
    by_source = enrolment.elements(
        asked.connection, asked.community.place.id, [name for name in names if "#" not in name]
    )
    found: dict[str, list[Element]] = {
        name: [states.element(asked.community, ElementKind(each.kind), each.id) for each in some]
        for name, some in by_source.items()
    }
    for name in names:
        kind, mark, number = name.partition("#")
        if mark and kind in set(ElementKind) and number.isascii() and number.isdecimal() and len(number) < LONGEST_ID:
            found[name] = [states.element(asked.community, ElementKind(kind), int(number))]
    return lambda name: found.get(name, [])


def counting(heard: Heard) -> Callable[[int, int], bool]:
    """Tell of how many of how many."""
    return lambda done, total: heard({"done": done, "total": total})


def searching(heard: Heard) -> Searching:
    """Tell of the best value, the bound and the nodes of a search; what is not finite is told as None."""

    def report(at: Progress) -> bool:
        value, bound = (x if abs(x) < float("inf") else None for x in (at.value, at.bound))
        return heard({"value": value, "bound": bound, "nodes": at.nodes})

    return report
