"""Zigbee2MQTT device states, `zigbee2mqtt/FRIENDLY_NAME` and `zigbee2mqtt/FRIENDLY_NAME/availability`.

The first level is the base topic; the rest is the friendly name, slashes and all, and the thing key. States are
partial and carry no time unless the user has switched `last_seen` on (ISO 8601, or epoch milliseconds).
Source: zigbee2mqtt.io, MQTT topics and messages; device availability.
"""

from __future__ import annotations

import msgspec

from ingest.payload import BOOLEAN_UNIT, from_json, to_number
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_epoch, from_iso
from ingest.values import available
from twin.terms import Reading

# What the bridge says of radio, firmware and itself; no measurement of the place.
DIAGNOSTIC = frozenset(
    {"last_seen", "linkquality", "voltage", "device_temperature", "power_outage_count", "trigger_count", "elapsed"}
    | {"update", "update_available", "identify"}
)
COMMANDS = frozenset({"set", "get"})  # what others ask of the device
SWITCHED = {"ON": 1.0, "OFF": 0.0}

STATE = msgspec.json.Decoder(dict[str, object])


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one state; numbers, booleans and ON/OFF are readings, a null is a value not known yet and none."""
    _, _, name = topic.partition("/")
    if not name:
        raise Unreadable(Reason.BAD_TOPIC, "no friendly name in the topic")
    if name.startswith("bridge/"):
        return []
    device, slash, last = name.rpartition("/")
    if slash and last in COMMANDS:
        return []
    if slash and last == "availability":
        return [_availability(device, payload, received_us)]
    state = from_json(payload, STATE)
    time_us = _last_seen(state.get("last_seen"), received_us)
    return [_reading(name, key, value, time_us) for key, value in state.items() if _is_measured(key, value)]


def _is_measured(key: str, value: object) -> bool:
    return value is not None and key not in DIAGNOSTIC and not isinstance(value, dict)


def _reading(device: str, key: str, value: object, time_us: int) -> Reading:
    if isinstance(value, bool):
        return Reading(device, key, time_us, float(value), BOOLEAN_UNIT)
    if isinstance(value, str) and value in SWITCHED:
        return Reading(device, key, time_us, SWITCHED[value], BOOLEAN_UNIT)
    return Reading(device, key, time_us, to_number(value), text=value if isinstance(value, str) else None)


def _availability(device: str, payload: bytes, received_us: int) -> Reading:
    """Read `{"state": "online"}`, or the bare word of releases before 2.0."""
    bare = payload.strip()
    said = bare.decode() if bare in {b"online", b"offline"} else from_json(payload, STATE).get("state")
    if said not in ("online", "offline"):
        raise Unreadable(Reason.WRONG_SHAPE, f"availability is neither online nor offline: {printable(str(said))}")
    return available(device, received_us, is_available=said == "online")


def _last_seen(stated: object, received_us: int) -> int:
    if stated is None:
        return received_us
    return from_iso(stated) if isinstance(stated, str) else from_epoch(stated, "epoch_ms")
