"""Dress readings as the payloads that real devices and their gateways send; the decoders are the other way round."""

from __future__ import annotations

import base64
import struct
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from twin.enrolment import Device
from twin.errors import Refused

__all__ = ["dress"]

SECOND_US = 1_000_000
SENML_UNITS = {"battery": "%EL", "humidity": "%RH", "laeq": "dB"}  # RFC 8428 12.1, where it is not UCUM's
LEVELS = 6  # application/ID/device/EUI/event/up

Values = Mapping[str, float]


def dress(device: Device, values: Values, time_us: int, number: int = 0) -> bytes:
    """Write values of one moment [microseconds since 1970] as the device's payload; `number` counts its messages.

    The same arguments give the same bytes, so that a message sent twice is a duplicate. Raises Refused for a format
    that has no dress.
    """
    write = FORMATS.get(device.format)
    if write is None:
        raise Refused(
            f"{device.key}: no payloads are made in the format {device.format}; there are {', '.join(FORMATS)}"
        )
    return write(device, values, time_us, number)


def chirpstack(device: Device, values: Values, time_us: int, number: int) -> bytes:
    """Write a ChirpStack v4 uplink as the codec of the device profile has read it.

    protobuf's JSON leaves fields out that are zero (fCnt of the first uplink), but not inside `object`.
    """
    levels = device.topic.split("/")
    if len(levels) != LEVELS:
        raise Refused(f"{device.key}: topic {device.topic} is not application/ID/device/DEV_EUI/event/up")
    raw = b"".join(struct.pack(">f", value) for value in values.values())
    uplink = {
        "deduplicationId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{device.key} {time_us} {number}")),
        "time": _iso(time_us, digits=9),
        "deviceInfo": _device_info(device, levels[1]),
        "devAddr": f"{uuid.uuid5(uuid.NAMESPACE_OID, device.key).int & 0xFFFFFFFF:08x}",
        "adr": True,
        "dr": 5,
        **({"fCnt": number} if number else {}),
        "fPort": 1,
        "data": base64.b64encode(raw).decode(),
        "object": {name: _plain(device, name, value) for name, value in values.items()},
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "uplinkId": number + 1, "rssi": -87, "snr": 8.5}],
        "txInfo": {
            "frequency": 868_100_000,
            "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 7, "codeRate": "CR_4_5"}},
        },
    }
    return msgspec.json.encode(uplink)


def _device_info(device: Device, application: str) -> dict[str, object]:
    return {
        "tenantName": "ChirpStack",
        "applicationId": application,
        "applicationName": "linli",
        "deviceProfileName": device.kind,
        "deviceName": device.name,
        "devEui": device.key,
        "tags": {},
    }


def zigbee2mqtt(device: Device, values: Values, time_us: int, _number: int) -> bytes:
    """Write a Zigbee2MQTT state with `last_seen: ISO_8601` switched on: without it a state has no time of its own."""
    state = {name: _plain(device, name, value) for name, value in values.items()}
    return msgspec.json.encode(state | {"linkquality": 120, "last_seen": _iso(time_us, digits=3, zone="Z")})


def senml(device: Device, values: Values, time_us: int, _number: int) -> bytes:
    """Write a SenML pack (RFC 8428): the base record names device and time, each record a property."""
    units = {stream.property: stream.unit for stream in device.streams}
    records: list[dict[str, object]] = []
    for name, value in values.items():
        plain = _plain(device, name, value)
        if isinstance(plain, bool):
            records.append({"n": name, "vb": plain})
        else:
            records.append({"n": name, "u": SENML_UNITS.get(name, units.get(name)), "v": plain})
    return msgspec.json.encode([{"bn": f"{device.key}:", "bt": time_us / SECOND_US, **records[0]}, *records[1:]])


def mapped(device: Device, values: Values, time_us: int, _number: int) -> bytes:
    """Write plain JSON as a city's own gateway might; demo/city.toml is the mapping that reads it."""
    said = {name: _plain(device, name, value) for name, value in values.items()}
    return msgspec.json.encode({"device": device.key, "ts": _iso(time_us, digits=6), "values": said})


def _plain(device: Device, name: str, value: float) -> bool | float:
    """Give a 0/1 property as the boolean that devices send, other values as they are."""
    is_flag = any(stream.property == name and stream.unit == "1" for stream in device.streams)
    return bool(value) if is_flag and value in (0, 1) else value


def _iso(time_us: int, *, digits: int, zone: str = "+00:00") -> str:
    """Write a time in UTC with so many decimals of a second, those past the microsecond as zeros."""
    seconds, micro = divmod(time_us, SECOND_US)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{micro:06d}000"[: len(whole) + 1 + digits] + zone


FORMATS: Mapping[str, Callable[[Device, Values, int, int], bytes]] = {
    "chirpstack": chirpstack,
    "zigbee2mqtt": zigbee2mqtt,
    "senml": senml,
    "mapped": mapped,
}
