"""Drain a backlog with linli's worker and with stock paho, on one broker and database, in one run; then measure latency.

    python -m bench.ingest [MESSAGES]

Prints messages a second and CPU microseconds a message of the worker process, the ratios, and the time from publishing
to the announcement of the commit at 1,000 messages a second.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Self

import numpy as np
import psycopg
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy import services as running
from deploy.services import Services
from deploy.settings import ServiceSettings
from ingest.mqtt import Session
from ingest.pipeline import Pipeline
from ingest.settings import Broker, IngestSettings, Subscription
from tests import sensors
from twin import account, changes, db

DEVICES = 1_000
BATCH = 5_000
WINDOW = 20_000
ROUNDS = 3
RATE = 1_000
LATENCY_S = 20
SUBSCRIBE_S = 1.0
UNDER_WAY = 500  # of a publisher: paho looks at every message under way for each acknowledgement


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker has to do: drain so many messages from its account's session into a database."""

    url: str
    port: int
    username: str
    password: str
    messages: int

    @property
    def settings(self) -> IngestSettings:
        """The settings of linli's worker for it."""
        subscriptions = (Subscription(filter="senml/#", decoder="senml"),)
        made = IngestSettings(subscriptions=subscriptions, batch_messages=BATCH, broker=Broker(receive_maximum=WINDOW))
        return made.at("127.0.0.1", self.port, self.username, self.password)


Worker = Callable[[Job], None]


def main() -> None:
    """Run the rounds, alternating the workers so that a busy machine hits all alike."""
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        settings = ServiceSettings(data=Path(folder), engine="embedded", profile="machine")
        services = running.up(settings)
        try:
            db.migrate(services.database_url)
            with db.opened(services.database_url) as engine, engine.begin() as connection:
                sensors.devices(connection, DEVICES)
            compare(services, messages)
            latency(services)
        finally:
            running.down(settings)


def compare(services: Services, messages: int) -> None:
    """Drain the same backlog with each worker, ROUNDS times, and print the medians."""
    workers: dict[str, Worker] = {"linli": linli, "linli, stock paho": linli_stock, "paho, row batches": tutorial}
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in workers}
    for turn in range(ROUNDS):
        for number, (name, worker) in enumerate(workers.items()):
            found = drain(services, worker, f"ingest-{turn * 10 + number + 1}", messages)
            rates[name].append(found)
            print(
                f"{name:<20} {messages / found[0]:>9,.0f} messages/s {found[1] / messages * 1e6:>6.1f} µs CPU",
                flush=True,
            )
    median = {name: np.median(np.array(found), axis=0) for name, found in rates.items()}
    for name, (wall_s, cpu_s) in median.items():
        times, cpu = wall_s / median["linli"][0], cpu_s / median["linli"][1]
        print(
            f"median {name:<20} {messages / wall_s:>9,.0f} messages/s; linli: {times:.1f} × as fast, {cpu:.1f} × less CPU"
        )


def drain(services: Services, worker: Worker, name: str, messages: int) -> tuple[float, float]:
    """Fill a session's queue, let a worker empty it; give its wall and CPU seconds from connection to last commit."""
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute("TRUNCATE observation, latest, account, quarantine, observation_dirty")
    job = Job(services.database_url, services.broker.port, *services.broker.credentials(name), messages)
    subscribe(job)
    publish(services, messages)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=measured, args=(worker, job, sender))
    process.start()
    answer: tuple[float, float] = receiver.recv()
    process.join()
    forget(job)
    return answer


def measured(worker: Worker, job: Job, sender: Pipe) -> None:
    """Run a worker in this process and send its wall and CPU seconds."""
    begin, begin_cpu = time.perf_counter(), time.process_time()
    worker(job)
    sender.send((time.perf_counter() - begin, time.process_time() - begin_cpu))


def subscribe(job: Job) -> None:
    """Make the session that the broker fills while its worker is away."""
    session = Session(job.settings)
    end = time.monotonic() + SUBSCRIBE_S
    while time.monotonic() < end:
        session.poll(0.1)
    session.close()


def forget(job: Job) -> None:
    """Remove the session, or the broker fills it for the rest of the run."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=job.username, clean_session=True)
    client.username_pw_set(job.username, job.password)
    client.connect("127.0.0.1", job.port)
    while not client.is_connected():
        client.loop(0.1)
    client.disconnect()


def publish(services: Services, messages: int) -> None:
    """Publish one reading each of DEVICES devices in turn, and wait until the broker has them all."""
    with Sender(services) as sender:
        start_s = time.time() - messages / DEVICES
        for number in range(messages):
            sender.send(number % DEVICES + 1, start_s + number // DEVICES, number)


class Sender:
    """A publisher of QoS 1."""

    def __init__(self, services: Services) -> None:
        services.broker.grant("bench", write=["senml/#"])
        username, password = services.broker.credentials("bench")
        self._room = threading.Semaphore(UNDER_WAY)
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=username)
        self._client.max_inflight_messages_set(UNDER_WAY)
        self._client.username_pw_set(username, password)
        self._client.on_publish = lambda *_: self._room.release()
        self._client.connect(services.broker.host, services.broker.port)
        self._client.loop_start()

    def send(self, device: int, at: float, value: float) -> None:
        """Hand over a reading, and wait while too many are under way."""
        pack = f'[{{"bn":"device-{device}:","n":"temperature","u":"Cel","t":{at},"v":{value}}}]'
        self._room.acquire()
        self._client.publish(f"senml/{device}", pack, qos=1)

    def __enter__(self) -> Self:
        """Be a context that ends when the broker has everything."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the broker and disconnect."""
        for _taken in range(UNDER_WAY):
            self._room.acquire()
        self._client.disconnect()
        self._client.loop_stop()


