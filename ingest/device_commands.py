"""The commands under `linli devices`: how devices are, which are offered, and which unit of one is believed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twin.db import Connection
    from twin.health import Health

__all__ = ["devices"]

devices = typer.Typer(help="Devices: linli devices health|offered|enrol|readings|states. 设备", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
InPlace = Annotated[str | None, typer.Option("--place", help="The place's code, where there are several.")]


@devices.command("health")
def show_health(context: typer.Context, *, place: InPlace = None, as_json: AsJson = False) -> None:
    """Show how every device is: last seen, missed reports, battery, signal, clock, and what came of it. 设备健康"""
    from twin import health, places

    with _transaction(context) as connection:
        rows = health.health(connection, places.get(connection, place).id, datetime.now(UTC))
    if as_json:
        _say_json([row.as_row() for row in rows])
        return
    for row in rows:
        typer.echo("\t".join(_shown(row)))


@devices.command("offered")
def list_offered(context: typer.Context, *, as_json: AsJson = False) -> None:
    """List devices that described themselves and are not enrolled, the last seen first. 待登记设备"""
    from twin import offers

    with _transaction(context) as connection:
        rows = offers.offers(connection)
    if as_json:
        _say_json([row.as_row() for row in rows])
        return
    for row in rows:
        said = ", ".join(f"{name} [{one.unit or '?'}]" for name, one in sorted(row.properties.items()))
        measured = "-" if row.measured_at is None else row.measured_at.isoformat(timespec="seconds")
        typer.echo(f"{row.key}\t{row.format}\t{row.topic}\t{measured}\t{said}")


@devices.command("enrol")
def enrol(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="As `linli devices offered` gives it.")],
    *,
    kind: Annotated[str, typer.Option(help="Such as climate, lift, water_level.")],
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    name_zh: Annotated[str | None, typer.Option(help="The same in Chinese.")] = None,
    lon: Annotated[float | None, typer.Option(help="Where it stands, in the datum.")] = None,
    lat: Annotated[float | None, typer.Option()] = None,
    datum: Annotated[str | None, typer.Option(help="Of lon and lat, such as WGS84, CGCS2000, GCJ-02.")] = None,
    watches: Annotated[str | None, typer.Option(help="What it watches, such as edge:n12.")] = None,
    interval_s: Annotated[int | None, typer.Option(min=1, max=2_678_400, help="How often it reports.")] = None,
    decoder: Annotated[str | None, typer.Option("--format", help="Where it is offered in several.")] = None,
    truth: Annotated[list[str] | None, typer.Option(help="A property that is true or false, beyond its kind.")] = None,
    text: Annotated[list[str] | None, typer.Option(help="A property that is free text.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="One of some words, such as mode=idle,up,down.")] = None,
    place: InPlace = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a device that is offered. 登记"""
    import dataclasses

    from ingest.loaders.offered import Wish, enrol_offered, further_streams
    from twin import places
    from twin.acting import IMPORT, acting

    degrees = _degrees(lon, lat, datum)
    extra = further_streams(truth or (), text or (), category or ())
    wish = Wish(kind, name, name_zh, *degrees, watches=watches, interval_s=interval_s, format=decoder, extra=extra)
    with _transaction(context) as connection:
        acting(connection, IMPORT, f"enrol the offered device {key}")
        done = enrol_offered(connection, places.get(connection, place), key, wish)
    if as_json:
        _say_json(dataclasses.asdict(done))
        return
    typer.echo(f"enrolled {done.key} as {done.kind}: {', '.join(done.properties)}")
    if done.left:
        typer.echo(f"said too, and not stored: {', '.join(done.left)}")


@devices.command("unit")
def accept_unit(context: typer.Context, key: str, name: Annotated[str, typer.Argument(metavar="PROPERTY")]) -> None:
    """Believe the next unit that a device states for a property, after it was changed; its alarm ends. 认可单位"""
    from twin import unit_watch

    with _transaction(context) as connection:
        before = unit_watch.accept(connection, key, name, datetime.now(UTC))
    typer.echo(f"the next unit that {key} states for {name} is believed; so far: {before or 'none stated'}")


From = Annotated[datetime | None, typer.Option("--from", help="UTC; without it: a day (states: a month) ago.")]
To = Annotated[datetime | None, typer.Option("--to", help="UTC; without it: now (states: today).")]


@devices.command("readings")
def show_readings(
    context: typer.Context,
    key: str,
    name: Annotated[str, typer.Argument(metavar="PROPERTY")],
    *,
    start: From = None,
    end: To = None,
    points: Annotated[int, typer.Option(min=3, max=10_000, help="At most so many, which keep the shape.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Show what a device measured: numbers as a line of few points, words as they came. 读数"""
    from twin import readings

    now = datetime.now(UTC)
    first, last = _utc(start) or now - timedelta(days=1), _utc(end) or now
    with _transaction(context) as connection:
        found = readings.readings(connection, key, name, start=first, end=last, points=points)
    if as_json:
        _say_json(found.as_row())
        return
    for time, value in found.points:
        typer.echo(f"{time.isoformat()}\t{value}")


@devices.command("states")
def show_states(
    context: typer.Context,
    key: str,
    name: Annotated[str, typer.Argument(metavar="PROPERTY")],
    *,
    start: From = None,
    end: To = None,
    monthly: Annotated[bool, typer.Option("--monthly", help="By month instead of by day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how long a device was in which state by local day, and how available a lift was. 状态时长"""
    from twin import readings

    now = datetime.now(UTC)
    first, last = (start or now - timedelta(days=30)).date(), (end.date() if end else now.date() + timedelta(days=1))
    with _transaction(context) as connection:
        rows = readings.states(connection, key, name, start=first, end=last, now=now, monthly=monthly)
    if as_json:
        _say_json(rows)
        return
    for row in rows:
        typer.echo("\t".join(f"{name} {value}" for name, value in row.items()))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _degrees(lon: float | None, lat: float | None, datum: str | None) -> tuple[float | None, float | None]:
    """Give the WGS 84 degrees of a position; nothing where none is given."""
    from ingest.loaders import positions
    from twin.datum import EXAMPLES, parse
    from twin.errors import Refused

    if lon is None and lat is None:
        return None, None
    if lon is None or lat is None:
        raise Refused("lon and lat are given together")
    if datum is None:
        raise Refused(f"say the datum of lon and lat, such as {EXAMPLES}")
    return positions.position(str(lon), str(lat), parse(datum))


def _shown(row: "Health") -> tuple[str, ...]:
    """Give a row for the eye; what is not known is -."""
    seen = "-" if row.last_seen is None else row.last_seen.isoformat(timespec="seconds")
    missed = "-" if row.missed is None else f"{row.missed}/{row.expected}"
    skew = "-" if row.clock_skew_s is None else f"{row.clock_skew_s:+.0f} s"
    battery = "-" if row.battery is None else f"{row.battery:.0f} %"
    rssi = "-" if row.rssi is None else f"{row.rssi:.0f} dBm"
    counts = f"{row.stored} stored, {row.duplicate} twice ({row.conflict} conflicts), {row.quarantined} set aside"
    order = f"{row.out_of_order} out of order"
    return (row.key, row.state, seen, f"missed {missed}", f"clock {skew}", battery, rssi, counts, order)


@contextmanager
def _transaction(context: typer.Context) -> "Iterator[Connection]":
    from twin import db

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        yield connection


def _say_json(found: object) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(found).decode())
