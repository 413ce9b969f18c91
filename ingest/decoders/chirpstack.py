"""ChirpStack v4 events in JSON, `application/ID/device/DEV_EUI/event/EVENT`.

The JSON is protobuf's: fields whose value is zero are left out. The thing key is the device EUI in lower case, the
properties are the leaves of what the device profile's codec made (`object`), dotted where nested, and `rssi` [dBm] of the gateway that heard it best.
Source: chirpstack.io, integrations/events.
"""

from __future__ import annotations

import msgspec

from ingest.payload import from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_iso
from ingest.values import heard, readings
from twin.terms import Reading

TOPIC_LEVELS = 6  # application, ID, device, EUI, event, EVENT
WITHOUT_READINGS = frozenset({"join", "ack", "txack", "log", "location", "integration"})


class DeviceInfo(msgspec.Struct, rename="camel"):
    """Which device an event is about."""

    dev_eui: str = ""


class Gateway(msgspec.Struct):
    """How well one gateway heard an uplink [dBm]; a value of 0, which no radio has, is left out."""

    rssi: float | None = None


class Event(msgspec.Struct, rename="camel"):
    """The fields of up and status events that carry readings; the defaults are protobuf's zeros."""

    device_info: DeviceInfo = msgspec.field(default_factory=DeviceInfo)
    time: str = ""
    data: str = ""
    decoded: dict[str, object] | None = msgspec.field(name="object", default=None)
    rx_info: list[Gateway] = []
    battery_level: float = 0.0
    battery_level_unavailable: bool = False
    external_power_source: bool = False


DECODER = msgspec.json.Decoder(Event)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one event: uplinks by their codec's object, status by its battery [%]; the others hold no readings."""
    levels = topic.split("/")
    if len(levels) != TOPIC_LEVELS or levels[4] != "event":
        raise Unreadable(Reason.BAD_TOPIC, "not application/ID/device/DEV_EUI/event/EVENT")
    event = from_json(payload, DECODER)
    if levels[5] in WITHOUT_READINGS:
        return []
    key = _device(event, levels[3])
    time_us = from_iso(event.time) if event.time else received_us
    if levels[5] == "up":
        return _uplink(event, key, time_us)
    if levels[5] == "status":
        return _status(event, key, time_us)
    raise Unreadable(Reason.BAD_TOPIC, f"no ChirpStack v4 event: {printable(levels[5])}")


def _device(event: Event, in_topic: str) -> str:
    key = event.device_info.dev_eui.lower()
    if not key:
        raise Unreadable(Reason.NO_DEVICE, "no deviceInfo.devEui")
    if key != in_topic.lower():
        raise Unreadable(Reason.DEVICE_MISMATCH, f"devEui {printable(key)} on the topic of {printable(in_topic)}")
    return key


def _uplink(event: Event, key: str, time_us: int) -> list[Reading]:
    if event.decoded is None and event.data:
        raise Unreadable(Reason.NO_CODEC, "bytes without an object: the device profile has no codec")
    said = (event.decoded or {}).items()
    found = [reading for name, value in said for reading in readings(key, name, value, time_us)]
    return [*found, *heard(key, time_us, (gateway.rssi for gateway in event.rx_info))]


def _status(event: Event, key: str, time_us: int) -> list[Reading]:
    """Read the battery; a level of 0 is left out of the JSON, so its absence means 0 unless said otherwise."""
    if event.battery_level_unavailable or event.external_power_source:
        return []
    return [Reading(key, "battery", time_us, event.battery_level, "%")]
