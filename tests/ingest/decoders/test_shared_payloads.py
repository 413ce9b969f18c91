"""Payloads that the formats' own authors have published give exactly their readings."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ingest.decoders import find
from ingest.quarantine import Unreadable
from twin.terms import Reading

RECEIVED_US = 1_795_507_210_000_000
CHIRPSTACK = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/{eui}/event/{event}"
STATUS_US = 1_658_136_906_927_172  # 2022-07-18T09:35:06.927172638Z


def decode(name: str, topic: str, file: Path) -> list[Reading]:
    return find(name)(topic, file.read_bytes(), RECEIVED_US)


@pytest.mark.parametrize("event", ["join", "ack", "txack", "log", "location", "integration"])
def test_chirpstack_events_without_measurements_give_none(shared: Path, event: str) -> None:
    topic = CHIRPSTACK.format(eui="0016c001f000175a" if event == "integration" else "0101010101010101", event=event)
    assert decode("chirpstack", topic, shared / f"payloads/chirpstack_v4_{event}.json") == []


def test_the_chirpstack_status_gives_its_battery(shared: Path) -> None:
    topic = CHIRPSTACK.format(eui="0101010101010101", event="status")
    assert decode("chirpstack", topic, shared / "payloads/chirpstack_v4_status.json") == [
        Reading("0101010101010101", "battery", STATUS_US, 88.3, "%")
    ]


def test_the_chirpstack_uplink_has_no_codec_behind_it(shared: Path) -> None:
    topic = CHIRPSTACK.format(eui="0101010101010101", event="up")
    with pytest.raises(Unreadable) as why:
        decode("chirpstack", topic, shared / "payloads/chirpstack_v4_up.json")
    assert why.value.code == "no_codec"


def test_the_zigbee2mqtt_states_give_their_readings(shared: Path) -> None:
    folder = shared / "payloads"
    assert decode("zigbee2mqtt", "zigbee2mqtt/weather_sensor", folder / "zigbee2mqtt_weather_sensor.json") == [
        Reading("weather_sensor", "temperature", RECEIVED_US, -0.85)
    ]
    topic = "zigbee2mqtt/bulb_color/availability"
    assert decode("zigbee2mqtt", topic, folder / "zigbee2mqtt_availability.json") == [
        Reading("bulb_color", "available", RECEIVED_US, 0.0, "1")
    ]
    (pressed,) = decode("zigbee2mqtt", "zigbee2mqtt/button", folder / "zigbee2mqtt_button.json")
    assert (pressed.thing_key, pressed.property, math.isnan(pressed.value)) == ("button", "action", True)


# The authors' tool that resolved these drops data values (ex7), and its clock stands in those without a time.
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
def test_senml_packs_resolve_as_the_authors_say(shared: Path, number: int) -> None:
    pack = shared / f"payloads/senml/ex{number}.json"
    expected = json.loads(pack.with_suffix("").with_suffix(".gen.resolved.json").read_text())
    found = [one for one in decode("senml", "senml/x", pack) if not (number == 7 and one.property == "nfv-reader")]
    assert sorted(map(row, found)) == sorted(map(resolved, expected))


def row(one: Reading) -> tuple[str, str, float, str]:
    time_us = 0 if one.time_us == RECEIVED_US else one.time_us
    return f"{one.thing_key}|{one.property}", one.unit or "", time_us, repr(one.value)


def resolved(record: dict[str, object]) -> tuple[str, str, float, str]:
    """Write a resolved record as `row` does; times of the tool's own run (2017) are "now"."""
    name = str(record["n"])
    cut = max(name.rfind(":"), name.rfind("/"))
    time_s = float(str(record["t"]))
    time_us = 0 if 1.49e9 < time_s < 1.51e9 else round(time_s * 1_000_000)
    value = float(str(record["v"])) if "v" in record else float(bool(record["vb"])) if "vb" in record else math.nan
    unit = "1" if "vb" in record else str(record.get("u", ""))
    return f"{name[:cut]}|{name[cut + 1 :]}", unit, time_us, repr(value)
