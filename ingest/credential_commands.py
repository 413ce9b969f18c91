"""Accounts of the broker: one for each enrolled device, which writes to its topic, and for those who subscribe."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol

import typer

if TYPE_CHECKING:
    from ingest.settings import Broker

__all__ = ["crediting"]

SENSORTHINGS = "v1.1/#"


class Credential(NamedTuple):
    """What is typed into a device: its user name is its client id too."""

    key: str
    host: str
    port: int
    username: str
    password: str
    topic: str


class Account(Protocol):
    """Gives the session of an account of the broker that may write to some topics and read others."""

    def __call__(self, name: str, topics: "Iterable[str]", read: "Iterable[str]" = ()) -> "Broker":
        """Make the account where there is none."""


def crediting(devices: typer.Typer, broker: Account) -> typer.Typer:
    """Add the commands to those of devices."""

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

    @devices.command("subscriber")
    def subscriber(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help="The account's name, which is the client's id too.")],
        *,
        topics: Annotated[
            list[str] | None,
            typer.Option("--topic", help="A filter of topics; all of SensorThings where none is said."),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    ) -> None:
        """Make an account of the broker for who subscribes to SensorThings, or show the one there is. 订阅账号"""
        _refuse_dwellings(context, topics or [SENSORTHINGS])
        _named(name)
        session = broker(name, (), read=topics or [SENSORTHINGS])
        _show([_made(name, session, " ".join(topics or [SENSORTHINGS]))], as_json=as_json)

    return devices


def _refuse_dwellings(context: typer.Context, topics: list[str]) -> None:
    """Raise Refused for topics that are not of SensorThings, or that a device in a dwelling writes to or below."""
    from paho.mqtt.client import topic_matches_sub

    from ingest.filters import covers
    from twin import db
    from twin.devices import dwelling_topics
    from twin.errors import Refused

    if not all(covers(SENSORTHINGS, one) for one in topics):
        raise Refused(f"who subscribes hears SensorThings alone, {SENSORTHINGS}: what devices say may be of a dwelling")
    with db.opened(context.obj()) as engine, engine.connect() as connection:
        for key, topic in dwelling_topics(connection).items():
            if any(topic_matches_sub(one, topic) or covers(f"{topic}/#", one) for one in topics):
                raise Refused(f"{key} stands in a dwelling and writes to {topic}: move it below another topic first")


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


def _credential(key: str, topic: str, broker: Account) -> Credential:
    """Make the account of a device; raises Refused where its key cannot be the name of one."""
    _named(key)
    return _made(key, broker(key, [topic, f"{topic}/#"]), topic)


def _named(key: str) -> None:
    from twin.credentials import can_have
    from twin.errors import Refused

    if not can_have(key):
        raise Refused(
            f"device key {key[:80]!r} cannot be a client name: letters, digits, _ . - and none of linli's own"
        )


def _made(key: str, session: "Broker", topic: str) -> Credential:
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
