"""The ingest process: settings in, and messages are settled until it is told to stop."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from types import FrameType

from ingest import desk
from ingest.mqtt import Session
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from twin import db
from twin.db import Engine

log = logging.getLogger(__name__)

COLLECT_AT = 200_000  # objects more than have gone, before Python looks for rings of them
TURN_S = 0.0005


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
    prepare()
    with db.opened(database_url) as engine:
        work(settings, engine, stop)


def prepare() -> None:
    """Fit Python to this work: its collector of reference rings, and how long a thread keeps the interpreter.

    The collector went through all messages under way for each 700 new objects, and found nothing: a third of the time.
    The committing thread asks for the interpreter after each answer of the database, some 15 times a batch, and would
    wait 5 ms each time while the other decodes.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_AT)
    sys.setswitchinterval(TURN_S)


def work(settings: IngestSettings, engine: Engine, stop: Event) -> None:
    """Work for every broker at once, each with a session, decoders and batches of its own: one away delays no other.

    Raises Refused as soon as one broker will not have us, after the others have left in order.
    """
    each = [(Pipeline(one, engine, stop), Session(one)) for one in settings.each()]
    with ThreadPoolExecutor(len(each) + 1, "broker") as threads:
        working = [threads.submit(pipeline.run, session) for pipeline, session in each]
        working.append(threads.submit(desk.attend, settings, engine, stop, [pipeline for pipeline, _ in each]))
        wait(working, return_when=FIRST_EXCEPTION)
        stop.set()
        for one in working:
            one.result()
