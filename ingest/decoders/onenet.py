"""OneNET property posts: OneJSON `$sys/PRODUCT/DEVICE/thing/property/post`, older `$sys/PRODUCT/DEVICE/dp/post/json`.

The thing key is `PRODUCT/DEVICE`. Numbers often stand in quotes. OneJSON has one point a property with its time in
milliseconds, the older form several with theirs in seconds; structures give their dotted leaves. A subscription to `#`
does not see topics that begin with `$`: subscribe to `$sys/…` by name.
Source: open.iot.10086.cn, OneJSON and data point uploads.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ingest.payload import from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_epoch
from ingest.values import number_or_quoted, readings
from twin.terms import Reading

TOPIC_LEVELS = 4  # $sys, PRODUCT, DEVICE, and what it is
ANSWERS = ("/reply", "/accepted", "/rejected")
FROM_THE_PLATFORM = ("thing/property/set", "thing/property/get", "thing/service/", "cmd/request/", "image/")


class Property(msgspec.Struct):
    """One value of OneJSON."""

    value: object
    time: object = None


class OneJson(msgspec.Struct):
    """A OneJSON post."""

    params: dict[str, Property]


class Point(msgspec.Struct):
    """One data point of the older form."""

    v: object
    t: object = None


class DataPoints(msgspec.Struct):
    """A post of data points."""

    dp: dict[str, list[Point]]


ONE_JSON = msgspec.json.Decoder(OneJson)
DATA_POINTS = msgspec.json.Decoder(DataPoints)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one post; answers and what the platform asks for hold no readings."""
    levels = topic.split("/", TOPIC_LEVELS - 1)
    if len(levels) < TOPIC_LEVELS or levels[0] != "$sys" or not levels[1] or not levels[2]:
        raise Unreadable(Reason.BAD_TOPIC, "not $sys/PRODUCT/DEVICE/…")
    key, what = f"{levels[1]}/{levels[2]}", levels[3]
    if what == "thing/property/post":
        return list(_one_json(key, from_json(payload, ONE_JSON), received_us))
    if what == "dp/post/json":
        return list(_data_points(key, from_json(payload, DATA_POINTS), received_us))
    if what.endswith(ANSWERS) or what.startswith(FROM_THE_PLATFORM):
        return []
    raise Unreadable(Reason.BAD_TOPIC, f"no property post of OneNET: {printable(what)}")


def _one_json(key: str, post: OneJson, received_us: int) -> Iterator[Reading]:
    for name, stated in post.params.items():
        time_us = _time_us(stated.time, "epoch_ms", received_us)
        yield from readings(key, name, stated.value, time_us, number_or_quoted)


def _data_points(key: str, post: DataPoints, received_us: int) -> Iterator[Reading]:
    for name, points in post.dp.items():
        for point in points:
            time_us = _time_us(point.t, "epoch_s", received_us)
            yield from readings(key, name, point.v, time_us, number_or_quoted)


def _time_us(stated: object, unit: str, received_us: int) -> int:
    return received_us if stated is None else from_epoch(stated, unit)
