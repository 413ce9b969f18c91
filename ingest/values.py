"""Turn what a payload says of a property into readings: structures into their leaves, text into numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ingest.payload import BOOLEAN_UNIT, NAN, leaves, to_number
from ingest.quarantine import Reason, Unreadable
from twin.terms import Reading

DECIMAL = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", re.ASCII)
RSSI = "rssi"  # the property that says how strong a radio's signal is
AVAILABLE = "available"  # the property that says whether a device is connected, 1 or 0


def readings(
    thing_key: str, name: str, value: object, time_us: int, number: Callable[[object], float] = to_number
) -> Iterator[Reading]:
    """Give one reading of a plain value, or one of each leaf of a structure under `name.leaf`.

    `number` makes a float of a leaf, NaN where it is none.
    """
    for leaf, plain in leaves({name: value}):
        unit, text = BOOLEAN_UNIT if isinstance(plain, bool) else None, plain if isinstance(plain, str) else None
        yield Reading(thing_key, leaf, time_us, number(plain), unit, text)


def number_or_quoted(stated: object) -> float:
    """Give a number that may stand in quotes, as some platforms put all of them; NaN for everything else."""
    return from_text(stated) if isinstance(stated, str) else to_number(stated)


def from_text(text: str) -> float:
    """Give the decimal number that the text is, nothing else around it; NaN where it is none, as "nan" and "21,5"."""
    if not DECIMAL.fullmatch(text):
        return NAN
    number = float(text)
    return number if abs(number) != float("inf") else NAN


def available(thing_key: str, time_us: int, *, is_available: bool) -> Reading:
    """Say that a device is connected, or is not."""
    return Reading(thing_key, AVAILABLE, time_us, float(is_available), BOOLEAN_UNIT)


def heard(thing_key: str, time_us: int, rssi: Iterable[float | None]) -> list[Reading]:
    """Say how well the gateway heard a radio that heard it best [dBm]; nothing where none says."""
    known = [one for one in rssi if one is not None]
    return [Reading(thing_key, RSSI, time_us, max(known), "dBm")] if known else []


def utf8(payload: bytes) -> str:
    """Give the payload as text. Raises Unreadable where it is no UTF-8."""
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as broken:
        raise Unreadable(Reason.NOT_UTF8, f"not UTF-8 text (byte {broken.start})") from None
