"""The commands under `linli simulate`; `linli.py` gives them the database by the context's object, as to the loaders."""

from pathlib import Path
from typing import Annotated

import typer

from simulations import commands_place, commands_risk, commands_scenario
from simulations.command_options import (
    AsJson,
    At,
    Elements,
    Groups,
    Keep,
    Minutes,
    PlaceCode,
    Services,
    answer,
    asked_of,
    chosen,
    hearing,
    show,
    simulating,
)

__all__ = ["commands_place", "commands_risk", "commands_scenario", "simulating"]


@simulating.command("coverage")
def simulate_coverage(
    context: typer.Context,
    *,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    by: Annotated[str, typer.Option(help="Areas told too: building, grid, community or street.")] = "",
    moment: Annotated[str | None, typer.Option(help="Weekday and time, 'Mo 09:00': only what is open then.")] = None,
    day: Annotated[str | None, typer.Option(help="Each hour of a weekday, 'Mo'.")] = None,
    cluster: Annotated[str | None, typer.Option(help="A Dask scheduler that computes, tcp://HOST:8786.")] = None,
    store: Annotated[Path | None, typer.Option(help="Folder that all its machines see under this name.")] = None,
    districts: Annotated[int, typer.Option(min=1, help="Pieces the place is cut in.")] = 8,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    as_json: AsJson = False,
) -> None:
    """Who reaches which service in time, as things are now or were. 服务覆盖"""
    if cluster is not None or store is not None:
        _in_districts(context, (service, group), minutes, (cluster, store, districts), (place, at), as_json=as_json)
        return
    from twin.terms import MobilityGroup, Service

    fields = {"services": chosen(Service, service), "groups": chosen(MobilityGroup, group), "minutes": minutes}
    whole = {**fields, "by": by, "moment": moment, "day": day}
    answer(context, "coverage", whole, place, at, as_json=as_json, keep=keep)


@simulating.command("what-if")
def simulate_what_if(
    context: typer.Context,
    *,
    close: Annotated[Elements, typer.Option(help="edge:SOURCE, facility:SOURCE or building_lift:SOURCE.")] = None,
    mend: Annotated[Elements, typer.Option(help="The same, of what is closed or silent now.")] = None,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="People with 0, 1, 2+ within the norm, before and after.")
    ] = False,
    at: At = None,
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Who loses or regains what if these elements stop or are mended; sources are OpenStreetMap's. 假设"""
    from simulations import answers
    from simulations.asking import finder
    from simulations.failures import what_if
    from twin.errors import Refused
    from twin.terms import MobilityGroup, Service

    services, groups = chosen(Service, service), chosen(MobilityGroup, group)
    names = [*(close or []), *(mend or [])]
    with asked_of(context, place, at) as asked:
        find, community = finder(asked, names), asked.community
        missing = [name for name in names if not find(name)]
        if missing:
            raise Refused(f"not in the twin: {', '.join(missing)}")
        closed, mended = ([each for name in some or [] for each in find(name)] for some in (close, mend))
        limit_s = None if minutes is None else minutes * 60
        words = {"services": services, "groups": groups, "limit_s": limit_s, "choices": choices}
        found = what_if(community, asked.said, close=closed, mend=mended, **words)  # type: ignore[arg-type]
        scenario = {
            key: [answers.name(community, each) for each in some] for key, some in (("close", closed), ("mend", mended))
        }
        told = {
            **answers.frame(community, asked.said),
            **scenario,
            "outcomes": answers.of_what_if(community, found.outcomes),
        }
        show(told, as_json=as_json)


def _in_districts(
    context: typer.Context,
    words: tuple[list[str] | None, list[str] | None],
    minutes: float | None,
    where: tuple[str | None, Path | None, int],
    when: tuple[str | None, str | None],
    *,
    as_json: bool,
) -> None:
    """Compute the coverage in districts, on a cluster or here, and print it as it would be printed otherwise."""
    from contextlib import nullcontext

    from simulations import answers, cluster
    from simulations.asking import counting
    from twin.errors import Refused
    from twin.terms import MobilityGroup, Service

    address, store, districts = where
    if store is None:
        raise Refused("a cluster needs --store: a folder that all its machines see under one name")
    with hearing() as heard, asked_of(context, *when) as asked:
        community = asked.community
        services = chosen(Service, words[0]) or list(community.services())
        groups = chosen(MobilityGroup, words[1]) or list(community.groups())
        limit_s = max(answers.service_limit_s(community, service, minutes) for service in services)
        connection = nullcontext() if address is None else cluster.connected(address)
        with connection as client:
            found = cluster.compute(
                cluster.whole(community, asked.said, services, groups),
                store,
                districts=districts,
                limit_ms=round(limit_s * 1000),
                client=client,
                heard=counting(heard),
            )
        every = cluster.coverages(
            community, asked.said, found, services, groups, limit_s=None if minutes is None else minutes * 60
        )
        told = [answers.of_coverage(community, one) for one in every]
        show({**answers.frame(community, asked.said), "districts": districts, "coverage": told}, as_json=as_json)
