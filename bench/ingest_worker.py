"""Work as one of the workers that bench.ingest compares, in a process of its own, until SIGTERM.

python -m bench.ingest_worker KIND JOB        (JOB: the JSON of a Job)
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import numpy as np
import psycopg
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest import worker
from ingest.mqtt import Session
from ingest.pipeline import Pipeline
from ingest.routing import Decoded
from ingest.settings import Broker, IngestSettings, Subscription
from ingest.settling import batch
from twin import db, observations
from twin.copying import copy_in

BATCH = 5_000
WINDOW = 20_000
IDLE_S = 0.05  # the tutorial's worker commits what it has when nothing came for so long


@dataclass(frozen=True, slots=True)
class Job:
    """Where the broker and the database are; `group` shares the messages, `notes` takes the latencies."""

    url: str
    port: int
    username: str
    password: str
    group: str | None = None
    notes: str = ""

    @property
    def settings(self) -> IngestSettings:
        """The settings of linli's worker: its defaults."""
        subscriptions = (Subscription(filter="senml/#", decoder="senml"),)
        made = IngestSettings(subscriptions=subscriptions, group=self.group, broker=Broker(session_expiry_s=600))
        return made.at("127.0.0.1", self.port, self.username, self.password)


class CopyOnly(Pipeline):
    """linli's worker, that stores with a bare COPY and nothing else: no latest, marks, effects, account, announcement."""

    def _commit(self, decoded: list[Decoded]) -> None:
        rows = batch(self._sift(decoded), datetime.now(UTC))
        packed = observations._packed(rows, observations.ROW)  # noqa: SLF001 - the very COPY of `record`
        with self._transaction() as connection:
            copy_in(connection, "observation (time, datastream_id, value)", packed)


class ReadOnly(Pipeline):
    """linli's worker without a database: it reads, decodes, sifts and acknowledges."""

    def _commit(self, decoded: list[Decoded]) -> None:
        self._sift(decoded)
        with self._transaction() as connection:
            connection.exec_driver_sql(f"INSERT INTO bench_read VALUES ({len(decoded)})")  # how far it is


class Clocked(Pipeline):
    """linli's worker, that notes how long after its publishing each message was committed [s]."""

    noted: list[np.ndarray[Any, np.dtype[np.float64]]]

    def _commit(self, decoded: list[Decoded]) -> None:
        super()._commit(decoded)
        now_us = time.time() * 1e6
        published_us = np.array([one.readings[0].time_us for one in decoded if one.readings], np.float64)
        self.noted.append((now_us - published_us) / 1e6)


def linli(job: Job) -> None:
    """Run linli's worker as `linli ingest` does."""
    worker.run(job.settings, job.url)


def linli_stock(job: Job) -> None:
    """Run linli's worker on stock paho."""
    worker.run(job.settings.model_copy(update={"bulk_reader": False}), job.url)


def copy_only(job: Job) -> None:
    """Run linli's worker with nothing but COPY."""
    _run(CopyOnly, job)


def read_only(job: Job) -> None:
    """Run linli's worker without a database's part."""
    _run(ReadOnly, job)


def clocked(job: Job) -> None:
    """Run linli's worker and write the latencies at the end."""
    Clocked.noted = []
    _run(Clocked, job)
    np.save(job.notes, np.concatenate(Clocked.noted or [np.empty(0)]))


def _run(kind: type[Pipeline], job: Job) -> None:
    stop = stopping()
    worker.prepare()
    with db.opened(job.url) as engine:
        kind(job.settings, engine, stop).run(Session(job.settings))


def stopping() -> threading.Event:
    """Give an event that SIGTERM sets."""
    stop = threading.Event()

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, told)
    return stop


INSERT = """
WITH stored AS (
    INSERT INTO observation (time, datastream_id, value)
    SELECT to_timestamp(t), d, v FROM unnest(%s::float8[], %s::int[], %s::float8[]) AS r(t, d, v)
    ON CONFLICT DO NOTHING RETURNING datastream_id, time, value)
INSERT INTO latest SELECT DISTINCT ON (datastream_id) datastream_id, time, value, now() FROM stored
 ORDER BY datastream_id, time DESC
ON CONFLICT (datastream_id) DO UPDATE SET time = excluded.time, value = excluded.value WHERE excluded.time > latest.time
"""


class Tutorial:
    """What tutorials do, with care: stock paho 5, json, one INSERT a batch, acknowledged after the commit."""

    def __init__(self, job: Job) -> None:
        self._held: list[tuple[int, float, int, float]] = []
        self._connection = psycopg.connect(job.url)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=job.username, protocol=MQTTv5, manual_ack=True)
        self._client.username_pw_set(job.username, job.password)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe("senml/#", qos=1)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 600
        properties.ReceiveMaximum = WINDOW
        self._client.connect("127.0.0.1", job.port, clean_start=False, properties=properties)

    def run(self, stop: threading.Event) -> None:
        """Work until the stop; what is held is committed when nothing came for a while."""
        while not stop.is_set():
            before = len(self._held)
            self._client.loop(IDLE_S)
            if self._held and len(self._held) == before:
                self._commit()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        (record,) = json.loads(message.payload)
        self._held.append((message.mid, record["t"], int(record["bn"][7:-1]), record["v"]))
        if len(self._held) == BATCH:
            self._commit()

    def _commit(self) -> None:
        mids, times, streams, values = (list(column) for column in zip(*self._held, strict=True))
        self._connection.execute(INSERT, (times, streams, values))
        self._connection.commit()
        for mid in mids:
            self._client.ack(mid, 1)
        self._held.clear()


def paho(job: Job) -> None:
    """Run the tutorial's worker."""
    Tutorial(job).run(stopping())


KINDS = {
    "linli": linli,
    "linli on stock paho": linli_stock,
    "linli, COPY only": copy_only,
    "linli, reading only": read_only,
    "clocked": clocked,
    "stock paho": paho,
}


if __name__ == "__main__":
    KINDS[sys.argv[1]](Job(**json.loads(sys.argv[2])))
