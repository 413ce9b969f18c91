"""Show what a payload would be read as, before anything is configured or stored."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

from ingest.decoders import find
from ingest.quarantine import Unreadable, printable
from twin.errors import Refused
from twin.gate import shown


def lines(
    topic: str, payload: bytes, *, decoder: str, mapping: Path | None = None, zone: str | None = None
) -> Iterator[str]:
    """Give one line a reading: thing, property, value, unit, measured time, set apart by tabs.

    Raises Refused with reason code and text where the payload would go to quarantine as a whole.
    """
    decode = find(decoder, mapping, zone)
    try:
        readings = decode(topic, payload, time.time_ns() // 1000)
    except Unreadable as why:
        raise Refused(f"{why.code}: {why.reason}") from None
    if not readings:
        yield "no readings in this message"
    for one in readings:
        value = "not a number" if math.isnan(one.value) else f"{one.value:g}"
        yield "\t".join((printable(one.thing_key), printable(one.property), value, one.unit or "-", shown(one.time_us)))
