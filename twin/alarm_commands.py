"""The commands under `linli alarms`: the rules that raise them, what a gateway explains, who is away."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

__all__ = ["alarming"]

alarming = typer.Typer(help="Rules of the alarms: linli alarms QUESTION. 告警", no_args_is_help=True)


@alarming.command("rules")
def show_rules(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False
) -> None:
    """The rules, with where their numbers come from. 规则"""
    from twin import alarm_rules, db

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        found = alarm_rules.rules(connection)
    if as_json:
        typer.echo(json.dumps({"rules": found}, ensure_ascii=False, default=str))
        return
    for rule in found:
        limits = " ".join(f"{name} {rule[name]:g}" for name in ("above", "below", "intervals", "people") if rule[name])
        of = rule["thing_key"] or rule["thing_kind"] or "any"
        off = "" if rule["enabled"] else "  (off)"
        typer.echo(f"{rule['id']:>4} {rule['severity']:<8} {of:<12} {rule['name']}: {limits}  [{rule['source']}]{off}")


@alarming.command("switch")
def switch_rule(
    context: typer.Context,
    rule: Annotated[int, typer.Argument(help="The number that `rules` gives.")],
    *,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether it holds.")],
) -> None:
    """Let a rule hold, or not. 启停规则"""
    from twin import acting, alarm_rules, db

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        acting.acting(connection, acting.SYSTEM, "linli alarms switch")
        alarm_rules.switch(connection, rule, enabled=on)
    typer.echo(f"rule {rule} is {'on' if on else 'off'}")


@alarming.command("behind")
def put_behind(
    context: typer.Context,
    gateway: Annotated[str, typer.Argument(help="The key of the gateway.")],
    devices: Annotated[list[str], typer.Argument(help="The keys of the devices that report by it.")],
) -> None:
    """Which devices report by a gateway: while that fails, their silence is explained. 网关下设备"""
    from twin import alarm_rules, db

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        n = alarm_rules.put_behind(connection, gateway, devices)
    typer.echo(f"{n} devices are behind {gateway}")


@alarming.command("away")
def leave(
    context: typer.Context,
    device: Annotated[str, typer.Argument(help="The key of a device in the home.")],
    until: Annotated[datetime, typer.Argument(help="UTC.")],
    *,
    by: Annotated[str, typer.Option(help="Who says so.")],
) -> None:
    """Nobody is at home from now on: stillness there is no alarm. 外出登记"""
    from twin import alarm_rules, db

    with db.opened(context.obj()) as engine, engine.begin() as connection:
        now = datetime.now(UTC)
        alarm_rules.leave(connection, device, from_at=now, until_at=until.replace(tzinfo=UTC), by=by)
    typer.echo(f"away until {until:%Y-%m-%d %H:%M} UTC")
