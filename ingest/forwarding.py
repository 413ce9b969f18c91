"""The gateway's agent: it takes messages from a broker nearby and hands them to the twin's, and lets go of none before
the twin has it in its database.

What it has taken is in the outbox, a file, before the broker nearby hears so; what has gone out stays there until its
receipt has come. So neither end may lose anything, whichever is killed or away, and for as long as the disk has room.
"""

from __future__ import annotations

import logging
import threading

from ingest.confirmed import ConfirmedPublisher
from ingest.mqtt import Session
from ingest.settings import IngestSettings

__all__ = ["forward"]

log = logging.getLogger(__name__)

AT_ONCE = 500  # messages of one write to the disk
TURN_S = 0.1


def forward(source: IngestSettings, publisher: ConfirmedPublisher, stop: threading.Event) -> int:
    """Forward until the stop, and give how many messages were taken; what is not confirmed then waits in the outbox.

    Raises Refused where either broker will not have us, and where the outbox cannot be written.
    """
    session, count = Session(source), 0
    try:
        while not stop.is_set():
            session.poll(TURN_S)
            while messages := session.take(AT_ONCE):
                publisher.keep([(one.topic, one.payload) for one in messages])
                session.acknowledge(messages)
                count += len(messages)
            publisher.pump()
    finally:
        session.close()
    return count
