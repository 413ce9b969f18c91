"""Show what a payload would be read as, before anything is configured or stored; and a first mapping of one."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ingest.decoders import WHOLE, find, mapped
from ingest.drafts import draft
from ingest.mapping import Mapping, Wrong, filter_of, parse
from ingest.mqtt import Message
from ingest.quarantine import Unreadable, printable
from ingest.routing import MAPPED, Decoded
from ingest.settings import IngestSettings
from ingest.sifting import EPOCH, Register, sift
from twin.devices import Slot
from twin.errors import Refused
from twin.gate import shown
from twin.terms import Reading

__all__ = ["Checked", "Read", "Unreadable", "Wrong", "check", "draft", "lines", "read"]

MOST_READ = 200  # readings of one message that are shown
STORED, IGNORED = "stored", "ignored"


@dataclass(frozen=True, slots=True)
class Checked:
    """A mapping that ingest would take, and the MQTT filter of its topics."""

    mapping: Mapping
    filter: str


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a message, and what ingest would do with it now.

    `verdict` is stored, ignored (its own health, which nobody registered), or the reason code that it would be set aside
    with; `value` is in the unit of the register where it would be stored, else as the device states it (None: no number).
    """

    thing_key: str
    property: str
    value: float | None
    unit: str | None
    text: str | None
    measured_at: datetime | None
    verdict: str
    why: str = ""


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


def check(text: str) -> Checked:
    """Check the text of a mapping. Raises Wrong, with the line.

    A mapping comes before all subscriptions: one of any topic at all would take every device's messages.
    """
    mapping = parse(text)
    levels = filter_of(mapping)
    if not set(levels.split("/")) - {"+", "#", ""}:
        raise Wrong(1, "topic", "at least one level is a word, or it would take the messages of all devices")
    return Checked(mapping, levels)


def read(
    checked: Checked, topic: str, payload: bytes, received_us: int, slots: dict[tuple[str, str], Slot]
) -> Sequence[Read]:
    """Read a message by a mapping and judge each reading by the register, as ingest would; at most MOST_READ.

    Raises Unreadable (a ValueError with code and reason) where the message would be set aside as a whole.
    """
    register, levels = Register(slots), WHOLE if checked.mapping.thing_key.startswith("$") else 0
    message = Message(topic, payload, 1, 0, False, received_us, 0)
    readings = mapped.decoder(checked.mapping)(topic, payload, received_us)
    return [_judged(message, one, register, levels) for one in readings[:MOST_READ]]


def _judged(message: Message, reading: Reading, register: Register, levels: int) -> Read:
    sifted = sift([Decoded(message, MAPPED, (reading,), levels=levels)], register, IngestSettings())
    key, name = printable(reading.thing_key), printable(reading.property)
    stated = reading.value if math.isfinite(reading.value) else None
    text = None if reading.text is None else printable(reading.text)
    at = _moment(reading.time_us)
    if sifted.refusals:
        (refusal,) = sifted.refusals
        return Read(key, name, stated, reading.unit, text, at, refusal.reason_code, refusal.reason)
    if sifted.values:
        slot = register.slots[reading.thing_key, reading.property]
        return Read(key, name, sifted.values[0], slot.unit, text, at, STORED)
    return Read(key, name, stated, reading.unit, text, at, STORED if sifted.texts else IGNORED)


def _moment(time_us: int) -> datetime | None:
    """Give a time for the eye; None for one that no calendar has."""
    try:
        return datetime.fromtimestamp(time_us / 1e6, EPOCH.tzinfo)
    except (OverflowError, ValueError, OSError):
        return None
