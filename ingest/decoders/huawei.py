"""Huawei IoTDA reports, `$oc/devices/DEVICE_ID/sys/properties/report`, of a gateway's devices, and their status.

The thing key is the device id, the property `SERVICE.NAME`. Numbers may stand in quotes. The topic may end in
`?request_id=…`. A subscription to `#` does not see topics that begin with `$`: subscribe to `$oc/#` by name.
Source: support.huaweicloud.com/api-iothub, iot_06_v5_3010 (properties), 3006 (gateway), 3022 (sub-device status).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC

import msgspec

from ingest.payload import from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_iso, from_pattern
from ingest.values import available, number_or_quoted, readings
from twin.terms import Reading

SPEAKER_LEVELS = 3  # $oc, devices, DEVICE_ID: a gateway speaks for those that are registered on its topic
TOPIC_LEVELS = 4  # $oc, devices, DEVICE_ID, and what it is
COMPACT = "%Y%m%dT%H%M%SZ"  # 20151212T121212Z, always UTC
COMPACT_LENGTH = len("20151212T121212Z")
FROM_THE_PLATFORM = (
    *("sys/commands/", "sys/messages/down", "sys/events/down", "sys/properties/get/", "sys/properties/set/"),
    *("sys/shadow/", "sys/properties/report/response", "sys/gateway/sub_devices/properties/report/response"),
)
CONNECTED = {"ONLINE": True, "OFFLINE": False}


class Service(msgspec.Struct):
    """The properties of one service of a device."""

    service_id: str
    properties: dict[str, object]
    event_time: str | None = None


class Report(msgspec.Struct):
    """What a device reports of itself."""

    services: list[Service]


class SubDevice(msgspec.Struct):
    """What a gateway reports of one device behind it."""

    device_id: str
    services: list[Service]


class GatewayReport(msgspec.Struct):
    """What a gateway reports of the devices behind it."""

    devices: list[SubDevice]


class Status(msgspec.Struct):
    """Whether a device behind a gateway is connected."""

    device_id: str
    status: str


class Paras(msgspec.Struct):
    """The part of an event that we read."""

    device_statuses: list[Status] = []


class Event(msgspec.Struct):
    """An event of one service."""

    event_type: str = ""
    event_time: str | None = None
    paras: Paras = msgspec.field(default_factory=Paras)


class Events(msgspec.Struct):
    """The events of a message."""

    services: list[Event]


REPORT = msgspec.json.Decoder(Report)
GATEWAY_REPORT = msgspec.json.Decoder(GatewayReport)
EVENTS = msgspec.json.Decoder(Events)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one message; what the platform sends down holds no readings."""
    levels = topic.partition("?")[0].split("/", TOPIC_LEVELS - 1)
    if len(levels) < TOPIC_LEVELS or levels[:2] != ["$oc", "devices"] or not levels[2]:
        raise Unreadable(Reason.BAD_TOPIC, "not $oc/devices/DEVICE_ID/sys/…")
    what = levels[3]
    if what == "sys/properties/report":
        return list(_report(levels[2], from_json(payload, REPORT).services, received_us))
    if what == "sys/gateway/sub_devices/properties/report":
        devices = from_json(payload, GATEWAY_REPORT).devices
        return [reading for device in devices for reading in _report(device.device_id, device.services, received_us)]
    if what == "sys/events/up":
        return list(_statuses(from_json(payload, EVENTS).services, received_us))
    if what.startswith(FROM_THE_PLATFORM):
        return []
    raise Unreadable(Reason.BAD_TOPIC, f"no report of IoTDA: {printable(what)}")


def _report(device_id: str, services: Iterable[Service], received_us: int) -> Iterator[Reading]:
    if not device_id:
        raise Unreadable(Reason.NO_DEVICE, "a device_id that is empty")
    for service in services:
        time_us = _time_us(service.event_time, received_us)
        for name, value in service.properties.items():
            yield from readings(device_id, f"{service.service_id}.{name}", value, time_us, number_or_quoted)


def _statuses(events: Iterable[Event], received_us: int) -> Iterator[Reading]:
    """Give the connection of each device that a gateway speaks of; other events hold no readings."""
    for event in events:
        if event.event_type != "sub_device_update_status":
            continue
        time_us = _time_us(event.event_time, received_us)
        for said in event.paras.device_statuses:
            if said.status not in CONNECTED:
                raise Unreadable(Reason.WRONG_SHAPE, f"neither ONLINE nor OFFLINE: {printable(said.status)}")
            yield available(said.device_id, time_us, is_available=CONNECTED[said.status])


def _time_us(stated: str | None, received_us: int) -> int:
    """Read an event_time in either of its two formats."""
    if not stated:
        return received_us
    return from_pattern(stated, COMPACT, UTC) if len(stated) == COMPACT_LENGTH else from_iso(stated)
