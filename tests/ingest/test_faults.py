"""Broker and database stop for ten seconds under load: nothing is lost, nothing is stored twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from deploy import mosquitto, postgres, rootfs
from deploy import services as running
from deploy.settings import ServiceSettings
from tests import sensors
from tests.load import THINGS, Load
from tests.workplace import Devices, Workplace, stored, wait_until
from twin import account, db

RATE = 300  # messages a second
OUTAGE_S = 10.0

pytestmark = pytest.mark.fault


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceSettings]:
    """Services of one test alone, for it stops them."""
    settings = ServiceSettings(data=tmp_path_factory.mktemp("own"), engine="embedded", profile="small")
    services = running.up(settings)
    db.migrate(services.database_url)
    with db.opened(services.database_url) as engine, engine.begin() as connection:
        sensors.devices(connection, THINGS)
    yield settings
    running.down(settings)


def survives(own: ServiceSettings, halt: Callable[[], None]) -> None:
    """Run a worker under load while something is halted for OUTAGE_S, and compare what was sent with what is stored."""
    workplace = Workplace(running.find(own), running.find(own).database_url)
    with db.opened(workplace.database) as engine, Devices(workplace.services) as city:
        with workplace.working(workplace.settings()) as session:
            load = Load(city, RATE)
            load.start()
            wait_until(lambda: len(stored(engine)) > RATE)
            halt()
            time.sleep(OUTAGE_S)
            assert session.waiting < RATE * OUTAGE_S * 2
            running.up(own)
            time.sleep(1)
            sent = load.finish()
            assert len(sent) > RATE * OUTAGE_S
            wait_until(lambda: len(stored(engine)) >= len(sent))
        assert stored(engine) == sent
        with engine.connect() as connection:
            total = account.total(connection)
            assert (total.stored, total.quarantined) == (len(sent), 0)
            newest = connection.scalar(sa.text("SELECT max(value) FROM latest"))
            assert newest == len(sent) - 1


def test_a_database_stopped_for_ten_seconds_costs_nothing(own: ServiceSettings) -> None:
    server = postgres.Server(rootfs.path(own.cache), own.data / "database", own.profile)
    survives(own, lambda: postgres.halt(server))


def test_a_broker_stopped_for_ten_seconds_costs_nothing(own: ServiceSettings) -> None:
    server = mosquitto.Server(rootfs.path(own.cache), own.data / "broker", own.profile)
    survives(own, lambda: mosquitto.halt(server))
