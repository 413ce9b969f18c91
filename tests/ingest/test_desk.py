"""A running worker reads by a mapping from the moment it is saved, and tries again what is asked for; nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from deploy.services import Services
from ingest import worker
from tests import sensors
from tests.workplace import Devices, Workplace, stored, wait_until
from twin import account, db, mappings, quarantine, retries
from twin.acting import acting
from twin.db import Engine

AT = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
MAPPING = """topic = "linli/v1/{device}/up/state"
thing_key = "{device}"
time = { path = "$.ts", format = "epoch_s" }
points = [{ property = "temperature", path = "$.climate.temperature" }]
"""


@pytest.fixture
def engine(services: Services, database: str) -> Iterator[Engine]:
    """The twin of a worker that runs."""
    workplace, stop = Workplace(services, database), threading.Event()
    with db.opened(database) as engine:
        with engine.begin() as connection:
            sensors.community(connection)
            for number in (7, 8):
                sensors.stream(connection, f"yard-{number}", "temperature", "Cel")
            connection.execute(sa.text("UPDATE thing SET format = 'mapped', topic = 'linli/v1/' || key || '/up/state'"))
        thread = threading.Thread(target=worker.work, args=(workplace.settings(), engine, stop))
        thread.start()
        with Devices(services, "prober") as devices:
            wait_until(lambda: heard(devices, engine))
        yield engine
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def heard(devices: Devices, engine: Engine) -> bool:
    """Whether the worker has subscribed: until then nothing is kept for it."""
    devices.send("linli/v1/probe/up/state", b"?")
    with engine.connect() as connection:
        return bool(quarantine.kept(connection))


def set_aside(engine: Engine) -> list[str]:
    """Give the reasons for what of the yards is set aside."""
    with engine.connect() as connection:
        return [row.reason_code for row in quarantine.kept(connection) if "yard" in row.topic]


def reads_again(devices: Devices, engine: Engine, second: int) -> bool:
    say(devices, 7, second)
    return bool(stored(engine))


def sets_aside_again(devices: Devices, engine: Engine, second: int) -> bool:
    say(devices, 8, second)
    return "no_decoder" in set_aside(engine)


def say(devices: Devices, number: int, second: int) -> None:
    body = {"ts": round(AT.timestamp()) + second, "climate": {"temperature": second}}
    devices.send(f"linli/v1/yard-{number}/up/state", json.dumps(body))


def test_a_mapping_is_read_by_at_once_and_what_waited_is_stored_with_its_own_time(
    services: Services, engine: Engine
) -> None:
    with Devices(services) as devices:
        say(devices, 7, 1)
        say(devices, 8, 2)
        wait_until(lambda: set_aside(engine) == ["no_decoder"] * 2)
        with engine.begin() as connection:
            acting(connection, "integrator", "new gauges")
            mapping = mappings.add(connection, "yards", MAPPING, enabled=True)
        wait_until(lambda: reads_again(devices, engine, 3))  # heard and read, without a restart
        with engine.begin() as connection:
            job = retries.ask(connection, "integrator", reason_code="no_decoder")
        wait_until(lambda: done(engine, job) is not None)
        assert sorted(set(stored(engine))) == [("yard-7", 1.0), ("yard-7", 3.0), ("yard-8", 2.0)]
        assert times(engine) == {1, 2, 3}
        with engine.begin() as connection:
            acting(connection, "integrator", "wrong after all")
            mappings.remove(connection, mapping)
        wait_until(lambda: sets_aside_again(devices, engine, 9))
    with engine.connect() as connection:
        assert account.balance(connection).is_true


def test_what_cannot_be_tried_again_is_said_and_the_rest_goes_on(services: Services, engine: Engine) -> None:
    with Devices(services) as devices:
        devices.send("linli/v1/yard-7/up/state", b"\xff")
        say(devices, 7, 1)
        wait_until(lambda: len(set_aside(engine)) == 2)
    with engine.begin() as connection:
        acting(connection, "integrator", "new gauges")
        mappings.add(connection, "yards", MAPPING, enabled=True)
        job = retries.ask(connection, "integrator", topic="linli/v1/yard-7/up/state")
    wait_until(lambda: done(engine, job) is not None)
    with engine.connect() as connection:
        found = retries.get(connection, job)
    assert (found.tried, found.stored, found.refused, found.why[:9]) == (2, 1, 1, "not UTF-8"), found
    assert stored(engine) == [("yard-7", 1.0)]


def done(engine: Engine, job: int) -> datetime | None:
    with engine.connect() as connection:
        return retries.get(connection, job).ended_at


def times(engine: Engine) -> set[int]:
    """Seconds after AT of what is stored."""
    with engine.connect() as connection:
        return {round((at - AT).total_seconds()) for at in connection.scalars(sa.text("SELECT time FROM observation"))}
