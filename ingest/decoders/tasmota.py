"""Tasmota's telemetry and results, `tele/DEVICE/SENSOR` and the like, or with the prefix last (`DEVICE/tele/SENSOR`).

The thing key is the device's topic. Properties are the dotted leaves of SENSOR (`DS18B20.Temperature`), and POWER,
POWER1 and so on. `Time` has no zone unless the user has switched SetOption52 on: the subscription's `zone` is the
device's. An `Epoch` beside it wins.
Source: tasmota.github.io, MQTT and JSON status responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import tzinfo
from math import isnan

import msgspec
from msgspec.structs import replace

from ingest.payload import BOOLEAN_UNIT, NAN, follow, from_json, to_number
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_epoch, from_iso
from ingest.values import available, heard, readings, utf8
from twin.terms import Reading

PREFIXES = frozenset({"tele", "stat", "cmnd"})
POWER = re.compile(r"POWER\d{0,2}")
SWITCHED = {"ON": 1.0, "OFF": 0.0}
CONNECTED = {"Online": True, "Offline": False}
ABOUT = frozenset({"Time", "Epoch", "TempUnit", "PressureUnit", "SpeedUnit"})  # about the other fields
IN_CELSIUS_OR_FAHRENHEIT = frozenset({"Temperature", "DewPoint"})
TEMPERATURE_UNITS = {"C": "Cel", "F": "[degF]"}

OBJECT = msgspec.json.Decoder(dict[str, object])


def local(zone: tzinfo | None) -> Callable[[str, bytes, int], list[Reading]]:
    """Make the decoder for devices of one time zone; None refuses times that do not state theirs."""

    def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
        prefix, device, kind = _parts(topic)
        if prefix == "cmnd":
            return []
        if kind == "LWT":
            return [_connected(device, payload, received_us)]
        if prefix == "stat" and POWER.fullmatch(kind):
            return [_switched(device, kind, utf8(payload), received_us)]
        if kind not in ("SENSOR", "STATE", "RESULT", "STATUS8", "STATUS10", "STATUS11"):
            return []
        said = from_json(payload, OBJECT)
        said = _within(said, "StatusSNS" if kind in ("STATUS8", "STATUS10") else "StatusSTS", kind)
        time_us = _time_us(said, received_us, zone)
        found = _sensors(device, said, time_us) if kind in ("SENSOR", "STATUS8", "STATUS10") else iter(())
        return [*_powers(device, said, time_us), *found, *_signal(device, said, time_us)]

    return decode


def _parts(topic: str) -> tuple[str, str, str]:
    """Give prefix, device and kind; FullTopic is `%prefix%/%topic%/` as shipped, `%topic%/%prefix%/` by custom."""
    first, _, rest = topic.partition("/")
    device, _, kind = rest.rpartition("/")
    if first in PREFIXES and device:
        return first, device, kind
    device, _, prefix = topic.rpartition("/")[0].rpartition("/")
    if prefix in PREFIXES and device:
        return prefix, device, topic.rpartition("/")[2]
    raise Unreadable(Reason.BAD_TOPIC, "neither tele/DEVICE/KIND nor DEVICE/tele/KIND")


def _within(said: dict[str, object], name: str, kind: str) -> dict[str, object]:
    if not kind.startswith("STATUS"):
        return said
    inner = said.get(name)
    if not isinstance(inner, dict):
        raise Unreadable(Reason.WRONG_SHAPE, f"no {name} in a {kind}")
    return inner


def _powers(device: str, said: dict[str, object], time_us: int) -> Iterator[Reading]:
    return (_switched(device, name, value, time_us) for name, value in said.items() if POWER.fullmatch(name))


def _signal(device: str, said: dict[str, object], time_us: int) -> list[Reading]:
    """Read the strength of the WiFi signal in a STATE; its `RSSI` is a quality in %, `Signal` is in dBm."""
    stated = to_number(follow(said, ("Wifi", "Signal")))
    return heard(device, time_us, [None if isnan(stated) else stated])


def _switched(device: str, name: str, value: object, time_us: int) -> Reading:
    return Reading(device, name, time_us, SWITCHED.get(value, NAN) if isinstance(value, str) else NAN, BOOLEAN_UNIT)


def _connected(device: str, payload: bytes, received_us: int) -> Reading:
    word = utf8(payload)
    if word not in CONNECTED:
        raise Unreadable(Reason.WRONG_SHAPE, f"last will is neither Online nor Offline: {printable(word)}")
    return available(device, received_us, is_available=CONNECTED[word])


def _sensors(device: str, said: dict[str, object], time_us: int) -> Iterator[Reading]:
    """Give the leaves; a null is a sensor that failed, and NaN. Of an array, each element (ENERGY on three phases)."""
    unit = TEMPERATURE_UNITS.get(str(said.get("TempUnit")))
    for name, value in said.items():
        if name in ABOUT or POWER.fullmatch(name):
            continue
        for reading in _spread(device, name, value, time_us):
            is_temperature = reading.property.rpartition(".")[2] in IN_CELSIUS_OR_FAHRENHEIT
            yield replace(reading, unit=unit) if is_temperature else reading


def _spread(device: str, name: str, value: object, time_us: int) -> Iterator[Reading]:
    if isinstance(value, dict):
        for inner, plain in value.items():
            yield from _spread(device, f"{name}.{inner}", plain, time_us)
    elif isinstance(value, list):
        for index, plain in enumerate(value):
            yield from readings(device, f"{name}[{index}]", plain, time_us)
    elif isinstance(value, str) and value in SWITCHED:
        yield _switched(device, name, value, time_us)
    else:
        yield from readings(device, name, value, time_us, to_number)


def _time_us(said: dict[str, object], received_us: int, zone: tzinfo | None) -> int:
    """Read `Epoch`, else `Time`: text, or seconds since 1970 as `Time 3` has it; else the time of arrival."""
    stated = said.get("Epoch", said.get("Time"))
    if stated is None:
        return received_us
    return from_iso(stated, zone) if isinstance(stated, str) else from_epoch(stated, "epoch_s")
