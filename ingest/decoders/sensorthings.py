"""OGC SensorThings observations, `v1.1/Datastreams(ID)/Observations` and `v1.1/Observations` with the datastream linked.

An observation does not say which Thing it is about, only its Datastream: the thing key is that, as the topic writes it
(`Datastreams(999)`), and the property is `result`; of a MultiDatastream, `result[0]`, `result[1]` and so on. The unit
stands in the Datastream entity, which MQTT does not carry.
Source: OGC 18-088 (SensorThings API 1.1), 8.2.6 Observation and 14 MQTT.
"""

from __future__ import annotations

import re

import msgspec

from ingest.payload import NAN, from_json
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import from_iso
from ingest.values import readings
from twin.gate import is_bad
from twin.terms import Reading

TOPIC = re.compile(r"(?:.*/)?v\d+\.\d+/(?:((?:Multi)?Datastreams)\(([^/]+)\)/)?Observations")

# The id that linli's own observations have: this is what subscribers are told of one that is stored, no new one.
TOLD = re.compile(r"\d{1,10}-\d{1,18}", re.ASCII)

Id = int | str


class Link(msgspec.Struct):
    """The entity that an observation belongs to."""

    id: Id = msgspec.field(name="@iot.id")


class Observation(msgspec.Struct):
    """The fields of an observation that make a reading."""

    result: object
    phenomenon_time: str | None = msgspec.field(name="phenomenonTime", default=None)
    quality: object = msgspec.field(name="resultQuality", default=None)
    datastream: Link | None = msgspec.field(name="Datastream", default=None)
    multi_datastream: Link | None = msgspec.field(name="MultiDatastream", default=None)
    identity: object = msgspec.field(name="@iot.id", default=None)


DECODER = msgspec.json.Decoder(Observation)


def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
    """Read one observation; without a phenomenonTime it is of the time of arrival, as the standard has it."""
    parts = TOPIC.fullmatch(topic)
    if parts is None:
        raise Unreadable(Reason.BAD_TOPIC, "not v1.1/Datastreams(ID)/Observations or v1.1/Observations")
    observation = from_json(payload, DECODER)
    if isinstance(observation.identity, str) and TOLD.fullmatch(observation.identity):
        return []
    key = _key(observation, parts[1], parts[2])
    time_us = _time_us(observation.phenomenon_time, received_us)
    result = NAN if is_bad(observation.quality) else observation.result
    if not isinstance(result, list):
        return list(readings(key, "result", result, time_us))
    return [
        reading for index, part in enumerate(result) for reading in readings(key, f"result[{index}]", part, time_us)
    ]


def _key(observation: Observation, kind: str | None, in_topic: str | None) -> str:
    """Give the datastream; where topic and payload both name it, they must agree."""
    linked = None
    if observation.datastream is not None:
        linked = f"Datastreams({_written(observation.datastream.id)})"
    elif observation.multi_datastream is not None:
        linked = f"MultiDatastreams({_written(observation.multi_datastream.id)})"
    named = None if kind is None else f"{kind}({in_topic})"
    if linked and named and linked != named:
        raise Unreadable(Reason.DEVICE_MISMATCH, f"{printable(linked)} on the topic of {printable(named)}")
    key = named or linked
    if key is None:
        raise Unreadable(Reason.NO_DEVICE, "neither topic nor payload names a datastream")
    return key


def _written(identity: Id) -> str:
    """Write an id as topics do: text in single quotes, quotes in it doubled (OData 4.01)."""
    return str(identity) if isinstance(identity, int) else "'" + identity.replace("'", "''") + "'"


def _time_us(stated: str | None, received_us: int) -> int:
    """Read an instant, or the end of an interval `start/end`: what covers an hour is known when the hour is over."""
    if stated is None:
        return received_us
    start, slash, end = stated.partition("/")
    if not slash:
        return from_iso(start)
    if from_iso(start) > from_iso(end):
        raise Unreadable(Reason.BAD_TIME, f"an interval that ends before it starts: {printable(stated)}")
    return from_iso(end)
