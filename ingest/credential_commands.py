"""The command `linli devices credentials`: an account of the broker for each enrolled device, and what it may write."""

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from ingest.settings import Broker

__all__ = ["crediting"]

OURS = re.compile(r"(ingest|watch|doctor|replay|forward|bench)(-\d+)?")  # accounts of linli's own processes
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Credential(NamedTuple):
    """What is typed into a device: its user name is its client id too."""

    key: str
    host: str
    port: int
    username: str
    password: str
    topic: str


def crediting(devices: typer.Typer, broker: "Callable[[str, Iterable[str]], Broker]") -> typer.Typer:
    """Add the command to those of devices; `broker` gives the session of an account that may write to some topics."""

    @devices.command("credentials")
    def credentials(
        context: typer.Context,
        keys: Annotated[
            list[str] | None, typer.Argument(help="Device keys; all enrolled ones where none is said.")
        ] = None,
        *,
        place: Annotated[str | None, typer.Option(help="The place's code, where there are several.")] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    ) -> None:
        """Make an account of the broker for devices, or show the one they have: it writes to their topic alone. 设备凭据"""
        _show([_credential(key, topic, broker) for key, topic in _topics(context, place, keys or [])], as_json=as_json)

    return devices


def _topics(context: typer.Context, place: str | None, keys: list[str]) -> list[tuple[str, str]]:
    """Give key and topic of the devices asked for; raises NotFound where one is not enrolled."""
    from twin import db, places
    from twin.devices import devices as enrolled
    from twin.errors import NotFound

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        topics = {device.key: device.topic for device in enrolled(connection, places.get(connection, place).id)}
    if missing := [key for key in keys if key not in topics]:
        raise NotFound(f"no device {', '.join(missing)} is enrolled")
    return [(key, topics[key]) for key in keys or sorted(topics)]


def _credential(key: str, topic: str, broker: "Callable[[str, Iterable[str]], Broker]") -> Credential:
    """Make the account of a device; raises Refused where its key cannot be the name of one."""
    from twin.errors import Refused

    if NAME.fullmatch(key) is None or OURS.fullmatch(key):
        raise Refused(
            f"device key {key[:80]!r} cannot be a client name: letters, digits, _ . - and none of linli's own"
        )
    session = broker(key, [topic, f"{topic}/#"])
    assert session.username is not None
    assert session.password is not None
    return Credential(key, session.host, session.port, session.username, session.password.get_secret_value(), topic)


def _show(found: list[Credential], *, as_json: bool) -> None:
    import csv
    import json
    import sys

    if as_json:
        typer.echo(json.dumps([each._asdict() for each in found], ensure_ascii=False))
        return
    table = csv.writer(sys.stdout)
    table.writerows([Credential._fields, *found])
