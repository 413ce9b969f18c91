"""Answers of the simulations as plain data, with the norm, the network's version and the certainty beside the numbers.

Numbers of people are added up from those that may be shown (`twin.counts`), so they need no hiding here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import Coverage
from simulations.failures import Outcome
from simulations.ranking import Ranked
from simulations.states import Element, Report, Reports, element_id
from twin.counts import nearest, share
from twin.terms import Service, State

Answer = dict[str, Any]


def frame(community: Community, said: Reports) -> Answer:
    """Say what an answer rests on: place, network version, norm and how certain it is, at whose pace, what is not open."""
    norm = community.norm
    return {
        "place": community.place.code,
        "network_version": community.place.network_version,
        "norm": {"id": norm.id, "version": norm.version, "name": norm.name},
        "certainty": {service.value: norm.limits[service].certainty for service in community.services()},
        "walks_as": {band: community.group_of(at).value for at, band in enumerate(community.residents.bands)},
        "slower": slower(community, said),
        "closed": elements(community, (report for report in said if report.state is State.CLOSED)),
        "unknown": elements(community, (report for report in said if report.state is State.UNKNOWN)),
    }


def elements(community: Community, said: Iterable[Report]) -> list[Answer]:
    """Name the elements of some reports, each once."""
    return [name(community, each) for each in sorted({report.element for report in said})]


def slower(community: Community, said: Iterable[Report]) -> list[Answer]:
    """Name what is slower, for whom and by how much: times the usual, and seconds more."""
    return [
        {
            **name(community, report.element),
            "groups": sorted(report.groups),
            "factor": report.slow[0] if report.slow else 1.0,
            "seconds": report.slow[1] if report.slow else 0.0,
        }
        for report in sorted(said, key=lambda one: (one.element, one.effect_id))
        if report.state is State.SLOWER
    ]


def name(community: Community, which: Element) -> Answer:
    """Name an element as the twin does."""
    return {"kind": which.kind.value, "id": element_id(community, which)}


def of_coverage(community: Community, found: Coverage) -> Answer:
    """Give who reaches a service, in total and by age band; share is of the residents counted, located or not."""
    columns = (found.residents, found.certain, found.possible)
    bands = [
        {"band": band, **covered(*(int(column[:, at].sum()) for column in columns))}
        for at, band in enumerate(found.bands)
    ]
    limit = community.norm.limits[found.service]
    return {
        "service": found.service.value,
        "group": found.group.value,
        "limit_s": found.limit_s,
        "norm_clause": {"minutes": limit.minutes, "clause": limit.clause, "certainty": limit.certainty},
        "counts_if_needed": found.counts_if_needed,
        "total": covered(*(int(column.sum()) for column in columns)),
        "bands": bands,
        "median_s": _finite(found.median_s),
        "p90_s": _finite(found.p90_s),
    }


def of_what_if(community: Community, outcomes: Iterable[Outcome]) -> list[Answer]:
    """Give, for each service and group to which a change means something, people by band and the next best facility."""
    return [
        {
            "service": outcome.service.value,
            "group": outcome.group.value,
            "limit_s": outcome.limit_s,
            "counts_if_needed": outcome.counts_if_needed,
            "lost": _people(outcome.bands, outcome.lost),
            "lost_possible": _people(outcome.bands, outcome.lost_possible),
            "gained": _people(outcome.bands, outcome.gained),
            "gained_possible": _people(outcome.bands, outcome.gained_possible),
            "extra_s": _finite(outcome.extra_s),
            "next_best": _next_best(community, outcome),
            **({} if outcome.choices is None else {"choices": [_choice(side) for side in outcome.choices]}),
        }
        for outcome in outcomes
        if outcome.lost_possible.any()
        or outcome.gained_possible.any()
        or np.isfinite(outcome.extra_s)
        or (outcome.choices is not None and outcome.choices[0] != outcome.choices[1])
    ]


def of_ranking(community: Community, ranked: Iterable[Ranked], names: Mapping[Element, str]) -> list[Answer]:
    """Give a ranking, the first first; names are what elements are called, where they are called anything."""
    return [
        {
            "elements": [name(community, each) for each in one.elements],
            "name": next((names[each] for each in one.elements if each in names), None),
            "people": {band: nearest(n) for band, n in one.people.items()},
            "total": nearest(one.total),
            "if_needed": {
                group.value: {band: nearest(n) for band, n in people.items()} for group, people in one.if_needed.items()
            },
            "services": {service.value: nearest(n) for service, n in one.services.items()},
            "person_minutes": round(one.minutes),
        }
        for one in ranked
    ]


def mendable(said: Reports) -> list[tuple[Element, ...]]:
    """Give what could be mended now: the elements that are closed for anybody, each on its own."""
    closed = {report.element for report in said if report.state is State.CLOSED}
    return [(each,) for each in sorted(closed)]


def service_limit_s(community: Community, service: Service, minutes: float | None) -> float:
    """Give a limit in seconds: the norm's where none is said."""
    return community.norm.limits[service].limit_s if minutes is None else minutes * 60


def covered(residents: int, certain: int, possible: int) -> Answer:
    """Tell a row of numbers with its shares."""
    return {
        "residents": nearest(residents),
        "certain": nearest(certain),
        "possible": nearest(possible),
        "share": share(certain, residents),
        "share_possible": share(possible, residents),
    }


def of_choices(outcomes: Iterable[Outcome]) -> list[Answer]:
    """Give, for each service and group in which it changes, people by how many facilities they can choose among."""
    return [
        {
            "service": outcome.service.value,
            "group": outcome.group.value,
            "counts_if_needed": outcome.counts_if_needed,
            "before": _choice(outcome.choices[0]),
            "after": _choice(outcome.choices[1]),
        }
        for outcome in outcomes
        if outcome.choices is not None and outcome.choices[0] != outcome.choices[1]
    ]


def _choice(people: tuple[int, int, int]) -> dict[str, int]:
    """Give people by how many facilities they have within the norm."""
    return {name: nearest(n) for name, n in zip(("0", "1", "2+"), people, strict=True)}


def _people(bands: tuple[str, ...], count: NDArray[np.int64]) -> dict[str, int]:
    sums = count.sum(axis=0).tolist()
    return {band: nearest(n) for band, n in zip(bands, sums, strict=True) if n}


def _next_best(community: Community, outcome: Outcome) -> Answer | None:
    """Give the facility that most buildings whose facility has changed go to now; None where they reach none."""
    moved = (outcome.facility_before != outcome.facility_after) & (outcome.facility_after >= 0)
    if not moved.any():
        return None
    rows, buildings = np.unique(outcome.facility_after[moved], return_counts=True)
    row = int(rows[buildings.argmax()])
    return {"id": int(community.facilities.ids[row]), "name": community.facilities.names[row]}


def _finite(seconds: float) -> float | None:
    return seconds if np.isfinite(seconds) else None
