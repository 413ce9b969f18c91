"""The two sides of a kept run: coverage as it was then, and, where it is a scenario, as it would be; for map, tables and charts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from api import covered
from simulations import edits, questions
from simulations.asking import Asked, again, finder
from simulations.coverage import coverage
from simulations.edits import Plan, Setting
from simulations.hours import at_minute, read, walked_at
from simulations.questions_coverage import CoverageQuestion
from simulations.questions_scenario import setting
from simulations.spread import spread
from simulations.states import Element, element_id
from twin import counts, grids, opening_hours
from twin.errors import Refused
from twin.grids import Grids
from twin.history import revision_at
from twin.located import Located, located
from twin.runs import Run
from twin.terms import MobilityGroup, Service

__all__ = ["sides"]

FEWEST_MINUTES = 30  # that the histogram shows one by one; and twice the limit, where that is more


def sides(now: Asked, run: Run, service: Service | None, group: MobilityGroup | None) -> dict[str, Any]:
    """Compute both sides of a coverage or a scenario for one service and group, the run's first where they are not said.

    now: the place at the run's moment. Raises Refused where the run is of another question, where it did not ask of
    this service or group, and where the network has changed since.
    """
    question = questions.read(run.question, json.dumps(run.inputs["question"]).encode())
    if not isinstance(question, CoverageQuestion | Plan):
        raise Refused(f"a run of {run.question} has no sides")
    asked = again(now, run.inputs)
    at = _chosen(asked, question, service, group)
    every = grids.load(asked.connection, asked.community.place.id, _revision(asked))
    begun = setting(asked)
    today = _at(begun, question.moment)
    limit_s = _limit_s(asked, question, at[0])
    found = {
        "run": run.hash,
        "service": at[0],
        "group": at[1],
        "limit_s": limit_s,
        "moment": question.moment,
        "if_needed": asked.community.bands_of(at[1])[1],
        "norm": _norm(asked, at[0]),
        "today": _side(today, every, at, limit_s),
        "then": None,
        "edits": [],
    }
    if isinstance(question, Plan):
        find = finder(asked, edits.names(question))
        then = _at(edits.make(begun, question.edits, find), question.moment)
        found |= {"then": _side(then, every, at, limit_s), "edits": _edits(asked, question, find)}
    return found


def _chosen(
    asked: Asked, question: CoverageQuestion | Plan, service: Service | None, group: MobilityGroup | None
) -> tuple[Service, MobilityGroup]:
    services = question.services or asked.community.services()
    groups = question.groups or asked.community.groups()
    if not services or (service or services[0]) not in (question.services or tuple(Service)):
        raise Refused(f"the run did not ask of {service}")
    if group is not None and group not in groups:
        raise Refused(f"the run did not ask of {group}")
    return service or services[0], group or groups[0]


def _limit_s(asked: Asked, question: CoverageQuestion | Plan, service: Service) -> float:
    return asked.community.norm.limits[service].limit_s if question.minutes is None else question.minutes * 60


def _revision(asked: Asked) -> int | None:
    return None if asked.at is None else revision_at(asked.connection, asked.at)


def _norm(asked: Asked, service: Service) -> dict[str, Any]:
    """Say the norm for a service: with its version, and how certain it is."""
    norm = asked.community.norm
    limit = norm.limits[service]
    return {
        "id": norm.id,
        "version": norm.version,
        "name": norm.name,
        "name_zh": norm.name_zh,
        **{name: getattr(limit, name) for name in ("minutes", "metres", "clause", "level", "certainty")},
    }


def _at(begun: Setting, moment: str | None) -> Setting:
    """Close what is not open at a minute of the week, and darken unlit ways if it is night."""
    if moment is None:
        return begun
    minute = opening_hours.minute(moment)
    said = at_minute(begun.said, read(begun.hours), minute)
    return replace(begun, community=walked_at(begun.community, minute), said=said)


def _side(at: Setting, every: Grids, asked: tuple[Service, MobilityGroup], limit_s: float) -> dict[str, Any]:
    found = coverage(at.community, at.said, *asked, limit_s=limit_s)
    minutes = max(FEWEST_MINUTES, round(limit_s / 60) * 2)
    walked = spread(at.community, at.said, *asked, minutes=minutes)
    return {
        **covered.parts(at.community, found, every),
        "minutes": [counts.nearest(int(n)) for n in walked.people],
        "farther": counts.nearest(walked.farther),
        "unreached": counts.nearest(walked.unreached),
    }


def _edits(asked: Asked, plan: Plan, find: edits.Find) -> list[dict[str, Any]]:
    """Give the edits with what they are about: the keys and the name, and where it stands."""
    touched = [[_key(asked, each) for name in _names(edit) for each in find(name)] for edit in plan.edits]
    where = located(asked.connection, asked.community.place.id, (key for keys in touched for key in keys))
    return [
        {
            "edit": msgspec.to_builtins(edit),
            "at": keys,
            **_place(next((where[key] for key in keys if key in where), None)),
        }
        for edit, keys in zip(plan.edits, touched, strict=True)
    ]


def _names(edit: edits.Edit) -> list[str]:
    return [name for field in ("element", "facility", "building") if (name := getattr(edit, field, None)) is not None]


def _key(asked: Asked, element: Element) -> str:
    return f"{element.kind.value}#{element_id(asked.community, element)}"


def _place(found: Located | None) -> dict[str, Any]:
    if found is None:
        return {"name": None, "name_zh": None, "position": None}
    return {"name": found.name, "name_zh": found.name_zh, "position": [found.lon, found.lat]}
