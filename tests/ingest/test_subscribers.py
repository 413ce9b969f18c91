"""A stock client subscribes to SensorThings over MQTT and is told what is new, once, and nothing that is not for it."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from api.sensorthings import notices
from deploy.services import Services
from ingest import subscribers
from ingest.settings import Broker, Subscription
from tests import sensors
from tests.workplace import Workplace, wait_until
from twin import db, texts
from twin.observations import Batch, record
from twin.texts import Texts

ROOT = "http://here/sta/v1.1"
STREAMS = (
    Subscription(filter="v1.1/Observations", decoder="sensorthings"),
    Subscription(filter="v1.1/+/Observations", decoder="sensorthings"),
)
NOW = datetime.now(UTC).replace(microsecond=0)


class Subscriber:
    """A stock paho client with the rights of an account, and what it has heard."""

    def __init__(self, services: Services, name: str, *, protocol: MQTTProtocolVersion) -> None:
        services.broker.grant(name, read=["v1.1/#"], write=["v1.1/+/Observations"])
        username, password = services.broker.credentials(name)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self._ready = threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=username, protocol=protocol)
        self.client.username_pw_set(username, password)
        self.client.on_message = self._on_message
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.connect(services.broker.host, services.broker.port)
        self.client.loop_start()

    def _on_message(self, _: object, __: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, json.loads(message.payload)))

    def subscribe(self, url: str, *topics: str) -> None:
        """Subscribe, and wait until linli knows of it."""
        for topic in topics:
            self._ready.clear()
            self.client.subscribe(topic, qos=1)
            assert self._ready.wait(10)
        wait_until(lambda: set(topics) <= known(url))

    def on(self, topic: str) -> list[dict[str, Any]]:
        return [payload for heard, payload in self.heard if heard == topic]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def known(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {topic for (topic,) in connection.execute("SELECT topic FROM subscribed_topic")}


@pytest.fixture(scope="module")
def town(services: Services, template: str) -> Iterator[str]:
    """A thing of a client with two datastreams, a climate sensor of another format, a door in a dwelling."""
    from tests.conftest import _copied

    with _copied(services, template) as url:
        with db.opened(url) as engine, engine.begin() as connection:
            sensors.community(connection)
            sensors.stream(connection, "station", "temperature", "Cel", lowest=-40, highest=60)
            sensors.stream(connection, "station", "humidity", "%")
            sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
            sensors.stream(connection, "door-1", "contact", kind="door", highest=1)
            connection.exec_driver_sql("UPDATE thing SET format = 'http' WHERE key = 'station'")
            connection.exec_driver_sql("UPDATE thing SET format = 'senml' WHERE key = 'roof'")
            connection.exec_driver_sql("UPDATE thing SET format = 'sensorthings' WHERE key = 'door-1'")
        yield url


def listens(services: Services, url: str) -> None:
    """Subscribe until linli has heard of it: what came before it listened is not told."""
    probe = Subscriber(services, "probe", protocol=MQTTProtocolVersion.MQTTv311)

    def is_known() -> bool:
        probe.client.subscribe("v1.1/Sensors(1)")
        return "v1.1/Sensors(1)" in known(url)

    wait_until(is_known, 60)
    probe.close()


@pytest.fixture(scope="module")
def told(services: Services, town: str) -> Iterator[str]:
    """The town with `linli notify` at work and a worker of ingest, as its command line joins them."""
    stop = threading.Event()
    services.broker.grant("subscribers", read=subscribers.FILTERS)
    services.broker.grant("notices", write=["v1.1/#"])
    brokers = [session(services, name) for name in ("subscribers", "notices")]
    write = functools.partial(notices.notices, root=ROOT)
    follow = functools.partial(subscribers.run, town, *brokers, read=notices.asked, write=write, stop=stop)
    thread = threading.Thread(target=follow)
    thread.start()
    listens(services, town)
    workplace = Workplace(services, town)
    settings = workplace.settings().model_copy(update={"subscriptions": STREAMS})
    with workplace.working(settings):
        yield town
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def session(services: Services, name: str) -> Broker:
    """A session of an account of linli's own."""
    username, password = services.broker.credentials(name)
    where = {"host": services.broker.host, "port": services.broker.port, "client_id": name}
    return Broker.model_validate(where | {"username": username, "password": password})


@pytest.fixture(scope="module")
def device(services: Services, told: str) -> Iterator[Subscriber]:
    made = Subscriber(services, "station", protocol=MQTTProtocolVersion.MQTTv311)
    yield made
    made.close()


@pytest.fixture
def subscriber(services: Services, told: str) -> Iterator[Subscriber]:
    made = Subscriber(services, "integrator", protocol=MQTTProtocolVersion.MQTTv5)
    yield made
    made.close()


def results(url: str) -> dict[int, list[float]]:
    with db.opened(url) as engine, engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT datastream_id, array_agg(value ORDER BY time) FROM observation GROUP BY 1")
        )
        return {row[0]: row[1] for row in rows}


def publish(device: Subscriber, stream: int, result: float, second: int) -> str:
    """Publish an observation as the standard has it, and give its time."""
    time_ = NOW.replace(second=second, minute=0).isoformat().replace("+00:00", "Z")
    body = {"result": result, "phenomenonTime": time_}
    device.client.publish(f"v1.1/Datastreams({stream})/Observations", json.dumps(body), qos=1).wait_for_publish(10)
    return time_


