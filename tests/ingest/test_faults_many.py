"""Much at once: retained messages, reconnections, a backlog; and devices whose messages change. Each one is accounted for."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy import accounts, mosquitto, state
from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from tests.ingest.test_faults_services import broker_of, broker_pid, own  # noqa: F401 - a fixture
from tests.load import THINGS, settled
from tests.rawmqtt import ACCEPTED, login, pour, publication
from tests.workplace import Devices, Workplace, senml, stored, wait_until
from twin import account, alarms, db
from twin.db import Engine

RETAINED = 100_000
BACKLOG, BACKLOG_BYTES = 60_000, 2_000
BROKER_MB = 300
STORM = 2_000
LINGERS_S = 120


def total(engine: Engine) -> account.Tally:
    with engine.connect() as connection:
        return account.total(connection)


def set_aside(engine: Engine) -> dict[str, int]:
    """How much is set aside, by reason code."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT reason_code, sum(count)::int FROM quarantine GROUP BY 1"))
        return {code: count for code, count in rows}  # noqa: C416 - rows are no pairs


@pytest.mark.slow_fault
def test_a_hundred_thousand_old_retained_messages_are_counted_and_ignored(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    old_s = time.time() - 3_600
    said = (
        (f"senml/{number}", senml(number % THINGS + 1, old_s + number / 1_000, number)) for number in range(RETAINED)
    )
    pour(workplace.services, said, retain=True)
    try:
        with workplace.working(workplace.settings()):
            city.send("senml/now", senml(1, time.time(), -1))
            wait_until(lambda: total(engine).messages == RETAINED + 1, 60)
        assert stored(engine) == [("device-1", -1.0)]
        assert total(engine) == account.Tally(messages=RETAINED + 1, stored=1)
    finally:
        pour(workplace.services, ((f"senml/{number}", b"") for number in range(RETAINED)), retain=True)


@pytest.mark.slow_fault
def test_a_backlog_of_large_messages_waits_at_the_broker_and_is_all_delivered(own: ServiceSettings) -> None:  # noqa: F811
    workplace = Workplace(running.find(own), running.find(own).database_url)
    settings = workplace.settings()
    start_s = time.time() - BACKLOG / THINGS

    def large(number: int) -> tuple[str, bytes]:
        payload = senml(number % THINGS + 1, start_s + number / THINGS, number)
        return f"senml/{number % THINGS}", payload.ljust(BACKLOG_BYTES)

    with db.opened(workplace.database) as engine:
        with workplace.working(settings):
            pass  # makes the session
        pour(workplace.services, map(large, range(BACKLOG)))
        assert resident_mb(broker_pid(own)) < BROKER_MB
        with workplace.working(settings):
            wait_until(lambda: settled(engine) == BACKLOG, LINGERS_S)
        assert len(stored(engine)) == BACKLOG
        assert sorted(value for _, value in stored(engine)) == [float(number) for number in range(BACKLOG)]
        assert total(engine) == account.Tally(messages=BACKLOG, stored=BACKLOG)


def resident_mb(pid: int | None) -> float:
    """The memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1_024


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process and the services that it starts have two thousand connections each."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(before[0], min(before[1], 4 * STORM))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def enrol(own: ServiceSettings, count: int) -> list[tuple[str, str]]:  # noqa: F811
    """Give so many devices accounts at the broker, in one step."""
    names = [f"device-{number}" for number in range(1, count + 1)]
    with state.held(own.data):
        known = state.read(own.data)
        assert known is not None
        for name in names:
            known.accounts[name] = accounts.granted(accounts.create(name), read=[], write=[f"senml/{name}"])
        running._publish(own, known)
        return [(name, known.accounts[name].password) for name in names]


class Raw:
    """One device with nothing but a socket."""

    def __init__(self, name: str, password: str, number: int) -> None:
        payload = senml(number % THINGS + 1, time.time() - number / THINGS, number)
        self._login, self._said = login(name, password), publication(f"senml/{name}", payload, 6)

    async def connect(self, port: int) -> None:
        """Connect again and again until the broker lets it in."""
        while True:
            try:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                self._writer.write(self._login)
                if await self._reader.readexactly(4) in ACCEPTED:
                    return
                self._writer.close()
            except (OSError, EOFError):
                await asyncio.sleep(0.05)

    async def lost(self) -> None:
        """Wait until the broker has gone."""
        with suppress(OSError):
            await self._reader.read()
        self._writer.close()

    async def say(self) -> None:
        """Publish once and wait for the acknowledgement."""
        self._writer.write(self._said)
        assert await self._reader.readexactly(4) == b"\x40\x02\x00\x07"
        self._writer.close()


@pytest.mark.slow_fault
def test_two_thousand_devices_that_reconnect_at_once_lose_nothing(
    many_files: None,
    own: ServiceSettings,  # noqa: F811
) -> None:
    workplace = Workplace(running.find(own), running.find(own).database_url)
    devices = [Raw(name, word, number) for number, (name, word) in enumerate(enrol(own, STORM))]
    port = workplace.services.broker.port

    async def storm() -> None:
        await asyncio.gather(*(one.connect(port) for one in devices))
        gone = asyncio.gather(*(one.lost() for one in devices))
        await asyncio.to_thread(mosquitto.halt, broker_of(own))
        await gone
        await asyncio.to_thread(running.up, own)
        await asyncio.gather(*(one.connect(port) for one in devices))
        await asyncio.gather(*(one.say() for one in devices))

    with db.opened(workplace.database) as engine, workplace.working(workplace.settings()):
        asyncio.run(asyncio.wait_for(storm(), LINGERS_S))
        wait_until(lambda: settled(engine) == STORM, LINGERS_S)
        assert sorted(value for _, value in stored(engine)) == [float(number) for number in range(STORM)]
        assert total(engine) == account.Tally(messages=STORM, stored=STORM)


DRIFTS: dict[str, tuple[str, str, str]] = {
    "renamed": ("1", '{"bn":"device-1:","n":"temp","u":"Cel","v":21}', "unknown_property"),
    "another unit": ("2", '{"bn":"device-2:","n":"temperature","u":"kPa","v":101}', "wrong_unit"),
    "a string for a number": ("3", '{"bn":"device-3:","n":"temperature","u":"Cel","vs":"21"}', "not_a_number"),
    "a quoted number": ("4", '{"bn":"device-4:","n":"temperature","u":"Cel","v":"21"}', "wrong_shape"),
    "an object for an array": ("5", '"device-5 21.0"', "wrong_shape"),
}


@pytest.mark.fault
def test_what_changes_its_shape_is_set_aside_and_never_a_wrong_number(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, len(DRIFTS) + 1)
    start_s, sent = time.time() - 60, []
    with workplace.working(workplace.settings()):
        for number in range(20):
            for device in range(1, len(DRIFTS) + 2):
                city.send(f"senml/{device}", senml(device, start_s + number, number))
                sent.append((f"device-{device}", float(number)))
        city.drain()
        wait_until(lambda: settled(engine) == len(sent))
        for name, drifted, _ in DRIFTS.values():
            for _ in range(10):
                city.send(f"senml/{name}", f"[{drifted}]")
        for number in range(20, 40):
            city.send("senml/6", senml(6, start_s + number, number))
            sent.append(("device-6", float(number)))
        wait_until(lambda: total(engine).received == len(sent) + 10 * len(DRIFTS))
    assert stored(engine) == sorted(sent)
    codes = [code for _, _, code in DRIFTS.values()]
    assert set_aside(engine) == {code: 10 * codes.count(code) for code in codes}
    assert total(engine) == account.Tally(
        messages=len(sent) + 10 * len(DRIFTS), stored=len(sent), quarantined=10 * len(DRIFTS)
    )
    with engine.connect() as connection:
        place_id = connection.scalars(sa.text("SELECT id FROM place")).one()
        named = {alarm.detail["key"] for alarm in alarms.now(connection, place_id) if alarm.kind == "wrong_unit"}
    assert named == {"device-2"}
