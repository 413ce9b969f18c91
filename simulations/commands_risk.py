"""`linli simulate failures`, `outages`, `shelters` and `audit`."""

from typing import Annotated

import typer

from simulations.command_options import (
    AsJson,
    At,
    Cluster,
    Groups,
    Keep,
    Minutes,
    PlaceCode,
    Services,
    answer,
    chosen,
    pairs_of,
    simulating,
)

Most = Annotated[int, typer.Option(min=0, help="How many are told.")]


@simulating.command("failures")
def simulate_failures(
    context: typer.Context,
    *,
    kind: Annotated[list[str] | None, typer.Option(help="lift, building_lift, gate, path, facility; repeated.")] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="Each two of them together.")] = False,
    repairs: Annotated[bool, typer.Option("--repairs", help="Rank repairs of what is closed now instead.")] = False,
    most: Most = 50,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Rank what can stop, public lifts where not said, by the people who lose a service if it does. 故障排序"""
    fields = {"kinds": kind, "pairs": pairs, "repairs": repairs, "most": most}
    answer(context, "failures", fields, place, at, as_json=as_json, keep=keep, cluster=cluster)


@simulating.command("outages")
def simulate_outages(
    context: typer.Context,
    *,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    years: Annotated[int, typer.Option(min=2, help="Years drawn.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="What they are drawn from: the same seed, the same years.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="Days of history.")] = 365,
    until: Annotated[str | None, typer.Option(help="Last day of it, 2026-11-24; today where not said.")] = None,
    second: Annotated[int, typer.Option(min=0, help="Try a second lift beside so many of the worst.")] = 1,
    walk_ups: Annotated[int, typer.Option(min=0, help="Try a lift in so many buildings without one.")] = 3,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Hours a year without service because lifts stand, drawn from their own histories. 停梯时数"""
    from twin.terms import MobilityGroup, Service

    fields = {"services": chosen(Service, service), "groups": chosen(MobilityGroup, group), "minutes": minutes}
    draws = {"years": years, "seed": seed, "days": days, "until": until, "second": second, "walk_ups": walk_ups}
    answer(context, "outages", {**fields, **draws}, place, None, as_json=as_json, keep=keep, cluster=cluster)


@simulating.command("shelters")
def simulate_shelters(
    context: typer.Context,
    *,
    service: Services = None,
    minutes: Annotated[float, typer.Option(min=1, help="Longest way.")] = 60.0,
    stage: Annotated[
        list[int] | None, typer.Option(min=2, help="Lowest floor of a later stage; may be repeated.")
    ] = None,
    stage_minutes: Annotated[float, typer.Option(min=0, help="Between two stages.")] = 0.0,
    lifts: Annotated[bool, typer.Option("--lifts", help="Lifts are ridden; else all take the stairs.")] = False,
    moment: Annotated[str | None, typer.Option(help="Weekday and time, 'Mo 09:00': only what is open then.")] = None,
    measure: Annotated[str, typer.Option(help="capacity, or emergency_m2 and other floor areas.")] = "capacity",
    each: Annotated[float, typer.Option(help="How much of it one person takes.")] = 1.0,
    most: Most = 50,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Who goes to which shelter, as many as there is room for; schools where no service is said. 避难分配"""
    from twin.terms import Service

    fields = {"services": chosen(Service, service), "minutes": minutes, "stages": stage, "stage_minutes": stage_minutes}
    room = {"lifts": lifts, "moment": moment, "measure": measure, "each": each, "most": most}
    answer(context, "shelters", {**fields, **room}, place, at, as_json=as_json, keep=keep, cluster=cluster)


@simulating.command("audit")
def simulate_audit(
    context: typer.Context,
    *,
    service: Services = None,
    mends: Annotated[int, typer.Option(min=0, max=5, help="How many mends to choose.")] = 2,
    budget: Annotated[float | None, typer.Option(min=0, help="What they may cost, 1 each where not said.")] = None,
    cost: Annotated[list[str] | None, typer.Option(help="KIND=COST of a mend: steps=4, lift=40, entrance=1.")] = None,
    buildings: Annotated[bool, typer.Option("--buildings", help="Each dwelling's way too.")] = False,
    most: Most = 50,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Where the step-free way breaks, by which clause, for how many, and which few mends reconnect most. 无障碍核查"""
    from twin.terms import Service

    fields = {
        "services": chosen(Service, service),
        "mends": mends,
        "budget": budget,
        "costs": pairs_of(cost or [], example="steps=4"),
    }
    whole = {**fields, "buildings": buildings, "most": most}
    answer(context, "audit", whole, place, at, as_json=as_json, keep=keep, cluster=cluster)
