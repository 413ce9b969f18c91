"""Recordings are read as they were written, and a broken row is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.recordings import Message, Record, Value, read
from twin.errors import Refused

NOON_US = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z


def records(folder: Path, name: str, text: str) -> list[Record]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return list(read(path))


def test_csv_rows_are_readings(tmp_path: Path) -> None:
    text = "time,key,property,value\n2026-03-01T13:00:00+01:00,lift-1,in_service,0\n2026-03-01T12:00:01.5Z,a b,t,-2e1\n"
    assert records(tmp_path, "r.csv", text) == [
        Value(2, NOON_US, "lift-1", "in_service", 0.0),
        Value(3, NOON_US + 1_500_000, "a b", "t", -20.0),
    ]


def test_json_lines_are_readings_or_messages(tmp_path: Path) -> None:
    text = (
        '{"time": "2026-03-01T12:00:00Z", "key": "k", "property": "p", "value": 1}\n'
        "\n"
        '{"time": "2026-03-01T12:00:00Z", "topic": "a b/c", "payload": {"x": [1, 2]}}\n'
        '{"time": "2026-03-01T12:00:00Z", "topic": "t", "payload": "on\\n"}'
    )
    assert records(tmp_path, "r.jsonl", text) == [
        Value(1, NOON_US, "k", "p", 1.0),
        Message(3, NOON_US, "a b/c", b'{"x": [1, 2]}'),
        Message(4, NOON_US, "t", b"on\n"),
    ]


def test_a_brokers_log_is_messages_byte_for_byte(tmp_path: Path) -> None:
    text = '2026-03-01T13:00:00+0100 zigbee2mqtt/door {"contact": true}\r\n2026-03-01T12:00:00+00:00 t 电梯 1\n'
    assert records(tmp_path, "broker.log", text) == [
        Message(1, NOON_US, "zigbee2mqtt/door", b'{"contact": true}'),
        Message(2, NOON_US, "t", "电梯 1".encode()),
    ]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("r.csv", "time,key,value\n", "row 1: the columns are not time,key,property,value but time,key,value"),
        ("r.csv", "", "row 1: the columns are not time,key,property,value but "),
        (
            "r.csv",
            "time,key,property,value\n2026-03-01T12:00:00,k,p,1\n",
            "row 2: time without a zone: 2026-03-01T12:00:00",
        ),
        ("r.csv", "time,key,property,value\n2026-03-01T12:00:00Z,k,p\n", "row 2: 3 fields, not 4"),
        (
            "r.csv",
            "time,key,property,value\n2026-03-01T12:00:00Z,k,p,up\n",
            "row 2: could not convert string to float: 'up'",
        ),
        ("r.csv", "time,key,property,value\n2026-03-01T12:00:00Z,k,p,nan\n", "row 2: value nan is no number to send"),
        ("r.csv", "time,key,property,value\n2026-03-01T12:00:00Z,,p,1\n", "row 2: neither a key and a property, nor"),
        ("r.jsonl", '{"time": "2026-03-01T12:00:00Z", "key": "k"\n', "row 1: Input data was truncated"),
        ("r.jsonl", '{"time": 1, "key": "k"}\n', "row 1: Expected `str`, got `int` - at `$.time`"),
        ("r.jsonl", '{"time": "2026-03-01T12:00:00Z", "topik": "t"}\n', "row 1: Object contains unknown field `topik`"),
        ("r.log", "2026-03-01T12:00:00Z topic\n", "row 1: not TIME TOPIC PAYLOAD"),
        ("r.log", "yesterday topic payload\n", "row 1: not a time in ISO 8601: yesterday"),
        ("r.xlsx", "", "not a recording; there are .csv, .jsonl, .ndjson, .log, .txt"),
    ],
)
def test_a_broken_row_is_one_line_with_its_number(tmp_path: Path, name: str, text: str, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        records(tmp_path, name, text)
    assert str(refusal.value).startswith(f"{tmp_path / name}: {reason}")
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.log"
    path.write_bytes(b"2026-03-01T12:00:00Z t \xff\xfe\n")
    with pytest.raises(Refused, match="not UTF-8 text"):
        list(read(path))
