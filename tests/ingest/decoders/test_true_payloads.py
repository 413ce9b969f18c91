"""All of the true payloads beside the checkout, each with exactly the readings it must give."""

import json
import math
import re
from pathlib import Path

import pytest

from ingest.decoders import Decode, find
from ingest.quarantine import Reason, Unreadable
from twin.terms import Reading

NOW = 1_795_507_200_000_000  # 2026-11-24T08:00:00Z
NAN = math.nan

Row = tuple[str, str, int, float, str | None]

EUI = "0101010101010101"
TTS = "0004a30b001c0530"
TTS_US = 1_581_520_545_789_585  # 2020-02-12T15:15:45.789585Z
OCTOBER_US = 1_602_411_194_000_000  # 2020-10-11T10:13:14Z
DEVICE = "urn:dev:ow:10e2073a01080063"
IPV6_US = 1_320_078_429_000_000  # 2011-10-31T16:27:09Z
IOTDA_US = 1_449_922_332_000_000  # 2015-12-12T12:12:12Z
ALINK_US = 1_524_448_722_000_000
NODE = "Sparkplug B Devices/Raspberry Pi"
PIBRELLA = f"{NODE}/Pibrella"
BIRTH_US = 1_486_144_502_122_000

# format, topic, file, readings; for the formats whose messages each stand alone
ALONE: list[tuple[str, str, str, list[Row]]] = [
    ("chirpstack", f"application/1/device/{EUI}/event/status", "chirpstack_v4_status.json",
        [(EUI, "battery", 1_658_136_906_927_172, 88.3, "%")]),
    ("chirpstack", f"application/1/device/{EUI}/event/join", "chirpstack_v4_join.json", []),
    ("chirpstack", f"application/1/device/{EUI}/event/ack", "chirpstack_v4_ack.json", []),
    ("chirpstack", f"application/1/device/{EUI}/event/txack", "chirpstack_v4_txack.json", []),
    ("chirpstack", f"application/1/device/{EUI}/event/log", "chirpstack_v4_log.json", []),
    ("chirpstack", f"application/1/device/{EUI}/event/location", "chirpstack_v4_location.json", []),
    ("chirpstack", "application/1/device/0016c001f000175a/event/integration", "chirpstack_v4_integration.json", []),
    ("zigbee2mqtt", "zigbee2mqtt/weather_sensor", "zigbee2mqtt_weather_sensor.json",
        [("weather_sensor", "temperature", NOW, -0.85, None)]),
    ("zigbee2mqtt", "zigbee2mqtt/button", "zigbee2mqtt_button.json", [("button", "action", NOW, NAN, None)]),
    ("zigbee2mqtt", "zigbee2mqtt/bulb_color/availability", "zigbee2mqtt_availability.json",
        [("bulb_color", "available", NOW, 0.0, "1")]),
    ("sensorthings", "v1.1/Datastreams(999)/Observations", "sensorthings_mqtt_create_observation.json",
        [("Datastreams(999)", "result", OCTOBER_US, 49.0, None)]),
    ("sensorthings", "v1.1/Observations", "sensorthings_mqtt_create_observation_linked.json",
        [("Datastreams(999)", "result", OCTOBER_US, 49.0, None)]),
    ("tasmota", "tele/tasmota/SENSOR", "tasmota_tele_SENSOR.json",
        [("tasmota", "DS18B20.Temperature", 1_487_211_232_000_000, 20.6, None)]),  # 10:13:52 at +08:00
    ("tasmota", "stat/tasmota/POWER", "tasmota_stat_POWER.txt", [("tasmota", "POWER", NOW, 1.0, "1")]),
    ("thethingsstack", "v3/app1@tenant1/devices/dev1/up", "tts_v3_up.json",
        [(TTS, "temperature", TTS_US, 1.0, None), (TTS, "luminosity", TTS_US, 0.64, None),
            (TTS, "rssi", TTS_US, -35.0, "dBm")]),
    ("huawei", "$oc/devices/d/sys/properties/report", "huawei_iotda_properties_report.json", [
        ("d", "Temperature.value", IOTDA_US, 57.0, None), ("d", "Temperature.value2", IOTDA_US, 60.0, None),
        ("d", "Battery.level", IOTDA_US, 80.0, None), ("d", "Battery.level2", IOTDA_US, 90.0, None)]),
    ("huawei", "$oc/devices/d/sys/events/up", "huawei_iotda_subdevice_status.json", [
        ("bf40f0c4-4022-41c6-a201-c5133122054a", "available", IOTDA_US, 1.0, "1"),
        ("4459c0f7-10bb-4718-9b07-7a82c2d508a5", "available", IOTDA_US, 1.0, "1")]),
    ("aliyun", "/sys/pk/dn/thing/event/property/post", "aliyun_alink_property_post.json",
        [("pk/dn", "Power", ALINK_US, NAN, None), ("pk/dn", "WF", ALINK_US, 23.6, None)]),
    ("aliyun", "/sys/pk/dn/thing/event/property/post", "aliyun_alink_property_post_bare_values.json",
        [("pk/dn", "Power", NOW, NAN, None), ("pk/dn", "WF", NOW, 23.6, None)]),
    ("onenet", "$sys/pid/dn/thing/property/post", "onenet_onejson_property_post.json",
        [("pid/dn", "power", 1_524_448_722_123_000, 30.5, None)]),
    ("onenet", "$sys/pid/dn/dp/post/json", "onenet_legacy_dp_post.json", [
        ("pid/dn", "temperatrue", 1_552_289_676_000_000, 30.0, None),
        ("pid/dn", "power", 1_552_289_676_000_000, 4.5, None),
        ("pid/dn", "status.color", 1_552_289_677_000_000, NAN, None),
        ("pid/dn", "status.color", 1_552_289_678_000_000, NAN, None)]),
    ("senml", "any", "senml/ex7.json", [
        (DEVICE, "temp", NOW, 23.1, "Cel"), (DEVICE, "label", NOW, NAN, None),
        (DEVICE, "open", NOW, 0.0, "1"), (DEVICE, "nfv-reader", NOW, NAN, None)]),
    ("senml", "any", "senml/ex13.json", [
        ("2001:db8:", "3", IPV6_US, 0.5, "/"), ("2001:db8:", "4", IPV6_US, 0.5, "/"),
        ("2001:db8:", "3", IPV6_US + 100_000, 0.0, "/"), ("2001:db8:", "4", IPV6_US + 100_000, 0.0, "/")]),
]  # fmt: skip

