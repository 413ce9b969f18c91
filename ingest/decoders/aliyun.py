"""Aliyun Alink property posts, `/sys/PRODUCT_KEY/DEVICE_NAME/thing/event/property/post`, also a gateway's packs.

The thing key is `PRODUCT_KEY/DEVICE_NAME`. A property is either bare (`"WF": 23.6`, of the time of arrival) or
`{"value": 23.6, "time": epoch ms}`; structures give their dotted leaves. The platform takes times up to 24 hours ahead;
linli does not, see the quarantine reason `time_future`.
Source: help.aliyun.com/document_detail/89301.html.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ingest.payload import from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_epoch
from ingest.values import readings
from twin.terms import Reading

SPEAKER_LEVELS = 4  # empty, sys, PRODUCT_KEY, DEVICE_NAME: a gateway speaks for those registered on its topic
TOPIC_LEVELS = 5  # empty (leading slash), sys, PRODUCT_KEY, DEVICE_NAME, thing/…
WITHOUT_READINGS = ("thing/service/", "thing/config/", "thing/deviceinfo/", "thing/topo/", "thing/sub/")
REPLY = "_reply"


class Post(msgspec.Struct):
    """A device's own properties."""

    params: dict[str, object]


class Identity(msgspec.Struct, rename="camel"):
    """A device behind a gateway."""

    product_key: str
    device_name: str


class SubDevice(msgspec.Struct):
    """What a gateway says of one device behind it."""

    identity: Identity
    properties: dict[str, object] = {}


class Pack(msgspec.Struct, rename="camel"):
    """What a gateway says of itself and of the devices behind it."""

    properties: dict[str, object] = {}
    sub_devices: list[SubDevice] = []


class PackPost(msgspec.Struct):
    """A gateway's post."""

    params: Pack


POST = msgspec.json.Decoder(Post)
PACK = msgspec.json.Decoder(PackPost)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one post; answers and services hold no readings."""
    levels = topic.split("/", TOPIC_LEVELS - 1)
    if len(levels) < TOPIC_LEVELS or levels[:2] != ["", "sys"] or not levels[2] or not levels[3]:
        raise Unreadable(Reason.BAD_TOPIC, "not /sys/PRODUCT_KEY/DEVICE_NAME/thing/…")
    key, what = f"{levels[2]}/{levels[3]}", levels[4]
    if what == "thing/event/property/post":
        return list(_properties(key, from_json(payload, POST).params, received_us))
    if what == "thing/event/property/pack/post":
        return list(_pack(key, from_json(payload, PACK).params, received_us))
    if what.endswith(REPLY) or what.startswith(WITHOUT_READINGS):
        return []
    raise Unreadable(Reason.BAD_TOPIC, f"no property post of Alink: {printable(what)}")


def _pack(key: str, pack: Pack, received_us: int) -> Iterator[Reading]:
    yield from _properties(key, pack.properties, received_us)
    for device in pack.sub_devices:
        inner = f"{device.identity.product_key}/{device.identity.device_name}"
        yield from _properties(inner, device.properties, received_us)


def _properties(key: str, params: dict[str, object], received_us: int) -> Iterator[Reading]:
    for name, stated in params.items():
        value, time_us = stated, received_us
        if isinstance(stated, dict) and "value" in stated and stated.keys() <= {"value", "time"}:
            value = stated["value"]
            time_us = from_epoch(stated["time"], "epoch_ms") if "time" in stated else received_us
        yield from readings(key, name, value, time_us)
