"""Sift a batch: which readings may be stored, and what is set aside and why."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from ingest.account import UNKNOWN, Account
from ingest.decoders import WHOLE, describes_devices
from ingest.mqtt import Message
from ingest.quarantine import Reason, printable
from ingest.routing import Decoded
from ingest.settings import IngestSettings
from ingest.times import SECOND_US
from ingest.values import RSSI
from twin import gate
from twin.devices import BY_CLIENT, Slot
from twin.gate import FUTURE_US, PAST_US
from twin.offers import MOST_PROPERTIES, Described, Seen
from twin.quarantine import Refusal
from twin.terms import Reading
from twin.units import code_of

# What a device says of its own health: taken where it is enrolled, otherwise no matter for the quarantine.
HEALTH = frozenset({"battery", "rssi", "available"})
SIGNALS = {"battery": (0.0, 100.0), "rssi": (-200.0, 50.0)}  # kept of every device: %, dBm
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SENSORTHINGS = "sensorthings"
STREAM = re.compile(r"Datastreams\((\d{1,10})\)", re.ASCII)
PLAIN_KEPT = 200_000
# Each row of the quarantine keeps the payload: one message of 250 kB can hold 15,000 readings of unknown devices, and
# a row for each would be a gigabyte. The last row of a message counts what has no row of its own.
ROWS_A_MESSAGE = 8
MORE = "; and more of this message is set aside"


class Origin(NamedTuple):
    """Where a reading comes from: its message, who decoded it, its tally's number, and the levels that say who speaks."""

    message: Message
    source: str
    tally: int
    levels: int


def speaks_for(said: Decoded | Origin, slot: Slot) -> bool:
    """Tell whether a thing is registered with this format, and on this topic where the payload names the thing."""
    if said.source != slot.format:
        return not slot.format
    topic = said.message.topic
    if not said.levels or topic == slot.topic or not slot.topic:
        return True
    if said.levels == WHOLE:
        return topic.startswith(slot.topic + "/")
    return topic.split("/")[: said.levels] == slot.topic.split("/")[: said.levels]


class Register:
    """The enrolled datastreams by (thing key, property), and the thing keys.

    `plain` keeps, by who said it on which topic, those whose readings need no more than a look at value and time: they
    came by the way of their thing and in the registered unit, as numbers. It fills as they come.
    """

    def __init__(self, slots: Mapping[tuple[str, str], Slot]) -> None:
        self.slots = dict(slots)
        self.things = {key: slot.thing_id for (key, _), slot in slots.items()}
        self.ways = {key: slot for (key, _), slot in slots.items()}  # format and topic, the same for all of a thing
        self.plain: dict[tuple[str, int, str, str, str, str | None], Slot] = {}
        self._names = {slot.datastream_id: name for name, slot in slots.items()}

    def remember(self, origin: Origin, reading: Reading, slot: Slot) -> None:
        """Keep that such readings are plain, where they are: this one was taken into this slot as it is."""
        is_as_always = slot.stated is not None or reading.unit is None
        is_as_registered = reading.unit is None or reading.unit == slot.unit
        if slot.wrong is None and is_as_always and is_as_registered and reading.property not in SIGNALS:
            if len(self.plain) >= PLAIN_KEPT:
                self.plain.clear()  # somebody invents topics
            way = (origin.source, origin.levels, origin.message.topic)
            self.plain[*way, reading.thing_key, reading.property, reading.unit] = slot

    def by_number(self, origin: Origin, reading: Reading) -> Slot | None:
        """Give the datastream that SensorThings names by its number; None where none is named or there.

        Of a thing that a client made, or whose format this is, it is the thing's own way; of others it is not.
        """
        found = STREAM.fullmatch(reading.thing_key) if origin.source == SENSORTHINGS else None
        name = self._names.get(int(found[1])) if found and reading.property == "result" else None
        if name is None:
            return None
        slot = self.slots[name]
        return slot._replace(format=SENSORTHINGS, topic="") if slot.format in (BY_CLIENT, SENSORTHINGS) else slot

    def learn(self, sifted: Sifted) -> None:
        """Take over which units a committed batch stated first, which are wrong now and which are right again."""
        for one in sifted.first_units.keys() | sifted.wrong_units.keys() | sifted.mended:
            self.plain.clear()
            name = self._names[one]
            slot = self.slots[name]
            wrong = None if one in sifted.mended else slot.wrong
            if one in sifted.wrong_units:
                wrong = sifted.wrong_units[one] or ""
            self.slots[name] = slot._replace(stated=sifted.first_units.get(one, slot.stated), wrong=wrong)


class Said(NamedTuple):
    """A reading that is free text, to be stored."""

    datastream_id: int
    time_us: int
    text: str
    tally: int
    thing_id: int
    received_us: int