# For these the authors of RFC 8428 have published what they resolve to. Their vector of ex7 leaves the data out.
RESOLVED = ("ex1", "ex2", "ex3", "ex4", "ex5", "ex6", "ex8", "ex9", "ex10", "ex11", "ex12")
LAST_SEPARATOR = re.compile(r"[:/](?=[^:/]*$)")
IN_CBOR = ("ex3", "ex5")

REFUSED: dict[str, tuple[str, str, Reason]] = {
    "chirpstack_v4_up.json": ("chirpstack", f"application/1/device/{EUI}/event/up", Reason.NO_CODEC),
    "chirpstack_v4_up.pb": ("chirpstack", f"application/1/device/{EUI}/event/up", Reason.NOT_UTF8),
    "tts_v3_up_AS_PUBLISHED.json": ("thethingsstack", "v3/app1@tenant1/devices/dev1/up", Reason.NOT_JSON),
}

# Messages that are read by what came before them, in the order they are sent.
IN_ORDER: dict[str, list[tuple[str, str, list[Row]]]] = {
    "sparkplug": [
        ("spBv1.0/Sparkplug B Devices/NBIRTH/Raspberry Pi", "sparkplugb_NBIRTH.bin", [
            (NODE, "available", BIRTH_US, 1.0, "1"), (NODE, "Properties/Hardware Make", BIRTH_US, NAN, None),
            (NODE, "Supply Voltage", BIRTH_US, 12.100000381469727, None)]),
        ("spBv1.0/Sparkplug B Devices/DBIRTH/Raspberry Pi/Pibrella", "sparkplugb_DBIRTH.bin", [
            (PIBRELLA, "available", BIRTH_US, 1.0, "1"),
            (PIBRELLA, "Inputs/A", BIRTH_US, 0.0, "1"), (PIBRELLA, "Inputs/C", BIRTH_US, 0.0, "1")]),
        ("spBv1.0/Sparkplug B Devices/DDATA/Raspberry Pi/Pibrella", "sparkplugb_DDATA.bin",
            [(PIBRELLA, "Inputs/A", BIRTH_US, 1.0, "1"), (PIBRELLA, "Inputs/C", BIRTH_US, 1.0, "1")]),
        ("spBv1.0/Sparkplug B Devices/DDATA/Raspberry Pi/Pibrella", "sparkplugb_DDATA_alias_only.bin",
            [(PIBRELLA, "Inputs/A", BIRTH_US, 1.0, "1")]),
    ],
    "homeassistant": [
        ("homeassistant/sensor/0x0017880104e45522/temperature/config", "ha_discovery_sensor_config.json", []),
        ("homeassistant/switch/irrigation/config", "ha_discovery_abbreviated.json", []),
        ("homeassistant/binary_sensor/garden/config", "ha_discovery_binary_sensor.json", []),
        ("zigbee2mqtt/weather_sensor", "ha_state_sensor.json",
            [("0x0017880104e45522", "temperature", NOW, 23.2, "°C")]),
        ("homeassistant/switch/irrigation/state", "ha_state_binary_sensor.txt",
            [("irrigation", "state", NOW, 1.0, "1")]),
        ("homeassistant/binary_sensor/garden/state", "ha_state_binary_sensor.txt",
            [("garden", "motion", NOW, 1.0, "1")]),
    ],
    "homie": [
        ("homie/5/super-car/$description", "homie5_description.json", []),
        ("homie/5/super-car/engine/temperature", "homie5_property_temperature.txt",
            [("super-car", "engine/temperature", NOW, 21.5, "°C")]),
    ],
}  # fmt: skip
NOT_READ = {"README.md", "sparkplugb_index.json", "senml/ex7.gen.resolved.json"}


