"""What is dressed as a real device's payload is read back by the decoder of its format as the same readings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from ingest import decoders
from ingest.dress import dress
from ingest.values import RSSI
from twin import units
from twin.enrolment import Device, Stream
from twin.errors import Refused
from twin.terms import Reading

CITY = Path(__file__).resolve().parents[2] / "demo/city.toml"
TIME_US = 1_772_366_400_123_000
STREAMS = (
    Stream("in_service", "1", 0, 1),
    Stream("contact", "1", 0, 1),
    Stream("open", "1", 0, 1),
    Stream("temperature", "Cel", -40, 60),
    Stream("humidity", "%", 0, 100),
    Stream("laeq", "dB(A)", 10, 140),
    Stream("pm2_5", "ug/m3", 0, 1000),
    Stream("battery", "%", 0, 100),
)
DEVICES = {
    "chirpstack": ("0004a30b001c0001", "application/7/device/0004a30b001c0001/event/up"),
    "zigbee2mqtt": ("house/door 1", "zigbee2mqtt/house/door 1"),
    "senml": ("urn:dev:mac:0024befffe804ff1", "senml/air/1"),
    "mapped": ("gate-1", "city/gate/gate-1"),
}


def device(form: str) -> Device:
    key, topic = DEVICES[form]
    return Device(key, "Device", None, "lift", form, topic, 7.4, 43.7, 60, True, None, STREAMS, ())


LIFT_OR_GATE = (
    {"in_service": 0.0, "battery": 91.0},
    {"in_service": 1.0},
    {"open": 0.0, "battery": 0.0},
    {"in_service": 2.0},
)
OTHERS = ({"contact": 1.0}, {"temperature": -3.25, "humidity": 71.5, "laeq": 61.2}, {"pm2_5": 12.3})
# the demo's mapping knows lifts and gates
CASES = [
    *((form, values) for form in DEVICES for values in LIFT_OR_GATE),
    *((form, values) for form in DEVICES if form != "mapped" for values in OTHERS),
]


@pytest.mark.parametrize(("form", "values"), CASES)
def test_a_dressed_payload_is_read_back_as_the_same_readings(form: str, values: dict[str, float]) -> None:
    one = device(form)
    decode = decoders.find(form, CITY if form == "mapped" else None)
    readings = [r for r in decode(one.topic, dress(one, values, TIME_US, 3), 0) if r.property != RSSI]
    assert [(r.thing_key, r.property, r.time_us, r.value) for r in readings] == [
        (one.key, name, TIME_US, value) for name, value in values.items()
    ]
    assert all(_is_registered_unit(reading) for reading in readings)


@pytest.mark.parametrize("form", DEVICES)
def test_the_same_report_is_the_same_bytes(form: str) -> None:
    first, again, later = (dress(device(form), {"open": 1.0}, TIME_US + late, 5) for late in (0, 0, 1_000))
    assert first == again != later


def test_an_uplink_has_the_fields_of_a_real_one() -> None:
    uplink = msgspec.json.decode(dress(device("chirpstack"), {"in_service": 0.0}, TIME_US, 0))
    assert uplink["time"] == "2026-03-01T12:00:00.123000000+00:00"
    assert uplink["object"] == {"in_service": False}
    assert "fCnt" not in uplink
    assert msgspec.json.decode(dress(device("chirpstack"), {"in_service": 0.0}, TIME_US, 7))["fCnt"] == 7


def test_a_format_without_a_dress_and_a_wrong_topic_are_refused() -> None:
    with pytest.raises(Refused, match="no payloads are made in the format tasmota"):
        dress(replace(device("senml"), format="tasmota"), {}, 0)
    with pytest.raises(Refused, match="is not application/ID"):
        dress(replace(device("chirpstack"), topic="application/7"), {}, 0)


def _is_registered_unit(reading: Reading) -> bool:
    registered = {stream.property: stream.unit for stream in STREAMS}
    return units.is_same(reading.unit, registered[reading.property])
