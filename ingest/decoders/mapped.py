"""Plain JSON of any shape, read by a mapping file (see ingest/mapping.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.mapping import EACH, PART, Mapping, Point, Steps, Time, steps, topic_pattern
from ingest.mapping import load as load_mapping
from ingest.payload import ANYTHING, BOOLEAN_UNIT, MISSING, NAN, follow, from_json, to_number
from ingest.quarantine import Reason, Unreadable, printable
from ingest.times import UNITS_US, ReadTime, from_epoch, from_iso, from_pattern
from ingest.values import from_text
from twin.terms import Reading


@dataclass(frozen=True, slots=True)
class Spot:
    """A path made ready: where in the payload (`$$`), or in the item, something stands."""

    from_top: bool
    way: Steps

    @classmethod
    def at(cls, path: str) -> Spot:
        """Make the spot of a path."""
        return cls(path.startswith("$$"), steps(path))

    def find(self, top: object, item: object) -> object:
        """Give what stands there, or MISSING."""
        return follow(top if self.from_top else item, self.way)


@dataclass(frozen=True, slots=True)
class Read:
    """A point of the mapping, made ready."""

    point: Point
    value: Spot
    unit: Spot | str | None


def load(mapping: Path) -> Callable[[str, bytes, int], list[Reading]]:
    """Make the decoder of a mapping file. Raises Refused where the file is wrong."""
    return decoder(load_mapping(mapping))


def is_named_in_payload(mapping: Path) -> bool:
    """Tell whether the payload says which device it is of. Raises Refused where the file is wrong."""
    return load_mapping(mapping).thing_key.startswith("$")


def decoder(mapping: Mapping) -> Callable[[str, bytes, int], list[Reading]]:
    """Make the decoder of a mapping."""
    pattern = topic_pattern(mapping.topic)
    items = steps(mapping.items.removesuffix(EACH)) if mapping.items else None
    moment = _time(mapping.time)
    key_of = Spot.at(mapping.thing_key) if mapping.thing_key.startswith("$") else None
    points = [Read(point, Spot.at(point.path), _unit(point.unit)) for point in mapping.points]

    def decode(topic: str, payload: bytes, received_us: int) -> list[Reading]:
        parts = pattern.fullmatch(topic)
        if parts is None:
            raise Unreadable(Reason.BAD_TOPIC, f"not a topic of the mapping {mapping.topic}")
        top = from_json(payload, ANYTHING)
        named = "" if key_of else PART.sub(lambda name: str(parts[name[1]]), mapping.thing_key)
        readings: list[Reading] = []
        for item in _items(top, items):
            key = named or _key(key_of.find(top, item) if key_of else MISSING)
            time_us = received_us if moment is None else moment(top, item)
            readings += _readings(points, top, item, key, time_us)
        return readings

    return decode


def _readings(points: Sequence[Read], top: object, item: object, key: str, time_us: int) -> list[Reading]:
    found = []
    for read in points:
        stated = read.value.find(top, item)
        if stated is not MISSING:
            unit = BOOLEAN_UNIT if isinstance(stated, bool) else _stated_unit(read.unit, top, item)
            text = stated if isinstance(stated, str) else None
            found.append(Reading(key, read.point.property, time_us, _number(read.point, stated), unit, text))
        elif not read.point.optional:
            raise Unreadable(Reason.WRONG_SHAPE, f"nothing at {read.point.path}")
    return found


def _number(point: Point, stated: object) -> float:
    """Give the number of what stands in the payload; NaN where it is none."""
    if point.values and not isinstance(stated, list | dict | None):
        word = str(stated).lower() if isinstance(stated, bool) else str(stated)
        return point.values.get(word, NAN)
    number = from_text(stated) if point.text and isinstance(stated, str) else to_number(stated)
    return number * point.factor + point.offset


def _items(top: object, path: Steps | None) -> list[object]:
    if path is None:
        return [top]
    found = follow(top, path)
    if not isinstance(found, list):
        raise Unreadable(Reason.WRONG_SHAPE, f"no array at $.{'.'.join(map(str, path))}")
    return found


def _key(stated: object) -> str:
    """Give the thing key in a payload; whole numbers are as good as their digits."""
    if isinstance(stated, int) and not isinstance(stated, bool):
        return str(stated)
    if isinstance(stated, str) and stated:
        return stated
    raise Unreadable(Reason.NO_DEVICE, "nothing in the payload names the device")


def _time(time: Time | None) -> Callable[[object, object], int] | None:
    if time is None:
        return None
    spot, read = Spot.at(time.path), _time_reader(time)

    def moment(top: object, item: object) -> int:
        stated = spot.find(top, item)
        if stated is MISSING:
            raise Unreadable(Reason.WRONG_SHAPE, f"no time at {time.path}")
        return read(stated)

    return moment


def _time_reader(time: Time) -> ReadTime:
    zone = ZoneInfo(time.zone) if time.zone else None
    if time.format == "iso":
        return lambda stated: from_iso(stated, zone)
    if time.format in UNITS_US:
        return lambda stated: from_epoch(stated, time.format)
    return lambda stated: from_pattern(stated, time.format, zone)


def _unit(stated: str | None) -> Spot | str | None:
    return Spot.at(stated) if stated is not None and stated.startswith("$") else stated


def _stated_unit(unit: Spot | str | None, top: object, item: object) -> str | None:
    """Give the unit of a reading; one that the payload should state but does not is refused as no unit at all."""
    if unit is None or isinstance(unit, str):
        return unit
    said = unit.find(top, item)
    return printable(said) if isinstance(said, str) else ""