@pytest.fixture(scope="module")
def payloads(shared: Path) -> Path:
    folder = shared / "payloads"
    if not folder.is_dir():
        pytest.skip("no payloads in ../shared")
    return folder


def _rows(decode: Decode, topic: str, file: Path) -> list[str]:
    return [_row(one) for one in decode(topic, file.read_bytes(), NOW)]


def _row(one: Reading) -> str:
    """Write a reading, so that NaN equals NaN."""
    return repr((one.thing_key, one.property, one.time_us, one.value, one.unit))


@pytest.mark.parametrize(("name", "topic", "file", "rows"), ALONE, ids=[case[2] for case in ALONE])
def test_a_true_payload_gives_its_readings(payloads: Path, name: str, topic: str, file: str, rows: list[Row]) -> None:
    decode = find(name, zone="Asia/Shanghai" if name == "tasmota" else None)
    assert _rows(decode, topic, payloads / file) == [repr(row) for row in rows]


@pytest.mark.parametrize("name", IN_ORDER)
def test_what_a_device_said_of_itself_makes_its_messages_readable(payloads: Path, name: str) -> None:
    decode = find(name)
    for topic, file, rows in IN_ORDER[name]:
        assert _rows(decode, topic, payloads / file) == [repr(row) for row in rows], file


@pytest.mark.parametrize("file", REFUSED)
def test_a_payload_that_cannot_be_read_is_refused_with_its_reason(payloads: Path, file: str) -> None:
    name, topic, code = REFUSED[file]
    with pytest.raises(Unreadable) as refused:
        find(name)(topic, (payloads / file).read_bytes(), NOW)
    assert refused.value.code is code


@pytest.mark.parametrize("example", RESOLVED)
def test_senml_resolves_as_the_authors_of_the_rfc_resolved_it(payloads: Path, example: str) -> None:
    """Where an example states no time, their vectors have another now (ex1, ex2, ex9)."""
    resolved = json.loads((payloads / f"senml/{example}.gen.resolved.json").read_bytes())
    has_time = example not in ("ex1", "ex2", "ex9")
    readings = find("senml")("any", (payloads / f"senml/{example}.json").read_bytes(), NOW)
    assert [(f"{one.thing_key}?{one.property}", one.unit, one.time_us, one.value) for one in readings] == [
        (LAST_SEPARATOR.sub("?", one["n"]), one["u"], round(one["t"] * 1e6) if has_time else NOW, one["v"])
        for one in resolved
    ]


@pytest.mark.parametrize("example", IN_CBOR)
def test_senml_in_cbor_gives_what_its_json_gives(payloads: Path, example: str) -> None:
    in_json = _rows(find("senml"), "any", payloads / f"senml/{example}.json")
    assert in_json
    assert _rows(find("senml"), "any", payloads / f"senml/{example}.cbor") == in_json


def test_each_file_is_read_by_a_test(payloads: Path) -> None:
    there = {str(file.relative_to(payloads)) for file in payloads.rglob("*") if file.is_file()}
    senml = {f"senml/{example}.{end}" for example in RESOLVED for end in ("json", "gen.resolved.json")}
    senml |= {f"senml/{example}.cbor" for example in IN_CBOR}
    in_order = {file for messages in IN_ORDER.values() for _, file, _ in messages}
    read = {file for _, _, file, _ in ALONE} | REFUSED.keys() | in_order | senml
    assert there - NOT_READ - read == set()
