"""Texts, truths and words of a code list are taken, counted, kept once and read back, through the path of the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from ingest.mqtt import Message
from ingest.routing import Routes, decode
from ingest.settling import settle
from ingest.sifting import Register, sift
from tests import sensors
from tests.ingest.test_retrying import NOON, SETTINGS
from tests.workplace import SUBSCRIPTIONS
from twin import account, db, health, quarantine, texts
from twin.account import Tally
from twin.db import Connection
from twin.devices import devices, register, things
from twin.enrolment import Device, Stream, enrol

ROUTES = Routes(SUBSCRIPTIONS)
LIFT = Device(
    key="lift", name="Lift", name_zh=None, kind="lift", format="senml", topic="senml/lift", lon=7.5, lat=43.5,
    interval_s=60, simulated=False, watches=None, rules=(),
    streams=(
        Stream("in_service", "1", 0, 1),
        Stream("mode", "1", 0, 2, "category", ("idle", "up", "down")),
        Stream("note", "1", 0, 0, "text"),
    ),
)  # fmt: skip


@pytest.fixture
def tower(database: str) -> Iterator[Connection]:
    """A place with a lift that says a truth, a word and a text."""
    with db.opened(database) as engine, engine.begin() as connection:
        enrol(connection, sensors.community(connection), [LIFT])
        yield connection


def say(connection: Connection, minute: float, **said: object) -> None:
    """Let the lift say this at a minute after noon, received then."""
    at = NOON + timedelta(minutes=minute)
    fields = {bool: "vb", str: "vs", float: "v", int: "v"}
    records = [{"n": f"lift:{name}", "t": at.timestamp(), fields[type(value)]: value} for name, value in said.items()]
    message = Message("senml/lift", json.dumps(records).encode(), 1, 1, False, round(at.timestamp() * 1e6), 1)
    settle(connection, sift(decode([message], ROUTES), Register(register(connection)), SETTINGS))


def total(connection: Connection) -> Tally:
    return account.total(connection)


def test_a_truth_a_word_and_a_text_are_stored_side_by_side(tower: Connection) -> None:
    say(tower, 0, in_service=True, mode="up", note="inspected by Wang 王")
    (lift,) = things(tower, 1, NOON)
    assert [(one.property, one.value, one.text) for one in lift.readings] == [
        ("in_service", 1.0, None),
        ("mode", 1.0, "up"),
        ("note", None, "inspected by Wang 王"),
    ]
    assert total(tower) == Tally(messages=1, stored=3)
    assert account.check(tower, NOON).is_true
    (row,) = health.health(tower, 1, NOON)
    assert (row.stored, row.state) == (3, "ok")


def test_words_that_come_twice_are_duplicates_and_others_for_the_same_instant_conflicts(tower: Connection) -> None:
    say(tower, 0, mode="up", note="a")
    say(tower, 0, mode="up", note="a")
    say(tower, 0, mode="down", note="b")
    assert total(tower) == Tally(messages=3, stored=2, duplicate=4, conflict=2)
    assert account.check(tower, NOON).is_true
    assert [text for _, text in texts.history(tower, note_id(tower), NOON, NOON + timedelta(1))] == ["a"]
    (row,) = health.health(tower, 1, NOON)
    assert (row.stored, row.duplicate, row.conflict) == (2, 4, 2)


def note_id(connection: Connection) -> int:
    return register(connection)["lift", "note"].datastream_id


def test_a_late_text_goes_to_the_history_and_not_to_the_newest(tower: Connection) -> None:
    say(tower, 5, note="new")
    say(tower, 3, note="old")
    (lift,) = things(tower, 1, NOON)
    assert lift.readings[2].text == "new"
    assert [text for _, text in texts.history(tower, note_id(tower), NOON, NOON + timedelta(1))] == ["old", "new"]
    (row,) = health.health(tower, 1, NOON)
    assert row.out_of_order == 1


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ({"mode": "sideways"}, "out_of_range", "mode of lift is sideways, possible are idle, up, down"),
        ({"mode": 1.0}, "wrong_shape", "mode of lift is no text"),
        ({"note": 1.0}, "wrong_shape", "note of lift is no text"),
        ({"note": "x" * 1001}, "out_of_range", "note of lift has over 1000 characters, or some that no text has"),
        ({"note": "a\0b"}, "out_of_range", "note of lift has over 1000 characters, or some that no text has"),
        ({"in_service": "yes"}, "not_a_number", "in_service of lift is not a number"),
    ],
)
def test_what_is_no_such_word_is_set_aside(tower: Connection, said: dict[str, object], code: str, reason: str) -> None:
    say(tower, 0, **said)
    (row,) = quarantine.kept(tower)
    assert (row.reason_code, row.reason) == (code, reason)
    assert total(tower) == Tally(messages=1, quarantined=1)


def test_a_word_that_is_added_keeps_the_codes_of_the_others(tower: Connection) -> None:
    say(tower, 0, mode="down")
    more = Stream("mode", "1", 0, 3, "category", ("stuck", "down", "up", "idle"))
    assert enrol(tower, 1, [replace(LIFT, streams=(LIFT.streams[0], more, LIFT.streams[2]))]).changed
    say(tower, 1, mode="stuck")
    values = tower.scalars(sa.text("SELECT value FROM observation ORDER BY time")).all()
    assert values == [2.0, 3.0]
    (lift,) = devices(tower, 1)
    assert lift.streams[1].words == ("idle", "up", "down", "stuck")


CASES = [
    ("chirpstack", "application/1/device/01/event/up", b'{"deviceInfo":{"devEui":"01"},"object":{"s":"up"}}'),
    ("zigbee2mqtt", "zigbee2mqtt/b", b'{"action": "up"}'),
    ("senml", "x", b'[{"n":"a:b","vs":"up"}]'),
    ("aliyun", "/sys/p/d/thing/event/property/post", b'{"params": {"s": "up"}}'),
    ("huawei", "$oc/devices/d/sys/properties/report", b'{"services": [{"service_id": "s", "properties": {"s": "up"}}]}'),
    ("onenet", "$sys/p/d/thing/property/post", b'{"params": {"s": {"value": "up"}}}'),
    ("thethingsstack", "v3/a@t/devices/d/up", b'{"end_device_ids":{"device_id":"d"},"uplink_message":{"decoded_payload":{"s":"up"}}}'),
    ("tasmota", "tele/d/SENSOR", b'{"Sensor": {"State": "up"}}'),
    ("sensorthings", "v1.1/Datastreams(1)/Observations", b'{"result": "up"}'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "topic", "payload"), CASES, ids=[case[0] for case in CASES])
def test_each_format_gives_its_texts(name: str, topic: str, payload: bytes) -> None:
    from ingest.decoders import find

    (reading,) = find(name)(topic, payload, 0)
    assert (reading.text, reading.value != reading.value) == ("up", True)


def test_formats_that_describe_their_devices_give_texts_too() -> None:
    from ingest.decoders import find
    from ingest.decoders.sparkplug import Payload

    homie = find("homie")
    homie("homie/5/d/$description", b'{"homie":"5.0","nodes":{"n":{"properties":{"p":{"datatype":"enum"}}}}}', 0)
    assert [one.text for one in homie("homie/5/d/n/p", b"up", 0)] == ["up"]
    assistant = find("homeassistant")
    assistant("homeassistant/sensor/n/o/config", b'{"state_topic": "s"}', 0)
    assert [one.text for one in assistant("s", b"up", 0)] == ["up"]
    birth = Payload(seq=0)
    birth.metrics.add(name=b"mode", datatype=12, string_value=b"up", timestamp=1)
    assert [one.text for one in find("sparkplug")("spBv1.0/g/NBIRTH/e", birth.SerializeToString(), 0)] == [None, "up"]


def test_a_time_that_is_wrong_is_told_of_words_as_of_numbers(tower: Connection) -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    records = json.dumps([{"n": "lift:note", "t": at.timestamp(), "vs": "a"}]).encode()
    message = Message("senml/lift", records, 1, 1, False, round(NOON.timestamp() * 1e6), 1)
    found = sift(decode([message], ROUTES), Register(register(tower)), SETTINGS)
    assert [one.reason_code for one in found.refusals] == ["time_past"]
