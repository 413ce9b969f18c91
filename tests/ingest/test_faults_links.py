"""Links to the broker and the database go bad under load: nothing is lost, nothing is stored twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from ingest.settings import IngestSettings
from tests import sensors
from tests.faultproxy import FaultProxy
from tests.load import THINGS, Load, assert_settled, settled
from tests.workplace import Devices, Workplace, wait_until
from twin.db import Engine

RATE = 300  # messages a second
RESETS = 6
HOLE_S = 8.0

pytestmark = pytest.mark.fault


@pytest.fixture
def database_link(database: str) -> Iterator[FaultProxy]:
    with FaultProxy(int(parse_qs(urlsplit(database).query)["port"][0])) as made:
        yield made


@pytest.fixture
def broker_link(workplace: Workplace) -> Iterator[FaultProxy]:
    with FaultProxy(workplace.services.broker.port) as made:
        yield made


def through(workplace: Workplace, link: FaultProxy) -> Workplace:
    """The same place with the database at the end of the link."""
    parts = urlsplit(workplace.database)
    who = parts.netloc.rpartition("@")[0]
    return Workplace(workplace.services, f"postgresql://{who}@127.0.0.1:{link.port}{parts.path}")


def over(settings: IngestSettings, link: FaultProxy, **changes: object) -> IngestSettings:
    """The same worker with the broker at the end of the link."""
    broker = settings.broker.model_copy(update={"port": link.port, **changes})
    return settings.model_copy(update={"broker": broker})


def survives(
    workplace: Workplace,
    settings: IngestSettings,
    engine: Engine,
    city: Devices,
    harm: Callable[[], None],
    *,
    rate: int = RATE,
    drains_s: float = 10,
) -> None:
    """Run a worker under load while a link is harmed, and compare what was sent with what is stored."""
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    with workplace.working(settings):
        load = Load(city, rate)
        load.start()
        try:
            wait_until(lambda: settled(engine) > rate // 2)
            harm()
        finally:
            sent = load.finish()
        assert_settled(engine, sent, drains_s)


def reset_again_and_again(link: FaultProxy, pause_s: float) -> None:
    for _ in range(RESETS):
        link.reset()
        time.sleep(pause_s)


def swallow(link: FaultProxy) -> None:
    link.is_open = False
    time.sleep(HOLE_S)
    link.is_open = True


def test_a_slow_link_to_the_database_costs_nothing(
    workplace: Workplace, engine: Engine, city: Devices, database_link: FaultProxy
) -> None:
    def slow() -> None:
        database_link.delay_s = (0.025, 0.075)  # 100 ± 50 ms there and back
        time.sleep(5)

    survives(through(workplace, database_link), workplace.settings(), engine, city, slow)


def test_a_link_to_the_database_reset_again_and_again_costs_nothing(
    workplace: Workplace, engine: Engine, city: Devices, database_link: FaultProxy
) -> None:
    survives(
        through(workplace, database_link),
        workplace.settings(),
        engine,
        city,
        lambda: reset_again_and_again(database_link, 1.0),
    )


def test_a_link_to_the_broker_reset_again_and_again_costs_nothing(
    workplace: Workplace, engine: Engine, city: Devices, broker_link: FaultProxy
) -> None:
    settings = over(workplace.settings(), broker_link)
    survives(workplace, settings, engine, city, lambda: reset_again_and_again(broker_link, 1.0))


def test_links_that_pass_one_byte_at_a_time_cost_nothing(
    workplace: Workplace, engine: Engine, city: Devices, broker_link: FaultProxy, database_link: FaultProxy
) -> None:
    def trickle() -> None:
        broker_link.most_bytes = database_link.most_bytes = 1
        time.sleep(4)

    settings = over(workplace.settings(), broker_link)
    survives(through(workplace, database_link), settings, engine, city, trickle, rate=20)


@pytest.mark.slow_fault
def test_a_database_that_no_longer_answers_for_a_while_costs_nothing(
    workplace: Workplace, engine: Engine, city: Devices, database_link: FaultProxy
) -> None:
    place = through(workplace, database_link)
    survives(place, workplace.settings(), engine, city, lambda: swallow(database_link))


@pytest.mark.slow_fault
def test_a_broker_that_no_longer_answers_for_a_while_costs_nothing(
    workplace: Workplace, engine: Engine, city: Devices, broker_link: FaultProxy
) -> None:
    settings = over(workplace.settings(), broker_link, keepalive_s=5)
    survives(workplace, settings, engine, city, lambda: swallow(broker_link))
