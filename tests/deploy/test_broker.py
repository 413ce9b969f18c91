"""Nobody gets past the broker without an account, nor beyond it with one."""

import re
import time

import pytest

from deploy import handshake
from deploy import services as running
from deploy.services import Services
from deploy.settings import ServiceSettings
from tests.deploy.conftest import QUIET_S, Client, Until

MANY = 5_000  # past mosquitto's own limit of 1,000


def test_a_client_without_the_password_is_refused(services: Services) -> None:
    broker = services.broker
    name, _ = broker.credentials("lift-1")
    tried = [(None, None), (name, None), (name, "wrong"), ("nobody", "x")]
    codes = [handshake.login(broker.host, broker.port, name=who, password=what) for who, what in tried]
    assert codes == [5, 5, 5, 5]


def test_credentials_stay_the_same_once_made(services: Services) -> None:
    broker = services.broker
    name, password = broker.credentials("lift-2")
    assert broker.credentials("lift-2") == (name, password)
    assert handshake.login(broker.host, broker.port, name=name, password=password) == handshake.ACCEPTED


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "a:b", "a b", "a\nb", "x" * 65, "电梯"])
def test_a_name_that_could_reach_further_is_refused(services: Services, name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(name))):
        services.broker.credentials(name)


def test_a_device_writes_its_own_topics_alone(services: Services, connect: type[Client], until: Until) -> None:
    broker = services.broker
    with (
        connect(broker, broker.credentials("ingest")) as ingest,
        connect(broker, broker.credentials("dev-a")) as device,
    ):
        ingest.subscribe("#")
        topics = ("linli/v1/dev-a/up/lift", "linli/v1/dev-b/up/lift", "zigbee2mqtt/door", "linli/v1/dev-a/ack")
        assert [device.publish(topic) for topic in topics] == [True, False, False, False]
        # the broker is shared: what earlier tests left for ingest comes too
        until(lambda: ("linli/v1/dev-a/up/lift", b"1") in ingest.heard)
        assert [topic for topic, _ in ingest.heard if topic in topics] == ["linli/v1/dev-a/up/lift"]


def test_a_device_hears_nothing_of_others(services: Services, connect: type[Client], until: Until) -> None:
    broker = services.broker
    with (
        connect(broker, broker.credentials("spy")) as spy,
        connect(broker, broker.credentials("dev-c")) as device,
        connect(broker, broker.credentials("ingest")) as ingest,
    ):
        for topic in ("#", "+/+/+/up/+", "$SYS/#", "$share/ingest/#", "linli/v1/dev-c/ack", "linli/v1/spy/ack"):
            spy.subscribe(topic)
        device.publish("linli/v1/dev-c/up/lift")
        ingest.publish("linli/v1/dev-c/ack")
        assert ingest.publish("linli/v1/spy/ack")
        until(lambda: len(spy.heard) > 0)
        time.sleep(QUIET_S)
        assert set(spy.heard) == {("linli/v1/spy/ack", b"1")}


def test_a_gateway_writes_what_it_was_granted(services: Services, connect: type[Client]) -> None:
    broker = services.broker
    broker.grant("gateway", write=["zigbee2mqtt/#", "application/7/#"])
    with connect(broker, broker.credentials("gateway")) as gateway:
        topics = ("zigbee2mqtt/door", "application/7/device/x/event/up", "application/8/device/x/event/up")
        assert [gateway.publish(topic) for topic in topics] == [True, True, False]
        broker.grant("gateway", write=["zigbee2mqtt/hall/#"])
        assert [gateway.publish(topic) for topic in topics] == [False, False, False]


def test_a_thief_of_the_client_id_gets_nothing_and_loses_nothing(
    services: Services, connect: type[Client], until: Until
) -> None:
    broker = services.broker
    login = broker.credentials("ingest-7")
    with connect(broker, login, client_id="ingest-7") as ingest:
        ingest.subscribe("linli/v1/dev-d/up/#")
    with connect(broker, broker.credentials("dev-d")) as device:
        assert [device.publish(f"linli/v1/dev-d/up/{number}") for number in range(3)] == [True] * 3
    with connect(broker, broker.credentials("thief"), client_id="ingest-7") as thief:
        thief.subscribe("#")
        time.sleep(QUIET_S)
        assert thief.heard == []
    with connect(broker, login, client_id="ingest-7", clean=False) as ingest:
        until(lambda: len(ingest.heard) == 3)


def test_a_message_of_more_than_256_kib_passes_and_one_over_a_mib_does_not(
    services: Services, connect: type[Client], until: Until
) -> None:
    broker = services.broker
    with connect(broker, broker.credentials("dev-e")) as device:
        assert device.publish("linli/v1/dev-e/up/large", bytes(300 << 10))
    with connect(broker, broker.credentials("dev-e")) as device:
        device.link.publish("linli/v1/dev-e/up/huge", bytes(2 << 20), qos=1)
        until(device.gone.is_set)


@pytest.mark.fault
def test_what_waits_for_ingest_survives_an_orderly_stop(
    place: ServiceSettings, connect: type[Client], until: Until
) -> None:
    broker = running.up(place).broker
    with connect(broker, broker.credentials("ingest"), clean=False) as ingest:
        ingest.subscribe("linli/v1/+/up/#")
    with connect(broker, broker.credentials("dev-f")) as device:
        for number in range(MANY):
            device.link.publish("linli/v1/dev-f/up/n", str(number).encode(), qos=1)
        until(lambda: len(device.answered) == MANY, timeout_s=60)
    running.down(place)
    broker = running.up(place).broker
    with connect(broker, broker.credentials("ingest"), clean=False) as ingest:
        until(lambda: len(ingest.heard) >= MANY, timeout_s=60)
        assert [payload for _, payload in ingest.heard] == [str(number).encode() for number in range(MANY)]
