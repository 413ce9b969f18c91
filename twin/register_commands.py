"""The commands under `linli register`: what there should be by the norms, and what there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twin.db import Connection
    from twin.norms.rules import Rule
    from twin.registers import Basis, Need

__all__ = ["register"]

register = typer.Typer(help="Registers against the norms: linli register QUESTION. 台账", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
Norm = Annotated[str, typer.Option(help="The norm's id.")]
Area = Annotated[str, typer.Option(help="The place's division code, such as 640106, for provincial and city norms.")]
Norms = Annotated[list[Path] | None, typer.Option(help="A city's own file of norms; may be repeated.")]
On = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today where not said.")]
PlaceCode = Annotated[str | None, typer.Option("--place", help="The place's code, where there are several.")]
Own = Annotated[int | None, typer.Option(min=0, help="The place's own where not said.")]


@register.command("area")
def area_needed(
    context: typer.Context,
    *,
    households: Own = None,
    present: Annotated[float | None, typer.Option(min=0, help="Floor area there is [m2]; the place's own.")] = None,
    place: PlaceCode = None,
    norm: Norm = "svc_30",
    area: Area = "",
    norms: Norms = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Floor area against a norm per 100 households. 面积"""
    from twin import holdings, places, registers

    rule = _rule(norm, area, _known(context, place, norms), on)
    if households is None or present is None:
        with _database(context) as connection:
            here = places.get(connection, place)
            households = here.households if households is None else households
            present = holdings.floor_area(connection, here.id).total_m2 if present is None else present
    _show_need(registers.floor_area(rule, households=households, present_m2=present), as_json=as_json)


