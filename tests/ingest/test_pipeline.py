"""Every message ends up in the database once, whatever dies, and every reading is accounted for."""

from __future__ import annotations

import random
import time

import pytest
import sqlalchemy as sa
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from deploy.services import Services
from ingest.decoders.sparkplug import Payload
from ingest.settings import Subscription
from tests import sensors
from tests.workplace import Devices, Workplace, senml, stored, wait_until
from twin import account, changes
from twin.changes import Change
from twin.db import Engine

MESSAGES = 20_000
KILLS = 6
THINGS = 200


def count(engine: Engine, table: str = "observation") -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def published(city: Devices, n: int, start: float) -> list[tuple[str, float]]:
    """Publish n readings of THINGS devices; give them in the order of `stored`."""
    made = []
    for number in range(n):
        device = number % THINGS + 1
        city.send(f"senml/{device}", senml(device, start + number / 1000, number))
        made.append((f"device-{device}", float(number)))
    return sorted(made)


def test_a_published_reading_is_stored_announced_and_accounted_for(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 1)
    heard = changes.listen(workplace.database, timeout_s=10)
    assert next(heard) == Change("reconnected", {})
    with workplace.working(workplace.settings()):
        city.send("senml/1", senml(1, time.time(), 21.5))
        assert next(heard) == Change("latest", {"ids": [1]})
    heard.close()  # type: ignore[attr-defined]
    assert stored(engine) == [("device-1", 21.5)]
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=1, stored=1)


def test_a_device_enrolled_while_the_worker_runs_is_known(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 1)
    with workplace.working(workplace.settings()):
        city.send("senml/1", senml(1, time.time(), 1))
        wait_until(lambda: count(engine) == 1)
        with engine.begin() as connection:
            sensors.stream(connection, "new", "temperature", "Cel")
        time.sleep(1.1)  # ingest.pipeline.REGISTER_S
        city.send("senml/x", b'[{"n":"new:temperature","v":3}]')
        wait_until(lambda: count(engine) == 2)
    assert count(engine, "quarantine") == 0


def test_a_datastream_removed_while_the_worker_runs_stops_nothing(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, 2)
    with workplace.working(workplace.settings()):
        city.send("senml/1", senml(1, time.time(), 1))
        wait_until(lambda: count(engine) == 1)
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM datastream WHERE id = 1"))
        city.send("senml/1", senml(1, time.time(), 2))
        city.send("senml/2", senml(2, time.time(), 3))
        wait_until(lambda: count(engine) == 2 and count(engine, "quarantine") == 1)
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=3, stored=2, quarantined=1)


def test_a_reading_the_database_will_not_have_costs_no_other(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
        connection.exec_driver_sql("ALTER TABLE latest ADD CONSTRAINT superstition CHECK (value <> 13)")
    settings = workplace.settings()
    with workplace.working(settings):
        pass  # makes the session, so that all comes in one batch
    expected = published(city, 100, time.time() - 60)
    city.drain()
    with workplace.working(settings):
        wait_until(lambda: accounted(engine) == 100)
    assert stored(engine) == [one for one in expected if one[1] != 13]
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=100, stored=99, quarantined=1)
        row = connection.execute(sa.text("SELECT reason_code, topic, count FROM quarantine")).one()
    assert tuple(row) == ("not_storable", "senml/14", 1)


def test_duplicates_are_stored_once_and_counted(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    start = time.time() - 60
    with workplace.working(workplace.settings()):
        expected = published(city, 1000, start)
        city.drain()
        assert published(city, 1000, start) == expected
        wait_until(lambda: accounted(engine) == 2000)
    assert stored(engine) == expected
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=2000, stored=1000, duplicate=1000)


def accounted(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received


def test_a_stopped_worker_has_settled_what_it_took(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    settings = workplace.settings()
    with workplace.working(settings):
        expected = published(city, 3000, time.time() - 60)
        wait_until(lambda: count(engine) > 0)
    city.drain()
    with workplace.working(settings):
        wait_until(lambda: count(engine) == len(expected))
    assert stored(engine) == expected
    with engine.connect() as connection:  # what was settled was acknowledged: nothing came again
        assert account.total(connection) == account.Tally(messages=3000, stored=3000)


def test_a_connection_that_the_database_cuts_costs_nothing(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    start = time.time() - 60
    with workplace.working(workplace.settings()):
        expected = published(city, 500, start)
        wait_until(lambda: count(engine) == 500)
        with engine.begin() as connection:
            cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            assert connection.scalar(sa.text(cut)) >= 1
        expected = sorted(expected + published(city, 500, start + 10))
        wait_until(lambda: count(engine) == 1000)
    assert sorted(stored(engine)) == expected
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=1000, stored=1000)


def test_two_workers_share_a_subscription(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    first, second = (workplace.settings().model_copy(update={"group": "g"}) for _ in range(2))
    with workplace.working(first), workplace.working(second):
        expected = published(city, 5000, time.time() - 60)
        wait_until(lambda: count(engine) == len(expected))
    assert stored(engine) == expected
    with engine.connect() as connection:
        assert account.total(connection) == account.Tally(messages=5000, stored=5000)


def test_what_a_decoder_asks_for_is_published(
    workplace: Workplace, services: Services, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
    heard: list[str] = []
    services.broker.grant("edge", read=["spBv1.0/#"])
    username, password = services.broker.credentials("edge")
    edge = Client(CallbackAPIVersion.VERSION2, client_id=username)
    edge.username_pw_set(username, password)
    edge.on_connect = lambda client, *_: client.subscribe("spBv1.0/+/NCMD/+")
    edge.on_message = lambda _, __, message: heard.append(message.topic)
    edge.connect(services.broker.host, services.broker.port)
    edge.loop_start()
    unborn = Payload(timestamp=int(time.time() * 1000), seq=5).SerializeToString()
    subscriptions = (Subscription(filter="spBv1.0/#", decoder="sparkplug"),)
    with workplace.working(workplace.settings().model_copy(update={"subscriptions": subscriptions})):
        city.send("spBv1.0/g/NDATA/e", unborn)
        wait_until(lambda: heard == ["spBv1.0/g/NCMD/e"])
    edge.disconnect()
    edge.loop_stop()


@pytest.mark.fault
def test_a_worker_killed_again_and_again_loses_nothing_and_stores_nothing_twice(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.devices(connection, THINGS)
    settings = workplace.settings().model_copy(update={"batch_messages": 200})
    with workplace.working(settings):
        pass  # makes the session, so that the broker keeps what comes before the first process is up
    rng = random.Random(7)
    deaths = sorted(rng.sample(range(200, MESSAGES - 2000, 10), KILLS))
    worker = workplace.process(settings)
    try:
        expected = published(city, MESSAGES, time.time() - 600)
        for death in deaths:
            wait_until(lambda: count(engine) >= death, 30)  # noqa: B023 - called at once
            worker.kill()
            worker.wait()
            assert count(engine) < MESSAGES
            worker = workplace.process(settings)
        city.drain()
        wait_until(lambda: count(engine) >= MESSAGES, 30)
    finally:
        worker.terminate()
        assert worker.wait(20) == 0
    assert stored(engine) == expected
    with engine.connect() as connection:
        total = account.total(connection)
    assert (total.stored, total.quarantined) == (MESSAGES, 0)
    assert total.received == total.stored + total.duplicate
