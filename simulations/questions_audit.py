"""The audit of the step-free way asked whole: where it breaks, by which clause, for whom, and which few mends help most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulations import answers, audit, audited, mends, parts
from simulations.asking import Asked, Heard, searching
from simulations.audit import GROUP, Break, Finding, Ways
from simulations.community import Community
from simulations.mends import Chosen
from simulations.states import Element
from twin import measured
from twin.counts import nearest
from twin.measured import Source
from twin.network import KINDS as EDGE_KINDS
from twin.norms import rules
from twin.norms.rules import Threshold
from twin.terms import ElementKind, Service

__all__ = ["AuditQuestion", "answer"]

Answer = dict[str, Any]
MANY = 3  # breaks; ways with so many or more are told together


class AuditQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the step-free way from each dwelling to each service breaks. 无障碍核查

    mends: how many may be made, by which most people × services are reconnected; budget: and what they may cost, each
    costing what `costs` says of its kind (edge kinds, and entrance), 1 where it says nothing. most: breaks that are told.
    """

    services: tuple[Service, ...] = ()
    mends: Annotated[int, msgspec.Meta(ge=0, le=5)] = 2
    budget: Annotated[float, msgspec.Meta(ge=0)] | None = None
    costs: dict[str, Annotated[float, msgspec.Meta(gt=0)]] = {}
    buildings: bool = False
    most: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 50


def answer(asked: Asked, question: AuditQuestion, heard: Heard) -> Answer:
    """Audit every service, then choose the mends; heard is told of each service and of the search."""
    community = asked.community
    services = [one for one in community.services() if not question.services or one in question.services]
    found = parts.each(asked, audit.ways, services, heard)
    behind = audit.people_behind(community, asked.said, found)
    joined = mends.islands(community, asked.said, services=services, cost=_cost(community, question.costs))
    chosen = mends.choose(joined, most=question.mends, budget=question.budget, report=searching(heard))
    shown = behind[: question.most]
    edges = [one.edge for one in shown] + [each.element.row for each in chosen.mends if _is_edge(each.element)]
    sources = measured.edges(asked.connection, (int(community.network.edge_ids[edge]) for edge in edges))
    clauses = rules.thresholds()
    return {
        "group": GROUP.value,
        "services": [_service(community, one, buildings=question.buildings) for one in found],
        "upstairs": _upstairs(community),
        "elements": msgspec.to_builtins(audited.count(community, audited.walked(community, found))),
        "broken": len(behind),
        "breaks": [_break(asked, clauses, one, sources) for one in shown],
        "mends": _mends(community, chosen, sources),
    }


def _cost(community: Community, costs: Mapping[str, float]) -> mends.Cost:
    """Give what each mend costs, by the kind of the edge."""

    def cost(element: Element) -> float:
        kind = EDGE_KINDS[community.network.kind[element.row]].value if _is_edge(element) else "entrance"
        return costs.get(kind, 1.0)

    return cost


def _is_edge(element: Element) -> bool:
    return element.kind is ElementKind.EDGE


def _service(community: Community, found: Ways, *, buildings: bool) -> Answer:
    """Tell how many people have a way without a break, with one, two, more, and none even if all were mended."""
    people = community.residents.counts.sum(axis=1)
    limit = community.norm.limits[found.service]
    least = np.minimum(found.breaks, MANY)
    counted = {str(n): nearest(int(people[least == n].sum())) for n in range(MANY)}
    near = (found.breaks == 0) & (found.seconds <= limit.limit_s)
    return {
        "service": found.service.value,
        "norm": {"id": community.norm.id, "version": community.norm.version, "clause": limit.clause},
        "certainty": limit.certainty,
        "limit_s": limit.limit_s,
        "residents": nearest(int(people.sum())),
        "step_free": counted["0"],
        "step_free_within": nearest(int(people[near].sum())),
        "breaks": {**counted, f"{MANY}+": nearest(int(people[least == MANY].sum()))},
        "no_way": nearest(int(people[found.breaks < 0].sum())),
        "entrance": nearest(int(people[found.entrance & (found.breaks > 0)].sum())),
        **({"buildings": _buildings(community, found)} if buildings else {}),
    }


