"""Recordings of sensor feeds: readings in CSV or JSON lines, messages in JSON lines or a broker's log.

- `.csv`: columns time, key, property, value.
- `.jsonl`, `.ndjson`: one object a line, {"time", "key", "property", "value"} or {"time", "topic", "payload"}, where
  payload is text, or JSON that is sent as it stands.
- `.log`, `.txt`: lines `TIME TOPIC PAYLOAD` as `mosquitto_sub -F '%I %t %p'` writes them. A payload ends at the end of
  its line and a topic at its first blank: use JSON lines for others.

Times are ISO 8601 with their offset from UTC.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import msgspec

from ingest.times import from_iso
from twin.errors import Refused

__all__ = ["Message", "Record", "Value", "read"]

COLUMNS = ("time", "key", "property", "value")
LOG_PARTS = 3


@dataclass(frozen=True, slots=True)
class Value:
    """A recorded reading; it is dressed in the format of its device when it is played."""

    row: int
    time_us: int
    key: str
    property: str
    value: float


@dataclass(frozen=True, slots=True)
class Message:
    """A recorded message, played byte for byte: what it says of its own time stays."""

    row: int
    time_us: int
    topic: str
    payload: bytes


Record = Value | Message


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One object of JSON lines."""

    time: str
    key: str = ""
    property: str = ""
    value: float = math.nan
    topic: str = ""
    payload: msgspec.Raw = msgspec.Raw()


LINE = msgspec.json.Decoder(Line)
TEXT = msgspec.json.Decoder(str)


def read(path: Path) -> Iterator[Record]:
    """Read a recording row by row, rows numbered as an editor does.

    Raises Refused with file and row at the first that cannot be read, FileNotFoundError where there is no such file.
    """
    found = READERS.get(path.suffix.lower())
    if found is None:
        raise Refused(f"{path}: not a recording; there are {', '.join(READERS)}")
    rows, parse = found
    row = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row, parts in rows(file):
                yield parse(row, parts)
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: after row {row}: not UTF-8 text ({error.reason})") from None
    except (ValueError, msgspec.MsgspecError, csv.Error) as error:
        raise Refused(f"{path}: row {row}: {error}") from None


def _table(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    table = csv.reader(file, strict=True)
    header = next(table, [])
    if tuple(header) != COLUMNS:
        raise ValueError(f"the columns are not {','.join(COLUMNS)} but {','.join(header)}")
    for fields in table:
        yield table.line_num, fields


def _lines(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    for row, line in enumerate(file, start=1):
        if line.strip():
            yield row, [line.rstrip("\r\n")]


def _from_csv(row: int, fields: list[str]) -> Record:
    if len(fields) != len(COLUMNS):
        raise ValueError(f"{len(fields)} fields, not {len(COLUMNS)}")
    time, key, name, value = fields
    return _value(row, from_iso(time), key, name, float(value))


def _from_json(row: int, lines: list[str]) -> Record:
    line = LINE.decode(lines[0])
    time_us = from_iso(line.time)
    payload = bytes(line.payload)
    if line.topic and payload:
        return Message(row, time_us, line.topic, TEXT.decode(payload).encode() if payload.startswith(b'"') else payload)
    return _value(row, time_us, line.key, line.property, line.value)


def _from_log(row: int, lines: list[str]) -> Record:
    parts = lines[0].split(" ", maxsplit=LOG_PARTS - 1)
    if len(parts) != LOG_PARTS:
        raise ValueError("not TIME TOPIC PAYLOAD")
    return Message(row, from_iso(parts[0]), parts[1], parts[2].encode())


def _value(row: int, time_us: int, key: str, name: str, value: float) -> Value:
    if not key or not name:
        raise ValueError("neither a key and a property, nor a topic and a payload")
    if not math.isfinite(value):
        raise ValueError(f"value {value} is no number to send")
    return Value(row, time_us, key, name, value)


Rows = Callable[[TextIO], Iterator[tuple[int, list[str]]]]
Parse = Callable[[int, list[str]], Record]
READERS: dict[str, tuple[Rows, Parse]] = {
    ".csv": (_table, _from_csv),
    ".jsonl": (_lines, _from_json),
    ".ndjson": (_lines, _from_json),
    ".log": (_lines, _from_log),
    ".txt": (_lines, _from_log),
}