def test_an_observation_that_is_published_is_stored_and_told_as_the_entity_it_became(
    told: str, device: Subscriber, subscriber: Subscriber
) -> None:
    topics = (
        "v1.1/Observations",
        "v1.1/Observations?$select=result",
        "v1.1/Datastreams(1)/Observations?$select=result,phenomenonTime",
    )
    subscriber.subscribe(told, *topics, "v1.1/Datastreams(2)/Observations?$select=result")
    when = publish(device, 1, 21.5, 1)
    wait_until(lambda: bool(subscriber.on(topics[2])))
    (entity,) = subscriber.on(topics[0])
    assert results(told)[1] == [21.5]
    assert (entity["result"], entity["phenomenonTime"]) == (21.5, when)
    assert entity["@iot.selfLink"] == f"{ROOT}/Observations('{entity['@iot.id']}')"
    assert entity["Datastream@iot.navigationLink"] == f"{entity['@iot.selfLink']}/Datastream"
    assert subscriber.on(topics[1]) == [{"result": 21.5}]
    assert subscriber.on(topics[2]) == [{"phenomenonTime": when, "result": 21.5}]
    assert subscriber.on("v1.1/Datastreams(2)/Observations?$select=result") == []


def test_what_linli_tells_subscribers_is_no_new_observation(
    told: str, device: Subscriber, subscriber: Subscriber
) -> None:
    subscriber.subscribe(told, "v1.1/Datastreams(2)/Observations")
    publish(device, 2, 40, 2)
    # the device's own words, as any broker passes them on, and then the entity
    wait_until(lambda: len(subscriber.on("v1.1/Datastreams(2)/Observations")) == 2)
    publish(device, 2, 41, 3)
    wait_until(lambda: results(told).get(2) == [40, 41])
    with psycopg.connect(told) as connection:
        counted = connection.execute("SELECT sum(duplicate), sum(quarantined) FROM account").fetchone()
    assert counted == (0, 0)


def test_all_that_a_batch_brings_is_told_and_nothing_of_a_device_in_a_dwelling(
    told: str, subscriber: Subscriber
) -> None:
    topic = "v1.1/Observations?$select=result,parameters"
    subscriber.subscribe(told, topic)
    now_us = int(NOW.timestamp() * 1e6)
    times = np.array([now_us - 1, now_us - 9, now_us], np.int64)
    with db.opened(told) as engine, engine.begin() as connection:
        record(connection, Batch(np.array([3, 3, 4], np.int32), times, np.array([1.0, 2.0, 1.0]), datetime.now(UTC)))
    wait_until(lambda: len(subscriber.on(topic)) == 2)
    # both of the roof, the one that came late too, and not the door's
    assert sorted(one["result"] for one in subscriber.on(topic)) == [1.0, 2.0]


def test_a_text_is_told_as_a_number_is(told: str, subscriber: Subscriber) -> None:
    topic = "v1.1/Observations?$select=result,resultTime"
    subscriber.subscribe(told, topic)
    with db.opened(told) as engine, engine.begin() as connection:
        note = connection.scalar(
            sa.text("""
            INSERT INTO datastream (thing_id, property, unit, lowest, highest, result)
            SELECT thing_id, 'note', '1', 0, 9, 'text' FROM datastream WHERE id = 3 RETURNING id
            """)
        )
        assert note is not None
        texts.record(connection, Texts([note], [int(NOW.timestamp() * 1e6)], ["all well"], datetime.now(UTC)))
    wait_until(lambda: bool(subscriber.on(topic)))
    assert subscriber.on(topic) == [{"result": "all well", "resultTime": None}]


def test_a_thing_that_changes_is_told_whole_and_by_property(told: str, subscriber: Subscriber) -> None:
    subscriber.subscribe(told, "v1.1/Things(1)", "v1.1/Things(1)/name", "v1.1/Things(2)", "v1.1/Datastreams(1)/Thing")
    with psycopg.connect(told) as connection:
        connection.execute("UPDATE thing SET name = 'Station on the square' WHERE key IN ('station', 'door-1')")
    wait_until(lambda: bool(subscriber.on("v1.1/Datastreams(1)/Thing")))
    (whole,) = subscriber.on("v1.1/Things(1)")
    assert (whole["@iot.id"], whole["name"]) == (1, "Station on the square")
    assert subscriber.on("v1.1/Things(1)/name") == [{"name": "Station on the square"}]
    assert subscriber.on("v1.1/Datastreams(1)/Thing") == [whole]
    assert subscriber.on("v1.1/Things(2)") == []


def test_a_datastream_of_another_format_is_not_written_by_its_number(told: str, device: Subscriber) -> None:
    publish(device, 3, 20, 5)
    with psycopg.connect(told) as connection:
        wait_until(lambda: connection.execute("SELECT count(*) FROM quarantine").fetchone() != (0,))
        reason = connection.execute("SELECT reason_code, reason FROM quarantine").fetchone()
    assert reason == ("device_mismatch", "Datastreams(3) is enrolled with the format senml, this came as sensorthings")


def test_nothing_is_published_for_who_has_left_or_asks_for_no_resource(told: str, services: Services) -> None:
    gone = Subscriber(services, "visitor", protocol=MQTTProtocolVersion.MQTTv311)
    gone.subscribe(told, "v1.1/Sensors", "v1.1/Locations")
    gone.client.subscribe("v1.1/Nothing(1)")
    gone.client.subscribe("v1.1/Things?$filter=id eq 1")
    gone.client.unsubscribe("v1.1/Locations")
    wait_until(lambda: "v1.1/Locations" not in known(told))
    assert {"v1.1/Nothing(1)", "v1.1/Things?$filter=id eq 1"}.isdisjoint(known(told))
    gone.close()
    wait_until(lambda: "v1.1/Sensors" not in known(told))
