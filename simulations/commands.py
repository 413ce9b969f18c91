"""The commands under `linli simulate`; `linli.py` gives them the database by the context's object, as to the loaders."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from simulations.community import Community
    from simulations.states import Element, Reports
    from twin.db import Connection

Word = TypeVar("Word", bound=StrEnum)

__all__ = ["simulating"]

simulating = typer.Typer(help="Ask the twin: linli simulate QUESTION. 模拟", no_args_is_help=True)

PlaceCode = Annotated[str | None, typer.Option("--place", help="The place's code, where there are several.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Services = Annotated[list[str] | None, typer.Option("--service", help="Only this service; may be repeated.")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="Only this mobility group; may be repeated.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Limit; the norm's where not said.")]
At = Annotated[str | None, typer.Option(help="As of when, such as 2026-11-24T08:00+08:00; now where not said.")]
Elements = list[str] | None


@simulating.command("coverage")
def simulate_coverage(
    context: typer.Context,
    *,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    at: At = None,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Who reaches which service in time, as things are now or were. 服务覆盖"""
    from simulations import answers
    from simulations.coverage import coverage
    from twin.terms import MobilityGroup, Service

    services = _chosen(Service, service)
    groups = _chosen(MobilityGroup, group)
    with _asked(context, place, at) as (_, community, said):
        found = [
            answers.of_coverage(
                community,
                coverage(community, said, one, each, limit_s=answers.service_limit_s(community, one, minutes)),
            )
            for one in services or community.services()
            for each in groups or community.groups()
        ]
        _show({**answers.frame(community, said), "coverage": found}, as_json=as_json)


@simulating.command("what-if")
def simulate_what_if(
    context: typer.Context,
    *,
    close: Annotated[Elements, typer.Option(help="edge:SOURCE, facility:SOURCE or building_lift:SOURCE.")] = None,
    mend: Annotated[Elements, typer.Option(help="The same, of what is closed or silent now.")] = None,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Who loses or regains what if these elements stop or are mended; sources are OpenStreetMap's. 假设"""
    from simulations import answers
    from simulations.failures import what_if
    from twin.terms import MobilityGroup, Service

    services, groups = _chosen(Service, service), _chosen(MobilityGroup, group)
    with _asked(context, place) as (connection, community, said):
        closed, mended = (_elements(connection, community, some) for some in (close, mend))
        limit_s = None if minutes is None else minutes * 60
        found = what_if(community, said, close=closed, mend=mended, services=services, groups=groups, limit_s=limit_s)
        scenario = {
            key: [answers.name(community, each) for each in some] for key, some in (("close", closed), ("mend", mended))
        }
        answer = {
            **answers.frame(community, said),
            **scenario,
            "outcomes": answers.of_what_if(community, found.outcomes),
        }
        _show(answer, as_json=as_json)


@simulating.command("failures")
def simulate_failures(
    context: typer.Context,
    *,
    repairs: Annotated[bool, typer.Option("--repairs", help="Rank repairs of what is closed now instead.")] = False,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Rank the public lifts by the people who lose a service if each stops. 故障排序"""
    from simulations import answers
    from simulations.ranking import rank, street_lifts
    from twin import alarms

    with _asked(context, place) as (connection, community, said):
        things = alarms.watchers(connection, community.place.id)
        names = {report.element: things[report.effect_id].name for report in said if report.effect_id in things}
        candidates = answers.mendable(said) if repairs else street_lifts(community)
        ranked = answers.of_ranking(community, rank(community, said, candidates, mend=repairs), names)
        _show({**answers.frame(community, said), "repairs" if repairs else "failures": ranked}, as_json=as_json)


@simulating.command("capacity")
def simulate_capacity(
    context: typer.Context,
    *,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    decay: Annotated[str, typer.Option(help="step, gaussian, linear: how a longer way weighs.")] = "step",
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """What capacity falls to each resident, and who finds a seat. 容量"""
    from simulations import answers, siting_answers
    from simulations.capacity import named
    from twin import facilities
    from twin.terms import MobilityGroup, Service

    services, groups = _chosen(Service, service), _chosen(MobilityGroup, group)
    with _asked(context, place) as (connection, community, said):
        rooms = facilities.capacities(connection, community.place.id)
        found = []
        for one in services or community.services():
            limit_s = answers.service_limit_s(community, one, minutes)
            weights = named(decay, limit_s)
            found += [
                siting_answers.capacity(community, said, one, each, limit_s=limit_s, decay=weights, rooms=rooms)
                for each in groups or community.groups()
            ]
        _show({**answers.frame(community, said), "decay": decay, "capacity": found}, as_json=as_json)


@simulating.command("siting")
def simulate_siting(
    context: typer.Context,
    *,
    service: Annotated[str, typer.Option(help="The service.")],
    group: Annotated[str, typer.Option(help="The mobility group.")] = "adult",
    new: Annotated[int, typer.Option(min=0, help="How many sites to open beside those that are there.")] = 1,
    goal: Annotated[str, typer.Option(help="people, walking or longest.")] = "people",
    minutes: Minutes = None,
    seconds: Annotated[float, typer.Option(min=0, help="Stop proving after this long.")] = 60.0,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Where new sites of a service would serve most, with a bound that no choice can beat. 选址"""
    from simulations import answers, siting_answers
    from twin.terms import MobilityGroup, Service

    (one,), (each,) = _chosen(Service, [service]) or [], _chosen(MobilityGroup, [group]) or []
    with _asked(context, place) as (_, community, said):
        limit_s = answers.service_limit_s(community, one, minutes)
        stop = siting_answers.until(seconds)
        found = siting_answers.siting(community, said, one, each, limit_s=limit_s, new=new, goal=goal, report=stop)
        _show({**answers.frame(community, said), "siting": found}, as_json=as_json)


@contextmanager
def _asked(
    context: typer.Context, place: str | None, at: str | None = None
) -> Iterator[tuple["Connection", "Community", "Reports"]]:
    """Open the database, read the place, and what the sensors say of it: now, or at a moment."""
    from simulations import community, states
    from twin import db, effects
    from twin.history import parse_moment, revision_at

    moment = None if at is None else parse_moment(at)
    with db.opened(context.obj()) as engine, engine.connect() as connection:
        found = community.load(connection, place, moment)
        revision = None if moment is None else revision_at(connection, moment)
        said = effects.element_states(connection, found.place.id, moment, revision)
        yield connection, found, states.reports(found, said)


def _chosen(kind: type[Word], words: list[str] | None) -> list[Word] | None:
    """Read words of the vocabulary; None where none are given. Refuses others."""
    from twin.errors import Refused

    try:
        return [kind(word) for word in words] if words else None
    except ValueError as error:
        raise Refused(f"{error}; one of {', '.join(kind)}") from error


def _elements(connection: "Connection", community: "Community", watches: list[str] | None) -> list["Element"]:
    """Find the elements that `kind:source` names; refuses a name that names nothing."""
    from simulations import states
    from twin import enrolment
    from twin.errors import Refused
    from twin.terms import ElementKind

    found = enrolment.elements(connection, community.place.id, watches or [])
    missing = [watch for watch in watches or [] if watch not in found]
    if missing:
        raise Refused(f"not in the twin: {', '.join(missing)}")
    return [states.element(community, ElementKind(each.kind), each.id) for some in found.values() for each in some]


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    """Print an answer as JSON: in one line for programs, indented for people."""
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=None if as_json else 2))
