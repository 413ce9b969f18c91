"""The Things Stack v3 uplinks, `v3/APPLICATION@TENANT/devices/DEVICE/up`; other events hold no readings.

The thing key is the device EUI in lower case, as for ChirpStack, so that a radio keeps its key when the network server
changes; `APPLICATION@TENANT/DEVICE` for a device that has none. Properties are the dotted leaves of `decoded_payload`,
and `rssi` [dBm] of the gateway that heard it best.
Of the three clocks the network server's counts (`uplink_message.received_at`): the gateways' may be wrong or missing,
the application server's is later. Fields whose value is zero or empty are left out.
Source: thethingsindustries.com, data formats; MQTT server.
"""

from __future__ import annotations

import msgspec

from ingest.payload import from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_iso
from ingest.values import heard, readings
from twin.terms import Reading

TOPIC_LEVELS = 5  # v3, APPLICATION@TENANT, devices, DEVICE, up
WITHOUT_READINGS = frozenset({"join", "down", "service", "location"})


class DeviceIds(msgspec.Struct):
    """Which device an uplink is from."""

    device_id: str = ""
    dev_eui: str = ""


class Battery(msgspec.Struct):
    """The battery as the device last told the network; a value of 0 is left out."""

    value: float = 0.0
    received_at: str | None = None


class Gateway(msgspec.Struct):
    """How well one gateway heard an uplink [dBm]."""

    rssi: float | None = None


class UplinkMessage(msgspec.Struct):
    """The fields of an uplink that carry readings."""

    decoded_payload: dict[str, object] | None = None
    frm_payload: str = ""
    received_at: str | None = None
    last_battery_percentage: Battery | None = None
    rx_metadata: list[Gateway] = []


class Up(msgspec.Struct):
    """An uplink event."""

    end_device_ids: DeviceIds = msgspec.field(default_factory=DeviceIds)
    received_at: str | None = None
    uplink_message: UplinkMessage = msgspec.field(default_factory=UplinkMessage)
    simulated: bool = False


DECODER = msgspec.json.Decoder(Up)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one uplink. Raises Unreadable for bytes that no payload formatter has decoded, and for simulated ones."""
    levels = topic.split("/")
    if len(levels) < TOPIC_LEVELS or levels[0] != "v3" or levels[2] != "devices":
        raise Unreadable(Reason.BAD_TOPIC, "not v3/APPLICATION@TENANT/devices/DEVICE/EVENT")
    if levels[4] in WITHOUT_READINGS:
        return []
    if levels[4:] != ["up"]:
        raise Unreadable(Reason.BAD_TOPIC, f"no event of The Things Stack: {printable('/'.join(levels[4:]))}")
    up = from_json(payload, DECODER)
    key = _device(up.end_device_ids, levels[1], levels[3])
    if up.simulated:
        raise Unreadable(Reason.NOT_MEASURED, "an uplink simulated in the console measures nothing")
    return _uplink(up, key, received_us)


def _device(ids: DeviceIds, application: str, in_topic: str) -> str:
    if not ids.device_id:
        raise Unreadable(Reason.NO_DEVICE, "no end_device_ids.device_id")
    if ids.device_id != in_topic:
        raise Unreadable(
            Reason.DEVICE_MISMATCH, f"device_id {printable(ids.device_id)} on the topic of {printable(in_topic)}"
        )
    return ids.dev_eui.lower() or f"{application}/{ids.device_id}"


def _uplink(up: Up, key: str, received_us: int) -> list[Reading]:
    message = up.uplink_message
    stated = message.received_at or up.received_at
    time_us = from_iso(stated) if stated else received_us
    if message.decoded_payload is None and message.frm_payload:
        raise Unreadable(Reason.NO_CODEC, "bytes without a decoded_payload: the application has no payload formatter")
    found = [
        reading
        for name, value in (message.decoded_payload or {}).items()
        for reading in readings(key, name, value, time_us)
    ]
    found += heard(key, time_us, (gateway.rssi for gateway in message.rx_metadata))
    battery = message.last_battery_percentage
    if battery is not None:
        told_us = from_iso(battery.received_at) if battery.received_at else time_us
        found.append(Reading(key, "battery", told_us, battery.value, "%"))
    return found
