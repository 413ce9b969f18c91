"""`linli simulate capacity`, `siting` and `front`."""

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

OneService = Annotated[str, typer.Option("--service", help="The service.")]
OneGroup = Annotated[str, typer.Option("--group", help="The mobility group.")]
Room = Annotated[list[int] | None, typer.Option(help="Id of a building with an empty room; may be repeated.")]
Seconds = Annotated[float, typer.Option(min=0, help="Stop proving after this long.")]
GOALS_HELP = "people, walking, longest, all, backup, fair, seated (most people) or seats (least walking to a seat)."


@simulating.command("capacity")
def simulate_capacity(
    context: typer.Context,
    *,
    service: Services = None,
    group: Groups = None,
    minutes: Minutes = None,
    decay: Annotated[str, typer.Option(help="step, gaussian, linear, exponential, power.")] = "step",
    weight: Annotated[list[str] | None, typer.Option(help="MINUTES=WEIGHT instead; repeated: 10=1, 20=0.68.")] = None,
    method: Annotated[str, typer.Option(help="2sfca, or 3sfca: each divides themself first.")] = "2sfca",
    measure: Annotated[str, typer.Option(help="capacity (seats, beds), or office_m2, service_m2, …")] = "capacity",
    each: Annotated[float, typer.Option(help="How much of it one person takes.")] = 1.0,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """What capacity falls to each resident, and who finds a seat. 容量"""
    from twin.terms import MobilityGroup, Service

    fields = {
        "services": chosen(Service, service),
        "groups": chosen(MobilityGroup, group),
        "minutes": minutes,
        "decay": decay,
        "weights": pairs_of(weight or [], example="10=1"),
        "method": method,
        "measure": measure,
        "each": each,
    }
    answer(context, "capacity", fields, place, at, as_json=as_json, keep=keep, cluster=cluster)


@simulating.command("siting")
def simulate_siting(
    context: typer.Context,
    *,
    service: OneService,
    group: OneGroup = "adult",
    new: Annotated[int, typer.Option(min=0, help="How many sites to open beside those that are there.")] = 1,
    goal: Annotated[str, typer.Option(help=GOALS_HELP)] = "people",
    minutes: Minutes = None,
    seconds: Seconds = 60.0,
    budget: Annotated[float | None, typer.Option(help="What may be spent.")] = None,
    cost: Annotated[float, typer.Option(help="Of a new site.")] = 1.0,
    room: Room = None,
    room_cost: Annotated[float, typer.Option(help="Of opening in such a room.")] = 0.5,
    only_rooms: Annotated[bool, typer.Option("--only-rooms", help="Open nowhere else than in these rooms.")] = False,
    seats: Annotated[int | None, typer.Option(help="Of a new site, for the goals seated and seats.")] = None,
    measure: Annotated[str, typer.Option(help="What seats are counted in: capacity, service_m2, …")] = "capacity",
    each: Annotated[float, typer.Option(help="How much of it one person takes.")] = 1.0,
    at: At = None,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """Where new sites of a service would serve most, with a bound that no choice can beat. 选址"""
    from twin.terms import MobilityGroup, Service

    chosen(Service, [service])
    chosen(MobilityGroup, [group])
    fields = {"service": service, "group": group, "new": new, "goal": goal, "minutes": minutes, "seconds": seconds}
    terms = {"budget": budget, "cost": cost, "rooms": room, "room_cost": room_cost, "only_rooms": only_rooms}
    whole = {**fields, **terms, "seats": seats, "measure": measure, "each": each}
    answer(context, "siting", whole, place, at, as_json=as_json, keep=keep, cluster=cluster)


@simulating.command("front")
def simulate_front(
    context: typer.Context,
    *,
    service: OneService,
    group: OneGroup = "adult",
    new: Annotated[int, typer.Option(min=1, help="How many new sites at most.")] = 5,
    budget: Annotated[float | None, typer.Option(help="What may be spent.")] = None,
    cost: Annotated[float, typer.Option(help="Of a new site.")] = 1.0,
    room: Room = None,
    room_cost: Annotated[float, typer.Option(help="Of opening in such a room.")] = 0.5,
    minutes: Minutes = None,
    seconds: Seconds = 60.0,
    place: PlaceCode = None,
    keep: Keep = False,
    cluster: Cluster = None,
    as_json: AsJson = False,
) -> None:
    """What more money buys: the choices of sites of which none is both cheaper and better. 成本与人数"""
    from twin.terms import MobilityGroup, Service

    chosen(Service, [service])
    chosen(MobilityGroup, [group])
    fields = {"service": service, "group": group, "new": new, "budget": budget, "cost": cost, "rooms": room}
    whole = {**fields, "room_cost": room_cost, "minutes": minutes, "seconds": seconds}
    answer(context, "front", whole, place, None, as_json=as_json, keep=keep, cluster=cluster)
