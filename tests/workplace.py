"""Devices that publish and workers that ingest, for the tests on the real broker and database."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.services import Services
from ingest.mqtt import Session
from ingest.pipeline import Pipeline
from ingest.settings import Broker, IngestSettings, Subscription
from twin import db
from twin.db import Engine

CHECKOUT = Path(__file__).resolve().parents[1]
WORKERS = itertools.count(1)
SUBSCRIPTIONS = (
    Subscription(filter="application/+/device/+/event/+", decoder="chirpstack"),
    Subscription(filter="zigbee2mqtt/#", decoder="zigbee2mqtt"),
    Subscription(filter="senml/#", decoder="senml"),
    Subscription(filter="city/#", decoder="mapped", mapping=CHECKOUT / "tests/golden/city.toml"),
    Subscription(filter="stray/#", decoder="senml"),
)


class Devices:
    """A publisher of QoS 1 that counts what the broker has taken."""

    def __init__(self, services: Services, name: str = "city") -> None:
        services.broker.grant(name, write=["#"])
        username, password = services.broker.credentials(name)
        self._moved = threading.Condition()
        self._sent = self._taken = 0
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=username, clean_session=False)
        self._client.max_queued_messages_set(0)
        self._client.max_inflight_messages_set(1_000)
        self._client.username_pw_set(username, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._client.connect(services.broker.host, services.broker.port)
        self._client.loop_start()

    def send(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Hand a message over; it arrives in its own time."""
        self._sent += 1
        self._client.publish(topic, payload, qos=1, retain=retain)

    def drain(self, timeout_s: float = 60) -> None:
        """Wait until the broker has acknowledged everything."""
        with self._moved:
            assert self._moved.wait_for(lambda: self._taken == self._sent, timeout_s), (self._taken, self._sent)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _on_publish(self, *_: object) -> None:
        with self._moved:
            self._taken += 1
            self._moved.notify_all()


@dataclass(frozen=True, slots=True)
class Workplace:
    """What a worker needs: where the broker and the database are."""

    services: Services
    database: str

    def settings(self, name: str | None = None, **changes: object) -> IngestSettings:
        """Settings of a worker with an account of its own, so that it finds no session of an earlier test."""
        username, password = self.services.broker.credentials(name or f"ingest-{next(WORKERS)}")
        made = IngestSettings(subscriptions=SUBSCRIPTIONS, broker=Broker(session_expiry_s=60, **changes))
        return made.at(self.services.broker.host, self.services.broker.port, username, password)

    @contextmanager
    def working(self, settings: IngestSettings) -> Iterator[Session]:
        """Run a worker in a thread of this process."""
        stop = threading.Event()
        session = Session(settings)
        with db.opened(self.database) as engine:
            thread = threading.Thread(target=Pipeline(settings, engine, stop).run, args=(session,))
            thread.start()
            try:
                wait_until(lambda: session.is_connected)
                yield session
            finally:
                stop.set()
                thread.join(30)
                assert not thread.is_alive()

    def process(self, settings: IngestSettings, within: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start `linli ingest` as a process of its own, by a command that runs it elsewhere where one is given."""
        broker = settings.broker
        assert broker.password is not None
        secret = broker.password.get_secret_value()
        environment = os.environ | {
            "LINLI_SERVICES__DATABASE_URL": self.database,
            "LINLI_SERVICES__BROKER_URL": f"mqtt://{broker.username}:{secret}@{broker.host}:{broker.port}",
            "LINLI_INGEST__SUBSCRIPTIONS": "["
            + ",".join(one.model_dump_json() for one in settings.subscriptions)
            + "]",
            "LINLI_INGEST__BATCH_MESSAGES": str(settings.batch_messages),
        }
        if settings.group:
            environment["LINLI_INGEST__GROUP"] = settings.group
        return subprocess.Popen([*within, sys.executable, "-m", "linli", "ingest"], cwd=CHECKOUT, env=environment)


def wait_until(holds: Callable[[], bool], timeout_s: float = 20) -> None:
    """Wait until a condition holds, or fail."""
    end_s = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < end_s, f"not within {timeout_s} s"
        time.sleep(0.02)


def senml(device: int, at: float, value: float) -> bytes:
    """One temperature [Cel] of `device-N` in SenML, `at` in seconds since 1970."""
    return json.dumps([{"bn": f"device-{device}:", "n": "temperature", "u": "Cel", "t": at, "v": value}]).encode()


def stored(engine: Engine) -> list[tuple[str, float]]:
    """All observations as (thing key, value)."""
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("""
            SELECT t.key, o.value FROM observation o JOIN datastream d ON d.id = o.datastream_id
              JOIN thing t ON t.id = d.thing_id ORDER BY t.key, o.time
            """)
        )
        return [(row.key, row.value) for row in rows]
