"""A mapping: how plain JSON of any shape is read, as data in a TOML file checked when it is loaded.

```toml
topic = "city/{district}/{device}/state"     # parts in braces are named; + and # match as in MQTT
thing_key = "{device}"                       # from named parts, or a path: "$.meta.id"
items = "$.points[*]"                        # optional: one set of readings for each element of an array

[time]                                       # without it: the time of arrival
path = "$.ts"                                # within the item; "$$.ts" is from the top of the payload
format = "iso"                               # iso, epoch_s, epoch_ms, epoch_us, epoch_ns, or a strptime pattern
zone = "Asia/Shanghai"                       # only where the device states none

[[points]]
property = "depth"
path = "$.level"
unit = "cm"                                  # UCUM; "$.unit" reads it from the item
factor = 0.1                                 # optional; value = stated × factor + offset
values = { OPEN = 1, CLOSED = 0 }            # optional: words, or numbers written as words, for numbers
text = true                                  # optional: numbers come as text, "21.5"
optional = true                              # may be missing; without it a missing value is refused
```
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ingest.times import UNITS_US
from twin.errors import Refused

PATH = re.compile(r"\$\$?(?:\.[^.\[\]$*]+|\[\d+\])*")
PART = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
EACH = "[*]"
AT_LINE = re.compile(r"at line (\d+)")
HEADER = re.compile(r"\s*\[+\s*([a-z_]+)\s*\]+")
PART_OF_A_TABLE = 2  # of a place in a mapping: the table, and the field in it

Steps = tuple[str | int, ...]


class Point(BaseModel):
    """One value to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    property: str = Field(min_length=1)
    path: str
    unit: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    values: dict[str, float] = {}
    text: bool = False
    optional: bool = False

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, text: str) -> str:
        return checked(text)

    @field_validator("unit")
    @classmethod
    def _is_a_unit(cls, text: str | None) -> str | None:
        return checked(text) if text is not None and text.startswith("$") else text


class Time(BaseModel):
    """Where the measured time stands and how it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str
    format: str = "iso"
    zone: str | None = None

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, text: str) -> str:
        return checked(text)

    @field_validator("format")
    @classmethod
    def _is_a_format(cls, text: str) -> str:
        if text == "iso" or text in UNITS_US:
            return text
        if "%" not in text:
            raise ValueError(f"neither iso, one of {', '.join(UNITS_US)}, nor a strptime pattern: {text!r}")
        datetime.strptime(datetime(2026, 1, 31, tzinfo=UTC).strftime(text), text)  # noqa: DTZ007 - checks the pattern
        return text

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(f"no such time zone: {name!r}") from None
        return name


class Mapping(BaseModel):
    """How the payloads of one kind of topic are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str
    thing_key: str
    items: str | None = None
    time: Time | None = None
    points: tuple[Point, ...] = Field(min_length=1)

    @field_validator("topic")
    @classmethod
    def _is_a_topic(cls, text: str) -> str:
        levels = text.split("/")
        if "#" in levels[:-1] or not all(_is_level(level) for level in levels):
            raise ValueError("levels are words, {names}, + or a last #")
        names = PART.findall(text)
        if len(names) != len(set(names)):
            raise ValueError("a name stands for one level only")
        return text

    @field_validator("items")
    @classmethod
    def _is_an_array(cls, text: str | None) -> str | None:
        if text is not None and (not text.endswith(EACH) or not PATH.fullmatch(text.removesuffix(EACH))):
            raise ValueError(f"not a path that ends in [*]: {text!r}")
        return text

    @model_validator(mode="after")
    def _knows_its_names(self) -> Mapping:
        if self.thing_key.startswith("$"):
            checked(self.thing_key)
            return self
        strange = set(PART.findall(self.thing_key)) - set(PART.findall(self.topic))
        if strange:
            raise ValueError(f"thing_key names parts that the topic has not: {', '.join(sorted(strange))}")
        return self


class Wrong(Refused):
    """The one thing that is wrong with a mapping, and the line of its text where that is, counted from 1."""

    def __init__(self, line: int, where: str, reason: str) -> None:
        super().__init__(f"{where}: {reason}" if where else reason)
        self.line = line


def load(file: Path) -> Mapping:
    """Read and check a mapping file. Raises Refused with the one thing that is wrong with it."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refused(f"no such mapping file: {file}") from None
    except (Wrong, UnicodeDecodeError) as error:
        raise Refused(f"{file}: {error}") from None


def parse(text: str) -> Mapping:
    """Read and check the text of a mapping. Raises Wrong."""
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        at = AT_LINE.search(str(error))
        raise Wrong(int(at[1]) if at else text.count("\n") + 1, "", str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Wrong(_line(text, first["loc"]), where, first["msg"].removeprefix("Value error, ")) from None


def filter_of(mapping: Mapping) -> str:
    """Give the MQTT filter of a mapping's topic: a named part is one level."""
    return PART.sub("+", mapping.topic)


def _line(text: str, loc: tuple[int | str, ...]) -> int:
    """Find the line of a field: of its name, else of the header of its table, else the first."""
    table, count = (
        ("", 0) if len(loc) < PART_OF_A_TABLE else (str(loc[0]), int(loc[1]) if isinstance(loc[1], int) else 0)
    )
    name = str(loc[-1]) if loc else "thing_key"  # which alone is held against another field
    found, here, seen = 1, "", -1
    for number, line in enumerate(text.splitlines(), 1):
        header = HEADER.match(line)
        if header:
            here = header[1]
            seen += here == table
            if here == table and seen == count:
                found = number
        elif here == table and (not table or seen == count) and re.match(rf"\s*{re.escape(name)}\s*=", line):
            return number
    return found


def checked(path: str) -> str:
    """Give the path back. Raises ValueError where it is none."""
    if not PATH.fullmatch(path):
        raise ValueError(f"not a path like $.a.b[0]: {path!r}")
    return path


def steps(path: str) -> Steps:
    """Cut "$.a.b[0]" into ("a", "b", 0)."""
    found = re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path)
    return tuple(name or int(index) for name, index in found)


def topic_pattern(topic: str) -> re.Pattern[str]:
    """Turn a mapping's topic into a pattern with its named parts as groups."""
    parts = []
    for level in topic.split("/"):
        named = PART.fullmatch(level)
        if named:
            parts.append(f"(?P<{named[1]}>[^/]+)")
        else:
            parts.append({"+": "[^/]*", "#": ".*"}.get(level, re.escape(level)))
    return re.compile("/".join(parts))


def _is_level(level: str) -> bool:
    return level in ("+", "#") or PART.fullmatch(level) is not None or not set(level) & set("+#{}")
