"""What people ask of a running ingest: read by other mappings, try again what was set aside.

It hears of both by NOTIFY, and looks now and then anyway: what was said while nobody heard is done too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from threading import Event

from ingest import kept_mappings, retrying
from ingest.pipeline import Pipeline
from ingest.settings import IngestSettings
from twin import changes, db, mappings, retries
from twin.acting import acting
from twin.db import Connection, Engine
from twin.errors import NotFound, Refused, Stale
from twin.retries import Outcome

__all__ = ["attend"]

log = logging.getLogger(__name__)

TURN_S = 0.25  # how soon a stop is noticed
LOOK_S = 5.0
WANTED = {mappings.CHANGED, retries.ASKED, "reconnected"}


def attend(settings: IngestSettings, engine: Engine, stop: Event, pipelines: Sequence[Pipeline]) -> None:
    """Attend to what is asked until the stop; a database that is away is asked again."""
    looked_s = 0.0
    for change in changes.listen(engine.url.render_as_string(hide_password=False), TURN_S, channel=changes.INGEST):
        if stop.is_set():
            return
        is_due = time.monotonic() - looked_s > LOOK_S if change is None else change.kind in WANTED
        if not is_due:
            continue
        looked_s = time.monotonic()
        try:
            with engine.connect() as connection:
                wanted = kept_mappings.read(connection)
            for pipeline in pipelines:
                pipeline.remap(wanted)
            while not stop.is_set() and _retry_one(engine, settings):
                pass
        except db.UNAVAILABLE as error:
            log.warning("no database to ask what is wanted: %s", str(error).partition("\n")[0])


def _retry_one(engine: Engine, settings: IngestSettings) -> bool:
    """Try one row of the quarantine again; tell whether there may be another."""
    with engine.begin() as connection:
        job = retries.take(connection)
        if job is None:
            return False
        row_id = retries.following(connection, job)
        if row_id is not None:
            acting(connection, job.asked_by, f"retry {job.id} of the quarantine")
            retries.tried(connection, job, row_id, _tried(connection, settings, row_id))
    return True


def _tried(connection: Connection, settings: IngestSettings, row_id: int) -> Outcome:
    """Try a row again inside the transaction; what cannot be leaves no trace but its reason."""
    try:
        with connection.begin_nested():
            done = retrying.retry(connection, settings, row_id)
    except (NotFound, Refused, Stale) as error:
        return Outcome(not_retried=1, why=str(error))
    except db.REFUSED as error:
        return Outcome(refused=1, why=f"the database will not have it: {str(error).partition(chr(10))[0]}"[:300])
    return Outcome(done.stored, done.duplicate, done.refused, done.left, done.reason)
