"""Plain JSON is read as its mapping says, and a mapping that cannot work is refused when it is loaded."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ingest import preview
from ingest.decoders import find
from ingest.decoders.mapped import decoder
from ingest.mapping import Mapping
from ingest.quarantine import Unreadable
from twin.errors import Refused
from twin.terms import Reading

CITY = Path(__file__).parents[2] / "golden/city.toml"
RECEIVED_US = 1_795_507_210_000_000
EIGHT_US = 1_795_507_200_000_000  # 2026-11-24T08:00:00Z
WHOLE = {
    "topic": "plant/{line}/+/{meter}/#",
    "thing_key": "{line}:{meter}",
    "items": "$.batch.points[*]",
    "time": {"path": "$.at", "format": "%Y-%m-%d %H:%M:%S", "zone": "Asia/Shanghai"},
    "points": [
        {"property": "level", "path": "$.values[0]", "unit": "cm", "factor": 0.1, "offset": -5},
        {"property": "mode", "path": "$.mode", "values": {"AUTO": 1, "2": 2, "true": 3}, "optional": True},
        {"property": "flow", "path": "$.flow.value", "unit": "$$.units.flow", "text": True, "optional": True},
    ],
}


def read(mapping: object, topic: str, payload: object) -> list[Reading]:
    return decoder(Mapping.model_validate(mapping))(topic, json.dumps(payload).encode(), RECEIVED_US)


def test_a_mapping_reads_arrays_words_factors_units_and_local_times() -> None:
    payload = {
        "units": {"flow": "m3/h"},
        "batch": {
            "points": [
                {"at": "2026-11-24 16:00:00", "values": [250, 1], "mode": "AUTO", "flow": {"value": "-1.5e1"}},
                {"at": "2026-11-24 16:00:01", "values": [0], "mode": 2},
                {"at": "2026-11-24 16:00:02", "values": [50], "mode": True, "flow": {"value": "21,5"}},
            ]
        },
    }
    found = read(WHOLE, "plant/a/x/7/y/z", payload)
    assert found[:-1] == [
        Reading("a:7", "level", EIGHT_US, 20.0, "cm"),
        Reading("a:7", "mode", EIGHT_US, 1.0, None),
        Reading("a:7", "flow", EIGHT_US, -15.0, "m3/h"),
        Reading("a:7", "level", EIGHT_US + 1_000_000, -5.0, "cm"),
        Reading("a:7", "mode", EIGHT_US + 1_000_000, 2.0, None),
        Reading("a:7", "level", EIGHT_US + 2_000_000, 0.0, "cm"),
        Reading("a:7", "mode", EIGHT_US + 2_000_000, 3.0, "1"),
    ]
    assert found[-1].property == "flow"
    assert math.isnan(found[-1].value)


@pytest.mark.parametrize(
    ("form", "stated", "time_us"),
    [
        ("epoch_s", 1795507200, EIGHT_US),
        ("epoch_s", 1795507200.25, EIGHT_US + 250_000),
        ("epoch_ms", 1795507200001, EIGHT_US + 1_000),
        ("epoch_us", EIGHT_US + 1, EIGHT_US + 1),
        ("epoch_ns", (EIGHT_US + 1) * 1000, EIGHT_US + 1),
        ("iso", "2026-11-24T08:00:00.000001999Z", EIGHT_US + 1),
        ("iso", "2026-11-24 16:00:00+08:00", EIGHT_US),
        ("%d.%m.%Y %H:%M:%S %z", "24.11.2026 09:00:00 +0100", EIGHT_US),
    ],
)
def test_times_are_read_in_their_format(form: str, stated: object, time_us: int) -> None:
    mapping = {
        "topic": "t",
        "thing_key": "$.id",
        "time": {"path": "$.at", "format": form},
        "points": [{"property": "x", "path": "$.x"}],
    }
    assert read(mapping, "t", {"id": 5, "at": stated, "x": 1}) == [Reading("5", "x", time_us, 1.0)]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"id": "a"}, "wrong_shape"),
        ({"x": 1}, "no_device"),
        ({"id": "", "x": 1}, "no_device"),
        ({"id": True, "x": 1}, "no_device"),
        (5, "no_device"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused(payload: object, code: str) -> None:
    mapping = {"topic": "t", "thing_key": "$.id", "points": [{"property": "x", "path": "$.x"}]}
    with pytest.raises(Unreadable) as why:
        read(mapping, "t", payload)
    assert why.value.code == code


def changed(**parts: object) -> dict[str, object]:
    return {**WHOLE, **parts}


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        (changed(thing_key="{street}"), "thing_key names parts that the topic has not: street"),
        (changed(topic="a/#/b"), "levels are words"),
        (changed(topic="a/{b"), "levels are words"),
        (changed(topic="{a}/{a}"), "a name stands for one level"),
        (changed(items="$.points"), "not a path that ends in"),
        (changed(points=[]), "at least 1 item"),
        (changed(points=[{"property": "x", "path": "a..b"}]), "not a path like"),
        (changed(points=[{"property": "x", "path": "$.a[*]"}]), "not a path like"),
        (changed(points=[{"property": "x", "path": "$.a", "unti": "cm"}]), "Extra inputs"),
        (changed(time={"path": "$.a", "zone": "Asia/Peking2"}), "no such time zone"),
        (changed(time={"path": "$.a", "format": "unix"}), "neither iso"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_when_it_is_loaded(
    mapping: dict[str, object], complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(toml(mapping))
    with pytest.raises(Refused, match=complaint):
        find("mapped", file)


def toml(table: dict[str, object]) -> str:
    return "\n".join(f"{name} = {value(one)}" for name, one in table.items())


def value(one: object) -> str:
    if isinstance(one, dict):
        return "{" + ", ".join(f'"{name}" = {value(inner)}' for name, inner in one.items()) + "}"
    if isinstance(one, list):
        return "[" + ", ".join(map(value, one)) + "]"
    return json.dumps(one)


def test_a_mapping_file_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such mapping file"):
        find("mapped", tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("topic = ")
    with pytest.raises(Refused, match=r"bad\.toml"):
        find("mapped", tmp_path / "bad.toml")
    with pytest.raises(Refused, match="needs a mapping"):
        find("mapped")
    with pytest.raises(Refused, match="takes no mapping"):
        find("senml", CITY)
    with pytest.raises(Refused, match="no decoder 'csv'"):
        find("csv")


def test_the_preview_shows_what_would_be_read() -> None:
    payload = b'{"level": 12.5, "state": "OPEN", "ts": "2026-11-24T08:00:00Z"}'
    assert list(preview.lines("city/old-town/7/state", payload, decoder="mapped", mapping=CITY)) == [
        "old-town-7\tdepth\t12.5\tcm\t2026-11-24T08:00:00Z",
        "old-town-7\tin_service\t1\t-\t2026-11-24T08:00:00Z",
    ]
    with pytest.raises(Refused, match="not_json"):
        list(preview.lines("city/old-town/7/state", b"{", decoder="mapped", mapping=CITY))