@dataclass(slots=True)
class Sifted:
    """A batch sifted: six lists with one entry a reading to store, what is set aside, and what things say of themselves."""

    account: Account = field(default_factory=Account)
    datastream_ids: list[int] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    tallies: list[int] = field(default_factory=list)
    thing_ids: list[int] = field(default_factory=list)
    received_us: list[int] = field(default_factory=list)
    texts: list[Said] = field(default_factory=list)
    refused: list[tuple[int, int]] = field(default_factory=list)  # thing id and time of arrival, of known things
    said: dict[tuple[int, str], tuple[float, int]] = field(default_factory=dict)  # (thing id, signal) to value, arrival
    refusals: list[Refusal] = field(default_factory=list)
    rows: int = 0  # of the quarantine, for the message that is judged
    offers: dict[tuple[str, str], Seen] = field(default_factory=dict)  # by thing key and format
    first_units: dict[int, str] = field(default_factory=dict)  # by datastream id: stated for the first time
    wrong_units: dict[int, str | None] = field(default_factory=dict)  # by datastream id: what came last, None: no unit
    mended: set[int] = field(default_factory=set)  # datastreams that come in the right unit again
    is_unknown: bool = False  # whether something is not as registered, which may have changed since it was read

    @property
    def columns(self) -> tuple[list[Any], ...]:
        """The six lists."""
        return self.datastream_ids, self.times_us, self.values, self.tallies, self.thing_ids, self.received_us

    @property
    def has_units(self) -> bool:
        """Whether a unit came, in this batch, for the first time or instead of another: later readings depend on it."""
        return bool(self.first_units or self.wrong_units)

    def keep(self, slot: Slot, time_us: int, value: float, origin: Origin) -> None:
        """Take one reading that may be stored."""
        one = (slot.datastream_id, time_us, value, origin.tally, slot.thing_id, origin.message.received_us)
        for column, entry in zip(self.columns, one, strict=True):
            column.append(entry)


def sift(decoded: Iterable[Decoded], register: Register, settings: IngestSettings) -> Sifted:
    """Judge each reading of a batch by the register; nothing in a payload can stop it.

    Hot: a plain reading costs a look at its value and time, and six entries in the lists.
    """
    sifted = Sifted(Account(settings.broker.name))
    count, find, limit_us = sifted.account.message, register.plain.get, settings.retained_limit_s * SECOND_US
    first, wrong = sifted.first_units, sifted.wrong_units  # later readings of this batch depend on them
    add_id, add_time, add_value, add_tally, add_thing, add_received = [one.append for one in sifted.columns]
    for one in decoded:
        message, source, levels = one.message, one.source, one.levels
        topic, received_us = message.topic, message.received_us
        tally = count(received_us, source)
        sifted.rows = 0
        if one.trouble is not None:
            _refuse(sifted, Origin(message, source, tally, levels), one.trouble.code, one.trouble.reason)
            continue
        if message.is_retained and _is_old(message, one.readings, limit_us):
            continue
        for reading in one.readings:
            slot = find((source, levels, topic, reading.thing_key, reading.property, reading.unit))
            value = reading.value
            if (
                slot is None
                or not slot.lowest <= value <= slot.highest
                or first
                or wrong
                or not -FUTURE_US <= received_us - reading.time_us <= PAST_US
            ):
                _judge(sifted, Origin(message, source, tally, levels), reading, register)
            else:
                add_id(slot.datastream_id)
                add_time(reading.time_us)
                add_value(value)
                add_tally(tally)
                add_thing(slot.thing_id)
                add_received(received_us)
    return sifted


def _is_old(message: Message, readings: Sequence[Reading], limit_us: int) -> bool:
    """Tell whether a retained message is a state of some time ago: its readings say so, or do not say when."""
    oldest_us = message.received_us - limit_us
    return all(one.time_us < oldest_us or one.time_us == message.received_us for one in readings)


def _judge(sifted: Sifted, origin: Origin, reading: Reading, register: Register) -> None:
    """Take a reading, or set it aside: the gate is here, before anything reaches the database."""
    slot = register.slots.get((reading.thing_key, reading.property)) or register.by_number(origin, reading)
    if slot is None:
        _not_enrolled(sifted, origin, reading, register)
        return
    if not speaks_for(origin, slot):
        _not_its_own(sifted, origin, reading, slot)
        return
    if slot.stated is None and slot.datastream_id in sifted.first_units:
        slot = slot._replace(stated=sifted.first_units[slot.datastream_id])
    received_us = origin.message.received_us
    if slot.codes is not None:
        _judge_words(sifted, origin, reading, slot)
        return
    value = gate.fit(reading, slot, received_us)
    if value is None:
        code, reason = gate.why(reading, slot, received_us)
        if code is Reason.WRONG_UNIT:
            sifted.wrong_units[slot.datastream_id] = reading.unit and printable(reading.unit)
            sifted.mended.discard(slot.datastream_id)
            sifted.is_unknown = True  # somebody may have accepted the new unit a moment ago
        sifted.refused.append((slot.thing_id, received_us))
        _refuse(sifted, origin, code, reason, reading)
        return
    sifted.keep(slot, reading.time_us, value, origin)
    if not sifted.has_units:
        register.remember(origin, reading, slot)
    if reading.property in SIGNALS:
        _note_signal(sifted, slot.thing_id, reading.property, value, received_us)
    _note_unit(sifted, slot, reading.unit)


