"""A device is believed only in its own format, and from its own topic where the payload names it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ingest.floods import Floods
from ingest.mqtt import Message
from ingest.routing import Decoded, Routes, decode
from ingest.settings import IngestSettings, Subscription
from ingest.sifting import Register, Sifted, sift
from tests import sensors
from tests.workplace import CHECKOUT, SUBSCRIPTIONS, Devices, Workplace, wait_until
from twin import account, quarantine
from twin.db import Engine
from twin.devices import Slot
from twin.reasons import Reason

NOW_US = 1_772_366_400_000_000
EUI = "0101010101010101"
GATEWAY = "/sys/pk/gateway/thing/event/property/pack/post"
ROUTES = Routes(
    (
        *SUBSCRIPTIONS,
        Subscription(filter="/sys/+/+/thing/event/property/#", decoder="aliyun"),
        Subscription(filter="rooms/#", decoder="mapped", mapping=CHECKOUT / "tests/golden/rooms.toml"),
    )
)
REGISTER = Register(
    {
        (EUI, "temperature"): Slot(
            1, -60, 80, "Cel", format="chirpstack", topic=f"application/1/device/{EUI}/event/up"
        ),
        ("roof", "temperature"): Slot(2, -60, 80, "Cel", format="senml", topic="senml/roof"),
        ("pk/cellar", "temperature"): Slot(3, -60, 80, "Cel", format="aliyun", topic=GATEWAY),
        ("old-town-7", "depth"): Slot(4, 0, 500, "cm", format="mapped", topic="elsewhere"),
        ("room", "temperature"): Slot(5, -60, 80, "Cel", format="mapped", topic="rooms/a"),
        ("by-client", "temperature"): Slot(6, -60, 80, "Cel", format="http"),
    }
)
PACK = (
    b'{"params": {"subDevices": [{"identity": {"productKey": "pk", "deviceName": "cellar"}, '
    b'"properties": {"temperature": 7}}]}}'
)


def sifted(topic: str, payload: bytes) -> Sifted:
    message = Message(topic, payload, 1, 1, False, NOW_US, 1)
    return sift(decode([message], ROUTES), REGISTER, IngestSettings())


@pytest.mark.parametrize(
    ("topic", "payload", "datastream_id"),
    [
        (
            f"application/1/device/{EUI}/event/up",
            f'{{"deviceInfo":{{"devEui":"{EUI}"}},"object":{{"temperature":1}}}}',
            1,
        ),
        ("senml/roof", '[{"n":"roof:temperature","v":1}]', 2),
        ("senml/roof/hourly", '[{"n":"roof:temperature","v":1}]', 2),
        (GATEWAY, PACK.decode(), 3),
        ("city/old-town/7/state", '{"level": 1, "ts": "2026-03-01T12:00:00Z"}', 4),  # the topic names the device
        ("rooms/a", '{"id": "room", "temperature": 1}', 5),
    ],
)
def test_a_device_is_believed_on_its_own_way(topic: str, payload: str, datastream_id: int) -> None:
    found = sifted(topic, payload.encode())
    assert (found.refusals, found.datastream_ids) == ([], [datastream_id])


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (
            "senml/x",
            f'[{{"n":"{EUI}:temperature","v":1}}]',
            f"{EUI} is enrolled with the format chirpstack, this came as senml",
        ),
        (
            "senml/roofs",
            '[{"n":"roof:temperature","v":1}]',
            "roof is enrolled on senml/roof, this came on another topic",
        ),
        (
            GATEWAY.replace("gateway", "thief"),
            PACK.decode(),
            f"pk/cellar is enrolled on {GATEWAY}, this came on another topic",
        ),
        ("rooms/b", '{"id": "room", "temperature": 1}', "room is enrolled on rooms/a, this came on another topic"),
        (
            "zigbee2mqtt/by-client",
            '{"temperature": 1}',
            "by-client is enrolled with the format http, this came as zigbee2mqtt",
        ),
    ],
)
def test_who_speaks_for_another_device_is_set_aside(topic: str, payload: str, reason: str) -> None:
    found = sifted(topic, payload.encode())
    assert found.values == []
    assert [(one.reason_code, one.reason) for one in found.refusals] == [("device_mismatch", reason)]


def flooded(floods: Floods, topic: str, messages: int) -> list[Decoded]:
    """Send so many messages of the roof at once on a topic, and give what is surplus."""
    payload = b'[{"n":"roof:temperature","v":1}]'
    came = decode([Message(topic, payload, 1, 1, False, NOW_US, 1) for _ in range(messages)], ROUTES)
    return [one for one in floods.limit(came, REGISTER, {"roof": 60}) if one.trouble is not None]


def test_who_speaks_for_another_device_uses_up_none_of_what_the_other_may_send() -> None:
    floods = Floods(factor=10, burst=5)
    surplus = flooded(floods, "senml/thief", 50)
    assert len(surplus) > 40
    assert {one.trouble.reason for one in surplus if one.trouble} == {
        "senml/thief sends more than 20 messages a minute; the surplus is set aside"
    }
    assert flooded(floods, "senml/roof", 5) == []
    assert flooded(floods, "senml/roof/hourly", 1) == []  # the roof too, by its own way: one allowance for both
    assert len(flooded(floods, "senml/roof", 10)) >= 9


def test_every_reason_is_said_in_chinese_too() -> None:
    assert all(reason.words for reason in Reason)
    assert Reason.DEVICE_MISMATCH.words == "设备标识、格式或主题与登记不符"


def test_an_account_cannot_speak_for_another_device_through_the_broker(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "lift", "in_service")
        connection.execute(sa.text("UPDATE thing SET format = 'zigbee2mqtt', topic = 'zigbee2mqtt/lift'"))
    with workplace.working(workplace.settings()):
        city.send("senml/thief", b'[{"n": "lift:in_service", "v": 0}]')
        city.send("zigbee2mqtt/lift", b'{"in_service": true}')
        wait_until(lambda: received(engine) == 2)
    with engine.connect() as connection:
        values = connection.scalars(sa.text("SELECT value FROM observation")).all()
        kept = [(row.reason_code, row.thing_key) for row in quarantine.kept(connection)]
    assert (values, kept) == ([1.0], [("device_mismatch", "lift")])


def received(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received