def _buildings(community: Community, found: Ways) -> list[Answer]:
    """Give each dwelling's way: breaks, the first of them on the way, and the time with all mended."""
    edges, ids = community.network.edge_ids, community.buildings.ids
    return [
        {
            "id": int(ids[row]),
            "breaks": int(found.breaks[row]) if found.breaks[row] >= 0 else None,
            "first": int(edges[found.first[row]]) if found.first[row] >= 0 else None,
            "seconds": round(float(found.seconds[row]), 1) if np.isfinite(found.seconds[row]) else None,
        }
        for row in np.flatnonzero(community.residents.counts.sum(axis=1)).tolist()
    ]


def _upstairs(community: Community) -> Answer:
    """Count those who live upstairs of a building without a lift, and of one of which it is not known."""
    home = community.households
    people = home.people.sum(axis=1) * (home.floor > 1)
    lift = community.buildings.lift[home.building]
    return {
        name: nearest(int(people[lift == known].sum()))
        for name, known in (("with_lift", 1), ("without_lift", 0), ("not_measured", -1))
    }


def _break(asked: Asked, clauses: Mapping[str, Threshold], one: Break, sources: Mapping[int, Source]) -> Answer:
    community = asked.community
    findings = audit.findings(community, asked.said, clauses, one.edge)
    edge_id = int(community.network.edge_ids[one.edge])
    return {
        **_edge(community, one.edge, sources.get(edge_id)),
        "people": {service.value: nearest(int(people.sum())) for service, people in one.people.items()},
        "by_band": _bands(community, one),
        "by_service": {service.value: _by_band(community, people) for service, people in one.people.items()},
        "fails": [_finding(each) for each in findings if each.passes is False],
        "below_clause": [_finding(each) for each in findings if each.below_clause],
        "not_measured": [each.element for each in findings if each.passes is None],
    }


def _bands(community: Community, one: Break) -> dict[str, int]:
    """Give the people behind a break by age, of the service that most of them go to over it."""
    return _by_band(community, max(one.people.values(), key=lambda people: int(people.sum())))


def _by_band(community: Community, people: NDArray[np.int64]) -> dict[str, int]:
    return {band: nearest(int(n)) for band, n in zip(community.residents.bands, people, strict=True) if n}


def _edge(community: Community, edge: int, source: Source | None) -> Answer:
    network = community.network
    return {
        "id": int(network.edge_ids[edge]),
        "kind": EDGE_KINDS[network.kind[edge]].value,
        "source_id": source.source_id if source else None,
        "measured_by": {"who": source.actor, "how": source.reason, "at": source.at.isoformat()} if source else None,
    }


def _finding(one: Finding) -> Answer:
    """Tell a measure beside what its clause asks; no clause: the limit is that of the gait in mobility.toml."""
    return {
        "element": one.element,
        "measured": one.measured,
        "clause": one.clause,
        "least": one.least,
        "most": one.most,
        "certainty": one.certainty,
    }


def _mends(community: Community, chosen: Chosen, sources: Mapping[int, Source]) -> Answer:
    def name(element: Element) -> Answer:
        if _is_edge(element):
            return _edge(community, element.row, sources.get(int(community.network.edge_ids[element.row])))
        return {**answers.name(community, element), "name": community.facilities.names[element.row]}

    return {
        "chosen": [{**name(each.element), "cost": each.cost} for each in chosen.mends],
        "people_services": nearest(chosen.people),
        "bound": nearest(int(chosen.bound)) if np.isfinite(chosen.bound) else None,
        "cost": chosen.cost,
        "proven": chosen.proven,
    }