@register.command("staff")
def staff_needed(
    context: typer.Context,
    *,
    residents: Own = None,
    present: Own = None,
    place: PlaceCode = None,
    norm: Norm = "staff_18",
    area: Area = "",
    norms: Norms = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Workers against a norm per 10,000 residents. 人员"""
    from twin import holdings, places, registers

    rule = _rule(norm, area, _known(context, place, norms), on)
    if residents is None or present is None:
        with _database(context) as connection:
            here = places.get(connection, place)
            residents = here.residents if residents is None else residents
            present = holdings.staff(connection, here.id).workers if present is None else present
    _show_need(registers.staff(rule, residents=residents, present=present), as_json=as_json)


@register.command("sizes")
def sizes_in_band(
    context: typer.Context,
    *,
    place: PlaceCode = None,
    area: Area = "",
    norms: Norms = None,
    on: On = None,
    as_json: AsJson = False,
) -> None:
    """Communities by residents, and grids by households, against their bands. 规模"""
    from twin import places, registers

    known = _known(context, place, norms)
    communities, grids = (_rule(norm, area, known, on) for norm in ("tier_5", "grid_size"))
    with _database(context) as connection:
        here = places.get(connection, place)
        people = [(code, n) for code, _, n in registers.stored_sizes(connection, here.id, "community")]
        homes = [(code, n) for code, n, _ in registers.stored_sizes(connection, here.id, "grid")]
    found = [*registers.sizes(communities, "people", people), *registers.sizes(grids, "households", homes)]
    if as_json:
        _say_json(found)
        return
    for size in found:
        band = f"{size.least or 0:g} to {size.most or float('inf'):g}"
        typer.echo(f"{size.code}: {size.value:g} {size.unit}, {size.grade} ({band}); {_of(size.basis)}")


@register.command("grids")
def grids_tended(context: typer.Context, *, place: PlaceCode = None, as_json: AsJson = False) -> None:
    """Grids with a worker, and those that are vacant. 网格员"""
    from twin import holdings, places

    with _database(context) as connection:
        found = holdings.tended(connection, places.get(connection, place).id)
    if as_json:
        _say_json(found)
        return
    vacant = f", vacant: {', '.join(found.vacant)}" if found.vacant else ""
    typer.echo(f"{found.with_worker} of {found.grids} grids have a worker{vacant}")


@register.command("devices")
def devices_honest(
    context: typer.Context,
    *,
    place: PlaceCode = None,
    each: Annotated[bool, typer.Option("--each", help="Each device, as JSON, in the stead of counts by kind.")] = False,
    as_json: AsJson = False,
) -> None:
    """Devices by kind: installed, alive, placed, linked. 设备"""
    from datetime import UTC

    from twin import devices, places, registers

    with _database(context) as connection:
        here = places.get(connection, place)
        things = devices.things(connection, here.id, datetime.now(UTC))
        boundary = places.boundary(connection, here.id)
    if each:
        _say_json(registers.honest(things, boundary))
        return
    found = registers.honesty(things, boundary)
    if as_json:
        _say_json(found)
        return
    for kind in found:
        typer.echo(
            f"{kind.kind}: {kind.installed} installed, {kind.alive} alive, {kind.placed} placed, {kind.linked} linked"
        )


@register.command("sensing")
def buildings_sensed(
    context: typer.Context,
    *,
    kind: Annotated[str, typer.Option(help="The kind of device.")] = "smoke",
    place: PlaceCode = None,
    as_json: AsJson = False,
) -> None:
    """Share of residential buildings with a working device of a kind. 感知覆盖"""
    from datetime import UTC

    from twin import devices, holdings, places
    from twin.errors import Refused
    from twin.terms import ThingKind

    if kind not in list(ThingKind):
        raise Refused(f"unknown kind {kind!r}; there are {', '.join(ThingKind)}")
    with _database(context) as connection:
        here = places.get(connection, place)
        things = devices.things(connection, here.id, datetime.now(UTC))
        found = holdings.sensed(connection, here.id, things, ThingKind(kind))
        outside = holdings.outside_grids(connection, here.id)
    if as_json:
        _say_json({"sensed": found, "outside_grids": outside})
        return
    share = "-" if found.share is None else f"{found.share:.1%}"
    typer.echo(
        f"{found.kind}: {found.working} of {found.buildings} residential buildings have one that works ({share}), "
        f"{found.silent} only silent ones; {len(outside)} devices stand in no grid"
    )


@register.command("facilities")
def list_facilities(context: typer.Context, *, place: PlaceCode = None, as_json: AsJson = False) -> None:
    """Facilities with all that is known of them. 设施台账"""
    from twin import facilities, places

    with _database(context) as connection:
        found = facilities.register(connection, places.get(connection, place).id)
    if as_json:
        _say_json(found)
        return
    for each in found:
        known = (
            each.floor and f"floor {each.floor}",
            each.staff is not None and f"{each.staff} staff",
            each.opening_hours,
        )
        typer.echo("\t".join((each.service, each.source_id, each.name, ", ".join(str(one) for one in known if one))))


@register.command("people")
def people_by_band(context: typer.Context, *, place: PlaceCode = None, as_json: AsJson = False) -> None:
    """Residents by age band: all, located, not located; as they may be shown. 人口"""
    from twin import holdings, places

    with _database(context) as connection:
        found = holdings.people(connection, places.get(connection, place).id)
    if as_json:
        _say_json(found)
        return
    for each in found:
        typer.echo(f"{each.band}: {each.residents}, {each.located} located, {each.not_located} not located")


@register.command("layers")
def layers_by_age(context: typer.Context, *, place: PlaceCode = None, as_json: AsJson = False) -> None:
    """Base data with source and date, marked where it is old. 基础数据"""
    from datetime import UTC

    from twin import holdings, places

    with _database(context) as connection:
        here = places.get(connection, place)
        found = holdings.layers(connection, here.id, datetime.now(UTC))
    if as_json:
        _say_json(found)
        return
    for each in found:
        when = "undated" if each.at is None else f"{each.at:%Y-%m-%d}"
        typer.echo(f"{each.name}: {each.source}, {when}{', old' if each.stale else ''}")


def _known(context: typer.Context, place: str | None, files: list[Path] | None) -> tuple["Rule", ...]:
    """Read linli's norms, those of the files, and, where a place is named, those that were loaded into it."""
    from twin import places
    from twin.norms import own, rules

    known = rules.load(files or ())
    if place is None:
        return known
    with _database(context) as connection:
        return (*known, *own.stored(connection, places.get(connection, place).id))


def _rule(norm: str, area: str, known: tuple["Rule", ...], on: datetime | None) -> "Rule":
    from twin.norms import rules

    # the day is the user's: a norm begins at his midnight, wherever the database is
    day = on.date() if on else date.today()  # noqa: DTZ011
    return rules.choose(known, norm, area=area, on=day)


def _show_need(need: "Need", *, as_json: bool) -> None:
    if as_json:
        _say_json(need)
        return
    numbers = f"{need.needed:g} {need.unit} needed, {need.present:g} present, {need.short:g} short"
    typer.echo(f"{numbers}; {_of(need.basis)}")


def _of(basis: "Basis") -> str:
    """Say where a number is from; one that nobody has read is called recalled or assumed, never quoted."""
    said = f"norm {basis.norm_id} ({basis.norm_set} {basis.version}, {basis.word or '-'}, {basis.certainty})"
    return said if basis.layer != "national" else f"{said}, no local norm is known"


@contextmanager
def _database(context: typer.Context) -> Iterator["Connection"]:
    from twin import db

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        yield connection


def _say_json(found: object) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(found).decode())