def _note_unit(sifted: Sifted, slot: Slot, unit: str | None) -> None:
    """Note the unit of a reading that was taken: stated for the first time, or right again."""
    if slot.stated is None and unit is not None:
        sifted.first_units[slot.datastream_id] = code_of(unit)
    if slot.wrong is not None or slot.datastream_id in sifted.wrong_units:
        sifted.wrong_units.pop(slot.datastream_id, None)
        sifted.mended.add(slot.datastream_id)


def _judge_words(sifted: Sifted, origin: Origin, reading: Reading, slot: Slot) -> None:
    """Take a reading of a datastream of words: those of a code list as their codes, beside the numbers."""
    received_us = origin.message.received_us
    found = gate.worded(reading, slot, received_us)
    if found is None:
        sifted.refused.append((slot.thing_id, received_us))
        _refuse(sifted, origin, *gate.why_not_word(reading, slot, received_us), reading)
    elif isinstance(found, str):
        sifted.texts.append(Said(slot.datastream_id, reading.time_us, found, origin.tally, slot.thing_id, received_us))
    else:
        sifted.keep(slot, reading.time_us, float(found), origin)


def _note_signal(sifted: Sifted, thing_id: int, name: str, value: float, received_us: int) -> None:
    """Note a battery or a signal strength that can be one."""
    lowest, highest = SIGNALS[name]
    if lowest <= value <= highest:
        sifted.said[thing_id, name] = (value, received_us)


def _not_its_own(sifted: Sifted, origin: Origin, reading: Reading, slot: Slot) -> None:
    """Set a reading aside that came for a thing by another way than the thing's own."""
    key = printable(reading.thing_key)
    if origin.source != slot.format:
        why = f"{key} is enrolled with the format {slot.format}, this came as {origin.source}"
    else:
        why = f"{key} is enrolled on {printable(slot.topic)}, this came on another topic"
    sifted.is_unknown = True
    _refuse(sifted, origin, Reason.DEVICE_MISMATCH, why, reading)


def _not_enrolled(sifted: Sifted, origin: Origin, reading: Reading, register: Register) -> None:
    """Set a reading aside whose datastream is not in the register, where that is somebody's matter."""
    key, name = printable(reading.thing_key), printable(reading.property)
    if reading.thing_key not in register.things:
        if reading.property == RSSI:
            return  # of the radio, and no measurement of the place
        why = (Reason.UNKNOWN_DEVICE, f"no device is enrolled as {key}")
        if describes_devices(origin.source):
            _offer(sifted, origin, reading)
    elif reading.property in HEALTH or math.isnan(reading.value):
        if reading.property in SIGNALS:
            _note_signal(
                sifted, register.things[reading.thing_key], reading.property, reading.value, origin.message.received_us
            )
        return  # its health, or a word of a known device that nobody asked to store
    else:
        why = (Reason.UNKNOWN_PROPERTY, f"{key} is enrolled without {name}")
        sifted.refused.append((register.things[reading.thing_key], origin.message.received_us))
    sifted.is_unknown = True
    _refuse(sifted, origin, *why, reading)


def _offer(sifted: Sifted, origin: Origin, reading: Reading) -> None:
    """Note what an unknown device says of itself, where its words can be shown as they are."""
    names = (reading.thing_key, reading.property, reading.unit or "")
    if any(printable(name) != name for name in names):
        return
    message = origin.message
    seen_at, measured_at = _calendar(message.received_us), _calendar(reading.time_us)
    made = Seen(reading.thing_key, origin.source, printable(message.topic), seen_at or EPOCH, measured_at)
    seen = sifted.offers.setdefault((reading.thing_key, origin.source), made)
    seen.topic, seen.seen, seen.readings = made.topic, made.seen, seen.readings + 1
    if measured_at is not None and (seen.measured_at is None or measured_at > seen.measured_at):
        seen.measured_at = measured_at
    if len(seen.properties) < MOST_PROPERTIES:
        value = reading.value if math.isfinite(reading.value) else None
        seen.properties[reading.property] = Described(reading.unit, value)


def _refuse(sifted: Sifted, origin: Origin, code: Reason, reason: str, reading: Reading | None = None) -> None:
    message = origin.message
    sifted.account.quarantined(origin.tally)
    if sifted.rows == ROWS_A_MESSAGE:
        last = sifted.refusals.pop()
        reason = last.reason.removesuffix(MORE) + MORE
        sifted.refusals.append(replace(last, reason=reason, measured_at=None, count=last.count + 1))
        return
    sifted.rows += 1
    sifted.refusals.append(
        Refusal(
            topic=printable(message.topic),
            format=None if origin.source == UNKNOWN else origin.source,
            reason_code=code.value,
            reason=reason,
            payload=message.payload,
            seen=EPOCH + timedelta(microseconds=message.received_us),
            measured_at=_calendar(None if reading is None else reading.time_us),
            thing_key=None if reading is None else printable(reading.thing_key),
            name=None if reading is None else printable(reading.property),
        )
    )


def _calendar(time_us: int | None) -> datetime | None:
    """Give a time as the database can keep it; None for one before the year 1 or after 9999."""
    if time_us is None:
        return None
    try:
        return EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return None
