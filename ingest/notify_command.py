"""The command `linli notify`: what is new of SensorThings is published to those who subscribed over MQTT."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import threading

    from ingest.credential_commands import Account
    from ingest.subscribers import Reader, Writer

__all__ = ["notifying"]

TOPICS = "v1.1/#"


def notifying(
    broker: "Account",
    interface: "Callable[[str], tuple[Reader, Writer]]",
    stopping: "Callable[[], threading.Event]",
) -> Callable[..., None]:
    """Give the command; `interface` gives what reads topics and writes entities whose links begin with a root."""

    def notify(
        context: typer.Context,
        root: Annotated[str, typer.Option(help="What links in the messages begin with; else where linli serves.")] = "",
    ) -> None:
        """Publish new and changed SensorThings entities to who subscribed over MQTT, until stopped. 订阅推送"""
        from ingest import subscribers

        hearing, telling = broker("subscribers", (), read=subscribers.FILTERS), broker("notices", (TOPICS,))
        read, write = interface(root)
        count = subscribers.run(context.obj(), hearing, telling, read=read, write=write, stop=stopping())
        typer.echo(f"{count} messages published")

    return notify
