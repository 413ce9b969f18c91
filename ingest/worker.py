"""The ingest process: settings in, and messages are settled until it is told to stop."""

from __future__ import annotations

import logging
import signal
from threading import Event
from types import FrameType

from ingest.mqtt import Session
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from twin import db

log = logging.getLogger(__name__)


def run(settings: IngestSettings, database_url: str) -> None:
    """Work until SIGTERM or SIGINT; what has come is then stored and acknowledged, or left with the broker.

    Raises Refused where a decoder or mapping is not there, and where the broker will not have us.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stop = Event()

    def told(number: int, _: FrameType | None) -> None:
        log.info("stopping (%s)", signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    with db.opened(database_url) as engine:
        Pipeline(settings, engine, stop).run(Session(settings))
