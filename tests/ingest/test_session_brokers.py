"""One worker reads several brokers; what comes by each is accounted for, and one that is away delays no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from pydantic import SecretStr, ValidationError

from deploy import mosquitto, rootfs
from deploy import services as running
from deploy.services import Services
from deploy.settings import ServiceSettings
from ingest import worker
from ingest.settings import Broker, IngestSettings
from tests import sensors
from tests.workplace import Devices, Workplace, senml, stored, wait_until
from twin.db import Engine
from twin.errors import Refused

THINGS = 20


@pytest.fixture
def hills(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A second broker, beside the same database."""
    folder = tmp_path_factory.mktemp("hills")
    settings = ServiceSettings(data=folder, engine="embedded", profile="small", database_url=services.database_url)
    yield running.up(settings)
    running.down(settings)


def both(workplace: Workplace, hills: Services) -> IngestSettings:
    """A worker's settings for the two brokers."""
    username, password = hills.broker.credentials("ingest")
    further = Broker(
        name="hills", host=hills.broker.host, port=hills.broker.port, username=username, password=SecretStr(password)
    )
    return workplace.settings().model_copy(update={"further": (further,)})


def by_source(engine: Engine) -> dict[str, int]:
    """Stored readings by source, of all minutes."""
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT source, sum(stored)::int AS n FROM account GROUP BY source"))
        return {row.source: row.n for row in rows}


def send(devices: Devices, n: int, first: int) -> None:
    for number in range(n):
        device = number % THINGS + 1
        devices.send(f"senml/{device}", senml(device, time.time() - 600 + first + number, number))


def test_two_brokers_are_read_at_once_and_one_that_is_away_delays_no_other(
    workplace: Workplace, engine: Engine, city: Devices, hills: Services
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    stop = threading.Event()
    working = threading.Thread(target=worker.work, args=(both(workplace, hills), engine, stop))
    with Devices(hills) as country:
        working.start()
        time.sleep(1)
        send(city, 100, 0)
        send(country, 100, 100)
        wait_until(lambda: by_source(engine) == {"senml": 100, "hills/senml": 100})
        settings = hills.broker.settings
        mosquitto.halt(mosquitto.Server(rootfs.path(settings.cache), settings.data / "broker", settings.profile))
        send(country, 50, 200)
        send(city, 100, 300)
        wait_until(lambda: by_source(engine)["senml"] == 200, 5)
        assert by_source(engine)["hills/senml"] == 100
        running.up(settings)
        wait_until(lambda: by_source(engine) == {"senml": 200, "hills/senml": 150})
        stop.set()
        working.join(30)
        assert not working.is_alive()
    assert len(stored(engine)) == 350


def test_one_broker_that_refuses_us_ends_the_work_with_its_line(
    workplace: Workplace, engine: Engine, hills: Services
) -> None:
    settings = both(workplace, hills)
    (further,) = settings.further
    wrong = settings.model_copy(update={"further": (further.model_copy(update={"password": SecretStr("wrong")}),)})
    with pytest.raises(Refused, match="the broker refuses ingest"):
        worker.work(wrong, engine, threading.Event())


def test_a_further_broker_needs_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError, match="needs a name of its own"):
        IngestSettings(further=(Broker(),))
    with pytest.raises(ValidationError, match="needs a name of its own"):
        IngestSettings(further=(Broker(name="hills"), Broker(name="hills")))
