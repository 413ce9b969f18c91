"""The commands `linli forward`, a gateway's agent between a broker nearby and the twin's, and `linli gaps`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ingest.settings import Broker

__all__ = ["forward", "gaps"]

MQTT_PORT, TLS_PORT = 1883, 8883


def forward(
    source: Annotated[str, typer.Argument(metavar="FROM", help="mqtt://user:password@host:port of the broker nearby.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The same of the twin's broker; mqtts:// with TLS.")],
    *,
    topics: Annotated[list[str], typer.Option("--topic", help="A topic filter to forward; may be given again.")],
    outbox: Annotated[Path, typer.Option(help="The file that keeps what the twin has not confirmed.")] = Path(
        "outbox.db"
    ),
    ca_file: Annotated[Path | None, typer.Option(help="The authority of the twin's broker, with mqtts://.")] = None,
) -> None:
    """Forward messages to the twin, and keep each on disk until it is in the twin's database. 网关转发"""
    import logging
    import signal
    import threading

    from ingest.confirmed import ConfirmedPublisher
    from ingest.forwarding import forward as run
    from ingest.outbox import Outbox
    from ingest.settings import IngestSettings, Subscription

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    read = tuple(Subscription(filter=one, decoder="senml") for one in topics)  # nothing is decoded here
    settings = IngestSettings(broker=_broker(source), subscriptions=read)
    kept = Outbox(outbox)
    try:
        with ConfirmedPublisher(_broker(target, ca_file), kept) as publisher:
            typer.echo(f"forwarding; {publisher.waiting} messages wait in {outbox}")
            taken = run(settings, publisher, stop)
            typer.echo(f"{taken} messages taken; {publisher.waiting} wait in {outbox}")
    finally:
        kept.close()


def gaps(context: typer.Context) -> None:
    """List the devices and edge nodes whose numbered messages never came, the latest gap first. 报文缺口"""
    from twin import db
    from twin.gaps import gaps as read

    with db.opened(context.obj()) as engine, engine.connect() as connection:
        for one in read(connection):
            at = one.gap_at.isoformat(timespec="seconds")
            typer.echo(f"{one.source}\t{one.key}\t{one.lost} lost in {one.gaps} gaps\tlatest {at}")


def _broker(url: str, ca_file: Path | None = None) -> "Broker":
    """Read a broker's URL. Raises Refused for another scheme, and where the host is missing."""
    from urllib.parse import unquote, urlsplit

    from pydantic import SecretStr

    from ingest.settings import Broker, Tls
    from twin.errors import Refused

    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise Refused("a broker is mqtt://user:password@host:port, or mqtts:// with TLS")
    name = unquote(parts.username or "")
    return Broker(
        host=parts.hostname,
        port=parts.port or (TLS_PORT if parts.scheme == "mqtts" else MQTT_PORT),
        username=name or None,
        password=SecretStr(unquote(parts.password or "")) if name else None,
        client_id=name or "linli-forward",
        tls=Tls(ca_file=ca_file) if parts.scheme == "mqtts" else None,
    )