def linli(job: Job) -> None:
    """Run linli's worker until its messages are in."""
    work(job, job.settings)


def linli_stock(job: Job) -> None:
    """Run linli's worker on stock paho."""
    work(job, job.settings.model_copy(update={"bulk_reader": False}))


def work(job: Job, settings: IngestSettings) -> None:
    """Run a pipeline until the account says that all is in."""
    stop = threading.Event()
    with db.opened(job.url) as engine, db.opened(job.url) as watching:

        def watch() -> None:
            while not stop.wait(0.05):
                with watching.connect() as connection:
                    if account.total(connection).received >= job.messages:
                        stop.set()

        threading.Thread(target=watch, daemon=True).start()
        Pipeline(settings, engine, stop).run(Session(settings))


INSERT = """
WITH stored AS (
    INSERT INTO observation (time, datastream_id, value)
    SELECT to_timestamp(t), d, v FROM unnest(%s::float8[], %s::int[], %s::float8[]) AS r(t, d, v)
    ON CONFLICT DO NOTHING RETURNING datastream_id, time, value)
INSERT INTO latest SELECT DISTINCT ON (datastream_id) datastream_id, time, value, now() FROM stored
 ORDER BY datastream_id, time DESC
ON CONFLICT (datastream_id) DO UPDATE SET time = excluded.time, value = excluded.value WHERE excluded.time > latest.time
"""


def tutorial(job: Job) -> None:
    """Do what tutorials do, with care: stock paho 5, json, one INSERT a batch, acknowledged after the commit."""
    held: list[tuple[int, float, int, float]] = []
    done = 0

    def on_message(client: Client, _: Any, message: MQTTMessage) -> None:
        nonlocal done
        (record,) = json.loads(message.payload)
        held.append((message.mid, record["t"], int(record["bn"][7:-1]), record["v"]))
        if len(held) < BATCH and done + len(held) < job.messages:
            return
        mids, times, streams, values = (list(column) for column in zip(*held, strict=True))
        connection.execute(INSERT, (times, streams, values))
        connection.commit()
        for mid in mids:
            client.ack(mid, 1)
        done += len(held)
        held.clear()

    client = Client(CallbackAPIVersion.VERSION2, client_id=job.username, protocol=MQTTv5, manual_ack=True)
    client.username_pw_set(job.username, job.password)
    client.on_message = on_message
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3_600
    properties.ReceiveMaximum = WINDOW
    with psycopg.connect(job.url) as connection:
        client.connect("127.0.0.1", job.port, clean_start=False, properties=properties)
        while done < job.messages:
            client.loop(1.0)
        client.disconnect()


def latency(services: Services) -> None:
    """Publish RATE messages a second, each device once a second, and time until its commit is announced."""
    job = Job(services.database_url, services.broker.port, *services.broker.credentials("ingest-99"), sys.maxsize)
    stop = threading.Event()
    process = multiprocessing.Process(target=linli, args=(job,))
    process.start()
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        keys = "SELECT d.id, t.key FROM datastream d JOIN thing t ON t.id = d.thing_id"
        ids: dict[int, str] = {row[0]: row[1] for row in connection.execute(keys)}
    sent: dict[int, float] = {}
    waits: list[float] = []

    def hear() -> None:
        for change in changes.listen(services.database_url, timeout_s=0.5):
            now = time.time()
            if stop.is_set():
                return
            if change is not None and change.kind == "latest":
                for one in change.fields["ids"]:
                    device = int(ids[one].removeprefix("device-"))
                    if device in sent:
                        waits.append(now - sent.pop(device))

    hearing = threading.Thread(target=hear)
    hearing.start()
    time.sleep(3)
    with Sender(services) as sender:
        begin = time.time()
        for number in range(RATE * LATENCY_S):
            time.sleep(max(0.0, begin + number / RATE - time.time()))
            device = number % DEVICES + 1
            sent[device] = time.time()
            sender.send(device, sent[device], number)
    time.sleep(1)
    stop.set()
    process.terminate()
    process.join()
    hearing.join()
    middle, late = np.percentile(np.array(waits[RATE:]) * 1_000, [50, 99])
    print(
        f"at {RATE:,} messages/s, published → committed: p50 {middle:.1f} ms, p99 {late:.1f} ms ({len(waits):,} heard)"
    )


if __name__ == "__main__":
    main()
