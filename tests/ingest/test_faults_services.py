"""Broker and database are killed, frozen and restarted under load: what is lost is what was promised, at most."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy import mosquitto, postgres, rootfs
from deploy import services as running
from deploy.settings import ServiceSettings
from ingest.pipeline import LONGEST_WAIT_S
from tests import sensors
from tests.load import THINGS, Load, assert_settled, settled
from tests.workplace import Devices, Workplace, stored, wait_until
from twin import db
from twin.db import Engine

RATE = 300  # messages a second
FROZEN_S = 8.0
CATCH_UP_S = 5.0
LOST_AT_A_KILL = 10  # of a broker, for what it had acknowledged and not yet written
LOST_S = 2.0  # of a broker killed while nobody takes its messages

pytestmark = pytest.mark.slow_fault


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceSettings]:
    """Services of one test alone, for it kills them."""
    settings = ServiceSettings(data=tmp_path_factory.mktemp("own"), engine="embedded", profile="small")
    services = running.up(settings)
    db.migrate(services.database_url)
    with db.opened(services.database_url) as engine, engine.begin() as connection:
        sensors.devices(connection, THINGS)
    yield settings
    running.down(settings)


def broker_of(own: ServiceSettings) -> mosquitto.Server:
    return mosquitto.Server(rootfs.path(own.cache), own.data / "broker", own.profile)


def database_of(own: ServiceSettings) -> postgres.Server:
    return postgres.Server(rootfs.path(own.cache), own.data / "database", own.profile)


def processes_of(own: ServiceSettings, name: str) -> list[int]:
    """The broker, or the database's first process and all its children."""
    first = broker_pid(own) if name == "broker" else postgres.pid(database_of(own))
    assert first is not None
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    parents = {int(text.split()[0]): int(text.rpartition(")")[2].split()[1]) for text in stats}
    return [first, *(pid for pid, parent in parents.items() if parent == first)]


def broker_pid(own: ServiceSettings) -> int | None:
    return mosquitto.pid(broker_of(own))


def kill(own: ServiceSettings, name: str, how: signal.Signals = signal.SIGKILL) -> None:
    """Kill all at once, and wait until they are gone."""
    pids = processes_of(own, name)
    for pid in pids if how is signal.SIGKILL else pids[:1]:
        os.kill(pid, how)
    is_gone = (
        (lambda: broker_pid(own) is None) if name == "broker" else (lambda: postgres.pid(database_of(own)) is None)
    )
    wait_until(is_gone)


def killed(own: ServiceSettings, name: str, times: int, how: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    def harm() -> None:
        for _ in range(times):
            kill(own, name, how)
            running.up(own)
            time.sleep(2)

    return harm


def frozen(own: ServiceSettings, name: str) -> Callable[[], None]:
    def harm() -> None:
        pids = processes_of(own, name)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(FROZEN_S)
        for pid in reversed(pids):
            os.kill(pid, signal.SIGCONT)

    return harm


@contextmanager
def harmed(own: ServiceSettings, harm: Callable[[], None]) -> Iterator[tuple[Engine, list[tuple[str, float]]]]:
    """Run a worker under load while something is harmed; give the database and what was sent."""
    workplace = Workplace(running.find(own), running.find(own).database_url)
    with (
        db.opened(workplace.database) as engine,
        Devices(workplace.services) as city,
        workplace.working(workplace.settings()),
    ):
        load = Load(city, RATE)
        load.start()
        try:
            wait_until(lambda: settled(engine) > 2 * RATE)
            harm()
        finally:
            sent = load.finish()
        yield engine, sent


CASES: dict[str, Callable[[ServiceSettings], Callable[[], None]]] = {
    "database stopped at once": lambda own: killed(own, "database", 3, signal.SIGQUIT),
    "database killed": lambda own: killed(own, "database", 2),
    "broker stopped": lambda own: killed(own, "broker", 2, signal.SIGTERM),
    "broker frozen": lambda own: frozen(own, "broker"),
    "database frozen": lambda own: frozen(own, "database"),
}


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_lost_and_nothing_stored_twice(own: ServiceSettings, case: str) -> None:
    with harmed(own, CASES[case](own)) as (engine, sent):
        assert_settled(engine, sent, CATCH_UP_S + 5)


def lost(engine: Engine, sent: list[tuple[str, float]]) -> int:
    """How many of those sent are not stored when nothing more comes; what is stored was sent, and is there once."""
    before = -1
    while before != (before := settled(engine)):
        time.sleep(LONGEST_WAIT_S + 1)  # a worker that had no database asks again by then
    found = stored(engine)
    assert len(set(found)) == len(found)
    assert set(found) <= set(sent)
    return len(sent) - len(found)


def test_a_broker_killed_again_and_again_loses_a_handful_at_most(own: ServiceSettings) -> None:
    with harmed(own, killed(own, "broker", 3)) as (engine, sent):
        assert lost(engine, sent) <= LOST_AT_A_KILL


def test_a_broker_killed_while_there_is_no_database_loses_two_seconds_at_most(own: ServiceSettings) -> None:
    def harm() -> None:
        postgres.halt(database_of(own))
        time.sleep(3)
        kill(own, "broker")
        running.up(own)

    with harmed(own, harm) as (engine, sent):
        assert lost(engine, sent) <= RATE * LOST_S
