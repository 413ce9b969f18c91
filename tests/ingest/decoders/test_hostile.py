"""Whatever comes, a decoder gives readings or Unreadable, and nothing else."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.decoders import Decode, find, names
from ingest.decoders.mapped import decoder as mapped
from ingest.mapping import Mapping
from ingest.quarantine import Unreadable
from twin.terms import Reading

GOLDEN = Path(__file__).parents[2] / "golden"
NOW = 1_795_507_200_000_000
MAPPING = Mapping.model_validate(
    {
        "topic": "city/{device}/state",
        "thing_key": "{device}",
        "items": "$.points[*]",
        "time": {"path": "$.ts"},
        "points": [{"property": "p", "path": "$.v[0]", "unit": "$.u", "values": {"ON": 1}, "optional": True}],
    }
)
MAPPED = [{"topic": "city/d/state", "payload": '{"points":[{"ts":"2026-11-24T08:00:00Z","v":["ON"],"u":"1"}]}'}]
REMEMBERING = {"homeassistant", "homie", "sparkplug"}

few = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
keys = st.sampled_from(["value", "time", "v", "t", "~", "availability", "nodes", "@iot.id"]) | st.text(max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just(10**400)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)


@cache
def _messages(name: str) -> list[dict[str, Any]]:
    if name == "mapped":
        return MAPPED
    found: list[dict[str, Any]] = tomllib.loads((GOLDEN / name / "messages.toml").read_text(encoding="utf-8"))[
        "message"
    ]
    return found


def _payload(message: dict[str, Any]) -> bytes:
    return bytes.fromhex(message["hex"]) if "hex" in message else message["payload"].encode()


def _decoder(name: str) -> Decode:
    return mapped(MAPPING) if name == "mapped" else find(name)


def _told(name: str) -> Decode:
    """Give a decoder; one that remembers has heard the first two thirds of the golden messages: the last end things."""
    decode = _decoder(name)
    if name in REMEMBERING:
        for message in _messages(name)[: len(_messages(name)) * 2 // 3]:
            _feed(decode, message["topic"], _payload(message))
    return decode


def _feed_rest(name: str, decode: Decode) -> None:
    """Feed all golden messages: what a decoder has taken in must not make it fail later."""
    for message in _messages(name) if name in REMEMBERING else ():
        _feed(decode, message["topic"], _payload(message))


def _feed(decode: Decode, topic: str, payload: bytes) -> None:
    try:
        readings = decode(topic, payload, NOW)
    except Unreadable:
        return
    for one in readings:
        assert isinstance(one, Reading)
        assert [type(part) for part in (one.thing_key, one.property, one.time_us, one.value)] == [str, str, int, float]


def _mutated(tree: Any, data: st.DataObject) -> Any:
    """Put an arbitrary tree somewhere into a tree."""
    if isinstance(tree, dict) and tree and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(tree)))
        return {**tree, key: _mutated(tree[key], data)}
    if isinstance(tree, list) and tree and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(tree) - 1))
        return [*tree[:at], _mutated(tree[at], data), *tree[at + 1 :]]
    return data.draw(trees)


@pytest.mark.parametrize("name", names())
@few
@given(st.data())
def test_arbitrary_bytes_are_readings_or_unreadable(name: str, data: st.DataObject) -> None:
    topics = sorted({message["topic"] for message in _messages(name)})
    topic = data.draw(st.sampled_from(topics) | st.text(max_size=30))
    _feed(_told(name), topic, data.draw(st.binary(max_size=200)))


@pytest.mark.parametrize("name", names())
@few
@given(st.data())
def test_arbitrary_json_is_readings_or_unreadable(name: str, data: st.DataObject) -> None:
    decode = _told(name)
    message = data.draw(st.sampled_from(_messages(name)))
    if "hex" in message:
        payload = json.dumps(data.draw(trees))
    else:
        payload = json.dumps(_mutated(_parsed(message["payload"]), data))
    _feed(decode, message["topic"], payload.encode())
    _feed_rest(name, decode)


@pytest.mark.parametrize("name", names())
@few
@given(st.data())
def test_a_golden_message_with_bytes_changed_is_readings_or_unreadable(name: str, data: st.DataObject) -> None:
    decode = _told(name)
    message = data.draw(st.sampled_from(_messages(name)))
    payload = bytearray(_payload(message))
    for _ in range(data.draw(st.integers(1, 4)) if payload else 0):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    _feed(decode, message["topic"], bytes(payload))
    _feed_rest(name, decode)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
