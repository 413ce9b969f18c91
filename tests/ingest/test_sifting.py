"""Bad input gets its reason, is counted, and never stops the stream."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from ingest.mqtt import Message
from ingest.routing import Routes, decode, matches
from ingest.settings import IngestSettings
from ingest.sifting import MORE, ROWS_A_MESSAGE, Register, Sifted, sift
from tests import sensors
from tests.workplace import SUBSCRIPTIONS, Devices, Workplace, wait_until
from twin import account
from twin.db import Engine
from twin.devices import Slot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW_US = round(NOW.timestamp()) * 1_000_000
ROUTES = Routes(SUBSCRIPTIONS)
SETTINGS = IngestSettings()
REGISTER = Register(
    {
        ("old-town-7", "depth"): Slot(1, 0, 500, "cm"),
        ("old-town-7", "in_service"): Slot(2, 0, 1, "1"),
        ("sensor", "temperature"): Slot(3, -60, 80, "Cel", stated="Cel"),
        ("lamp", "temperature"): Slot(4, -60, 80, "Cel"),
        ("0101010101010101", "temperature"): Slot(5, -60, 80, "Cel"),
        ("0101010101010101", "in_service"): Slot(6, 0, 1, "1"),
    }
)
CITY = "city/old-town/7/state"
SENML = "senml/x"
UP = "application/1/device/0101010101010101/event/up"


def message(topic: str, payload: bytes, *, is_retained: bool = False, received_us: int = NOW_US) -> Message:
    return Message(topic, payload, 1, 1, is_retained, received_us, 1)


def sifted(*messages: Message) -> Sifted:
    return sift(decode(messages, ROUTES), REGISTER, SETTINGS)


def codes(found: Sifted) -> list[str]:
    return [refusal.reason_code for refusal in found.refusals]


def city(level: str, ts: str = '"2026-03-01T12:00:00Z"') -> bytes:
    return f'{{"level": {level}, "ts": {ts}}}'.encode()


def senml(fields: str) -> bytes:
    return f'[{{"bn": "sensor:", "n": "temperature", {fields}}}]'.encode()


def up(fields: str, eui: str = "0101010101010101") -> bytes:
    return f'{{"time": "2026-03-01T12:00:00.123456789+00:00", "deviceInfo": {{"devEui": "{eui}"}}, {fields}}}'.encode()


# The numbers are those of the list of bad inputs this worker was designed against.
BAD = [
    (1, CITY, b"", "empty"),
    (2, CITY, b"   \n ", "empty"),
    (3, CITY, b'{"level": 1, "ts": "\xff\xfe"}', "not_utf8"),
    (4, CITY, b"\xef\xbb\xbf" + city("1"), "not_json"),
    (5, CITY, city("1").decode().encode("utf-16"), "not_utf8"),
    (6, CITY, '{"电梯": 1}'.encode("gbk"), "not_utf8"),
    (7, "senml/nul", b'[{"n": "a\\u0000b:temperature", "v": 1}]', "no_device"),
    (7, UP, up('"object": {}', "01\\u00000101"), "device_mismatch"),
    (8, SENML, b'[{"n": "\\ud800:temperature", "v": 1}]', "not_json"),
    (9, CITY, city("NaN"), "not_a_number"),
    (10, CITY, city("-Infinity"), "not_a_number"),
    (11, CITY, city("1e400"), "not_a_number"),
    (12, CITY, city('"nan"'), "not_a_number"),
    (13, CITY, city("9" * 400), "not_a_number"),
    (14, CITY, city("9" * 5000), "not_a_number"),
    (15, CITY, city("true"), "wrong_unit"),
    (16, CITY, city('"21,5"'), "not_a_number"),
    (17, CITY, city('"21.5"'), "not_a_number"),
    (18, CITY, city("null"), "not_a_number"),
    (18, SENML, senml('"v": null'), "not_a_number"),
    (20, CITY, b"[" * 100_000 + b"]" * 100_000, "too_deep"),
    (21, CITY, city("1") + b"}", "not_json"),
    (22, CITY, city("1") + city("2"), "not_json"),
    (23, CITY, b"[1, 2]", "wrong_shape"),
    (24, CITY, b"21.5", "wrong_shape"),
    (24, UP, b"21.5", "wrong_shape"),
    (25, CITY, city("1")[:-9], "not_json"),
    (26, CITY, b"{'level': 1}", "not_json"),
    (27, UP, b'{"deviceInfo": {"devEui": 101}}', "wrong_shape"),
    (28, CITY, b'{"__proto__": {"level": 1}}', "wrong_shape"),
    (29, UP, up('"object": {}', "0" * 1_000_000), "too_large"),
    (30, "zigbee2mqtt/<script>alert(1)</script>", b'{"temperature": 1}', "unknown_device"),
    (31, "zigbee2mqtt/'; DROP TABLE observation; --", b'{"temperature": 1}', "unknown_device"),
    (32, "zigbee2mqtt/\u202egnp.exe", b'{"temperature": 1}', "bad_topic"),
    (33, CITY, city("1", '"2026-03-01T12:00:00"'), "time_without_zone"),
    (35, CITY, city("1", "1772366400"), "bad_time"),
    (36, SENML, senml(f'"v": 1, "t": {NOW_US // 1000}'), "bad_time"),
    (37, SENML, senml(f'"v": 1, "t": {NOW_US}'), "bad_time"),
    (38, SENML, senml(f'"v": 1, "t": {NOW_US * 1000}'), "bad_time"),
    (39, CITY, city("1", '"1970-01-01T00:00:00Z"'), "time_past"),
    (40, "zigbee2mqtt/lamp", b'{"temperature": 1, "last_seen": -62135596801000}', "time_past"),
    (41, CITY, city("1", '"9999-12-31T23:59:59Z"'), "time_future"),
    (42, CITY, city("1", '"infinity"'), "bad_time"),
    (43, CITY, city("1", '"2026-03-01T12:00:60Z"'), "bad_time"),
    (44, CITY, city("1", '"2026-03-01T24:00:00Z"'), "bad_time"),
    (45, CITY, city("1", '"2026-02-30T12:00:00Z"'), "bad_time"),
    (46, CITY, city("1", '"2026年3月1日"'), "bad_time"),
    (47, CITY, city("1", '"2026/03/01 12:00:00Z"'), "bad_time"),
    (49, CITY, city("1") + b" " * 256 * 1024, "too_large"),
    (50, "city/" + "x" * 65_000, city("1"), "bad_topic"),
    (51, "city" + "/x" * 200, city("1"), "bad_topic"),
    (52, "zigbee2mqtt/../../etc/passwd", b'{"temperature": 1}', "unknown_device"),
    (52, "zigbee2mqtt/\x00", b'{"temperature": 1}', "bad_topic"),
    (53, UP, up('"object": {"temperature": 1}', "0202020202020202"), "device_mismatch"),
    (57, CITY, gzip.compress(city("1"), mtime=0), "not_utf8"),
    (57, CITY, bytes.fromhex("81a3217573656e736f723a02f93c00"), "not_utf8"),
    (58, SENML, senml('"v": 70, "u": "[degF]"'), "wrong_unit"),
    (59, SENML, senml('"v": -300, "u": "Cel"'), "out_of_range"),
    (0, "nobody/reads/this", b"1", "no_decoder"),
    (0, CITY, city("1", '"2026-03-01T12:05:00.000001Z"'), "time_future"),
    (0, CITY, city("1", '"2026-01-30T11:59:59.999999Z"'), "time_past"),
    (0, CITY, b'{"ts": "2026-03-01T12:00:00Z"}', "wrong_shape"),
    (0, CITY, b'{"level": 1}', "wrong_shape"),
    (0, "city/old-town/7", city("1"), "bad_topic"),
    (0, "senml/x", b'[{"n": "sensor:pressure", "v": 1}]', "unknown_property"),
    (0, UP, up('"data": "qg=="'), "no_codec"),
    (0, "application/1/device/0101010101010101/event/new", up('"object": {}'), "bad_topic"),
]
# Odd, and right: (19) RFC 8259 leaves duplicate keys open, the last one counts; a seq that starts anew (54), grows past
# 2^63 (55) or repeats (56) does not matter where the measured time is the key.
GOOD = [
    (19, CITY, b'{"level": 1, "level": 2, "ts": "2026-03-01T12:00:00Z"}', (1, NOW_US, 2.0)),
    (34, CITY, city("1", '"2026-03-01T20:00:00+08:00"'), (1, NOW_US, 1.0)),
    (54, CITY, b'{"seq": 0, "level": 1, "ts": "2026-03-01T12:00:00Z"}', (1, NOW_US, 1.0)),
    (55, CITY, b'{"seq": 9223372036854775808, "level": 1, "ts": "2026-03-01T12:00:00Z"}', (1, NOW_US, 1.0)),
    (0, CITY, city("1", '"2026-03-01T12:05:00Z"'), (1, NOW_US + 300_000_000, 1.0)),
    (0, CITY, city("1", '"2026-01-30T12:00:00Z"'), (1, NOW_US - 30 * 86_400_000_000, 1.0)),
    (49, CITY, city("1").ljust(256 * 1024), (1, NOW_US, 1.0)),
    (0, UP, up('"object": {"in_service": true}'), (6, NOW_US + 123_456, 1.0)),
    (0, SENML, senml('"v": 0, "u": "℃"'), (3, NOW_US, 0.0)),
]


@pytest.mark.parametrize(("number", "topic", "payload", "code"), BAD)
def test_bad_input_is_set_aside_with_its_reason(number: int, topic: str, payload: bytes, code: str) -> None:
    found = sifted(message(topic, payload))
    assert codes(found) == [code]
    assert found.values == []
    (refusal,) = found.refusals
    assert refusal.reason.isprintable()
    assert refusal.topic.isprintable()
    assert refusal.payload == payload


@pytest.mark.parametrize(("number", "topic", "payload", "reading"), GOOD)
def test_odd_input_that_is_right_is_taken(
    number: int, topic: str, payload: bytes, reading: tuple[int, int, float]
) -> None:
    found = sifted(message(topic, payload))
    assert codes(found) == []
    assert list(zip(found.datastream_ids, found.times_us, found.values, strict=True)) == [reading]


def test_an_old_retained_state_is_counted_and_ignored() -> None:
    old = message(CITY, city("1", '"2019-03-01T12:00:00Z"'), is_retained=True)
    timeless = message("zigbee2mqtt/lamp", b'{"temperature": 21}', is_retained=True)
    found = sifted(old, timeless)
    assert (codes(found), found.values) == ([], [])
    assert sorted(
        (source, tally.messages, tally.received) for (_, source), tally in found.account.tallies().items()
    ) == [
        ("mapped", 1, 0),
        ("zigbee2mqtt", 1, 0),
    ]


def test_a_fresh_retained_reading_is_taken() -> None:
    fresh = message(CITY, city("1"), is_retained=True, received_us=NOW_US + 1_000_000)
    assert sifted(fresh).values == [1.0]


def test_one_bad_reading_does_not_cost_the_others_of_its_message() -> None:
    pack = b'[{"bn":"sensor:","n":"temperature","v":1},{"n":"pressure","v":2},{"n":"temperature","v":999,"t":-1}]'
    found = sifted(message(SENML, pack))
    assert (codes(found), found.values) == (["unknown_property", "out_of_range"], [1.0])


def test_health_and_words_of_a_known_device_are_no_matter_for_the_quarantine() -> None:
    state = b'{"temperature": 20, "battery": 80, "action": "single", "linkquality": 90, "color": {"x": 1}, "humidity": null}'
    found = sifted(message("zigbee2mqtt/lamp", state))
    assert (codes(found), found.values) == ([], [20.0])


def test_a_decoder_that_breaks_sets_the_message_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = Routes(SUBSCRIPTIONS)
    route = routes.find(SENML)
    assert route is not None

    def broken(topic: str, payload: bytes, received_us: int) -> list[object]:
        raise KeyError(payload)

    monkeypatch.setitem(routes._found, SENML, type(route)("senml", broken))  # type: ignore[arg-type]
    found = sift(decode([message(SENML, b"\x00"), message(CITY, city("1"))], routes), REGISTER, SETTINGS)
    assert (codes(found), found.values) == (["decoder_failed"], [1.0])


def test_an_unknown_topic_is_set_aside_with_the_decoder_that_comes_nearest() -> None:
    cases = {
        "application/1/device/0101010101010101/status": "chirpstack by application/+/device/+/event/+ comes nearest",
        "zigbee/lamp": "none comes near",
        "nobody/reads/this": "none comes near",
    }
    for topic, hint in cases.items():
        (refusal,) = sifted(message(topic, b"1")).refusals
        assert (refusal.reason_code, hint in refusal.reason) == ("no_decoder", True), refusal.reason


def test_topics_match_filters_as_mqtt_says() -> None:
    cases = [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$oc/#", "$oc/devices/1", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
    ]
    for one, topic, expected in cases:
        assert matches(one.split("/"), topic.split("/")) is expected, (one, topic)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
TOPICS = st.sampled_from(
    [UP, UP.replace("/up", "/status"), "zigbee2mqtt/lamp", "zigbee2mqtt/lamp/availability", SENML, CITY, "stray/x"]
)


@given(TOPICS, st.binary(max_size=200) | JSON.map(lambda tree: json.dumps(tree).encode()))
def test_nothing_in_a_payload_stops_the_stream(topic: str, payload: bytes) -> None:
    found = sifted(message(topic, payload), message(CITY, city("1")))
    assert found.values[-1:] == [1.0]
    assert all(math.isfinite(value) for value in found.values)
    assert found.account.tallies()


SENML_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.floats(allow_nan=False) for name in ("bt", "bv", "bs", "v", "s", "t")},
        **{
            name: st.sampled_from(["sensor:", "temperature", "", "a/b", "%RH", "Cel"])
            for name in ("bn", "n", "u", "bu")
        },
        "vb": st.booleans(),
        "vs": st.text(),
        "bver": st.integers(),
    },
)


@given(st.lists(SENML_FIELDS, max_size=5))
def test_no_senml_pack_stops_the_stream(pack: list[dict[str, object]]) -> None:
    found = sifted(message(SENML, json.dumps(pack).encode()), message(CITY, city("1")))
    assert found.values[-1:] == [1.0]
    assert all(abs(time_us - NOW_US) <= 30 * 86_400_000_000 for time_us in found.times_us)


def test_bad_input_through_the_broker_is_kept_with_reason_and_bytes(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "old-town-7", "depth", "cm", highest=500)
        sensors.stream(connection, "sensor", "temperature", "Cel", lowest=-60, highest=80)
        connection.execute(sa.text("UPDATE datastream SET stated_unit = 'Cel' WHERE property = 'temperature'"))
        sensors.stream(connection, "lamp", "temperature", "Cel", lowest=-60, highest=80)
        sensors.stream(connection, "0101010101010101", "temperature", "Cel", lowest=-60, highest=80)
    sent = list(publishable())
    with workplace.working(workplace.settings()):
        for topic, payload, _ in sent:
            city.send(topic, payload)
        city.send("senml/x", b'[{"n":"sensor:temperature","v":20}]')
        wait_until(lambda: accounted(engine) == len(sent) + 1)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT topic, payload, payload_bytes, reason_code FROM quarantine WHERE count = 1 ORDER BY id")
        ).all()
        total = account.total(connection)
    assert sorted(tuple(row) for row in rows) == sorted(
        (topic, payload[:65_536], len(payload), code) for topic, payload, code in sent
    )
    assert total == account.Tally(messages=len(sent) + 1, stored=1, quarantined=len(sent))


def publishable() -> Iterable[tuple[str, bytes, str]]:
    """Give the bad input that a broker lets through, with times that are bad today too."""
    for _, topic, payload, code in BAD:
        if (
            code not in {"bad_topic", "no_decoder"}
            and code != "time_future"
            and len(payload) < 1_000_000
            and "\0" not in topic
        ):
            yield (
                topic,
                payload.replace(b"2026-03-01T12:00:00.", today()).replace(b"2026-03-01T12:00:00Z", today() + b"0Z"),
                code,
            )
    yield "stray/x", b"\x00\x01", "not_json"


def today() -> bytes:
    return (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:00.").encode()


def accounted(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received


def test_the_same_refusal_counts_up_one_row(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
    with workplace.working(workplace.settings()):
        for _ in range(50):
            city.send("zigbee2mqtt/stranger", b'{"temperature": 1, "humidity": 2}')
        wait_until(lambda: accounted(engine) == 100)
    with engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT reason_code, reason, count, first_seen < last_seen FROM quarantine")
        ).one()
    assert tuple(row) == ("unknown_device", "no device is enrolled as stranger", 100, True)


def test_recorded_readings_go_to_the_tally_of_their_source() -> None:
    found = sifted(message(CITY, city("1")), message(SENML, senml('"v": 1')), message(SENML, b"x"))
    found.account.recorded(found.tallies, np.array([True, False]), np.array([False, True]))
    tallies = {source: tally for (_, source), tally in found.account.tallies().items()}
    assert tallies == {
        "mapped": account.Tally(messages=1, stored=1),
        "senml": account.Tally(messages=2, duplicate=1, conflict=1, quarantined=1),
    }


def test_one_message_fills_few_rows_of_the_quarantine_however_many_readings_it_holds() -> None:
    records = [{"n": f"stranger-{number}:temperature", "v": number} for number in range(5_000)]
    found = sifted(message(SENML, json.dumps(records).encode()), message(SENML, b"x"))
    assert len(found.refusals) == ROWS_A_MESSAGE + 1
    *_, last, other = found.refusals
    assert (last.count, last.reason) == (5_000 - ROWS_A_MESSAGE + 1, f"no device is enrolled as stranger-7{MORE}")
    assert (other.count, other.reason_code) == (1, "not_json")
    assert sum(tally.quarantined for tally in found.account.tallies().values()) == 5_001


def test_what_was_plain_is_judged_again_once_a_unit_has_gone_wrong_or_right() -> None:
    register = Register({("roof", "temperature"): Slot(1, -50, 60, "Cel", "Cel", thing_id=7)})

    def came(unit: str, value: float = 20.0) -> Sifted:
        body = json.dumps([{"n": "roof:temperature", "u": unit, "v": value, "t": NOW_US / 1e6}]).encode()
        found = sift(decode([message("senml/roof", body)], ROUTES), register, SETTINGS)
        register.learn(found)
        return found

    assert came("Cel").values == came("Cel").values == [20.0]
    assert len(register.plain) == 1
    assert [one.reason_code for one in came("Cel", 61.0).refusals] == ["out_of_range"]
    assert came("m").wrong_units == {1: "m"}
    assert came("Cel").mended == {1}
    assert came("Cel").mended == set()


def test_a_first_unit_is_stated_by_every_try_to_store_its_batch() -> None:
    register = Register({("roof", "temperature"): Slot(1, -50, 60, "Cel", thing_id=7)})
    body = json.dumps([{"n": "roof:temperature", "u": "Cel", "v": 20, "t": NOW_US / 1e6}]).encode()
    decoded = decode([message("senml/roof", body)] * 3, ROUTES)
    assert [sift(decoded, register, SETTINGS).first_units for _ in range(3)] == [{1: "Cel"}] * 3


def test_a_memory_of_topics_keeps_none_that_is_too_long() -> None:
    routes = Routes(SUBSCRIPTIONS)
    decode([message("senml/" + "x" * 2_000, b"{}")], routes)
    assert not routes._found
