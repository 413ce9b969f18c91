"""The commands under `linli devices`: how devices are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from twin.db import Connection
    from twin.health import Health

__all__ = ["devices"]

devices = typer.Typer(help="The devices there are: linli devices health. 设备", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document.")]
InPlace = Annotated[str | None, typer.Option("--place", help="The place's code, where there are several.")]


@devices.command("health")
def show_health(context: typer.Context, *, place: InPlace = None, as_json: AsJson = False) -> None:
    """Show how every device is: last seen, missed reports, battery, signal, clock, and what came of it. 设备健康"""
    from datetime import UTC, datetime

    from twin import health, places

    with _transaction(context) as connection:
        rows = health.health(connection, places.get(connection, place).id, datetime.now(UTC))
    if as_json:
        _say_json([row.as_row() for row in rows])
        return
    for row in rows:
        typer.echo("\t".join(_shown(row)))


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
