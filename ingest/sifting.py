"""Sift a batch: which readings may be stored, and what is set aside and why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ingest.account import UNKNOWN, Account
from ingest.commands import Command
from ingest.decoders import WHOLE, Asking, Decode, describes_devices, find_all, renamed, speaker_levels
from ingest.mqtt import Message
from ingest.quarantine import Reason, Unreadable, printable
from ingest.settings import IngestSettings, Subscription
from ingest.times import SECOND_US
from ingest.values import RSSI
from twin import gate
from twin.devices import Slot
from twin.offers import MOST_PROPERTIES, Described, Seen
from twin.quarantine import Refusal
from twin.terms import Reading
from twin.units import code_of

PAYLOAD_BYTES = 256 * 1024
TOPIC_CHARACTERS = 1_024
TOPIC_LEVELS = 64
# What a device says of its own health: taken where it is enrolled, otherwise no matter for the quarantine.
HEALTH = frozenset({"battery", "rssi", "available"})
SIGNALS = {"battery": (0.0, 100.0), "rssi": (-200.0, 50.0)}  # kept of every device: %, dBm
# What a third party's decoder may raise for bytes it did not foresee; the message is set aside and the stream goes on.
FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROUTES_KEPT = 100_000
# Each row of the quarantine keeps the payload: one message of 250 kB can hold 15,000 readings of unknown devices, and
# a row for each would be a gigabyte. The last row of a message counts what has no row of its own.
ROWS_A_MESSAGE = 8
MORE = "; and more of this message is set aside"


@dataclass(frozen=True, slots=True)
class Route:
    """Who reads a topic; `source` is what the account calls it, `levels` how much of the topic says who speaks."""

    source: str
    decode: Decode
    levels: int = 0


class Routes:
    """Find the decoder of a topic: that of the first subscription whose filter matches."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        decoders = find_all((one.decoder, one.mapping, one.zone) for one in subscriptions)
        self._routes = [
            (
                one.filter.split("/"),
                Route(one.decoder, renamed(decode, one.rename), speaker_levels(one.decoder, one.mapping)),
            )
            for one, decode in zip(subscriptions, decoders, strict=True)
        ]
        self._asking: dict[int, Asking] = {}  # by identity: two subscriptions may share one decoder
        for decoder in decoders:
            if isinstance(decoder, Asking):
                self._asking[id(decoder)] = decoder
        self._found: dict[str, Route | None] = {}

    def take_commands(self) -> list[Command]:
        """Give what the decoders want published."""
        return [command for decoder in self._asking.values() for command in decoder.take_commands()]

    def find(self, topic: str) -> Route | None:
        """Give the route of a topic, None where no subscription is for it."""
        if topic in self._found:
            return self._found[topic]
        levels = topic.split("/")
        route = next((route for filters, route in self._routes if matches(filters, levels)), None)
        if len(self._found) < ROUTES_KEPT:
            self._found[topic] = route
        return route

    def nearest(self, topic: str) -> tuple[str, str] | None:
        """Give the source and the filter that come nearest to a topic without a route; None where no level agrees."""
        levels = topic.split("/")
        scored = [(_agreement(filters, levels), "/".join(filters), route.source) for filters, route in self._routes]
        best, text, source = max(scored, default=(0.0, "", ""), key=lambda one: one[0])
        return (source, text) if best > 0 else None


def _agreement(filters: Sequence[str], levels: Sequence[str]) -> float:
    """Say how far a topic agrees with a filter, 0 to 1: the share of levels, at their places, that are the filter's words.

    A + agrees with any level, but alone it makes no likeness.
    """
    pairs = list(zip(filters, levels, strict=False))
    words = sum(one == level for one, level in pairs)
    wild = sum(one == "+" for one, _ in pairs)
    return (words + wild) / max(len(filters), len(levels)) if words else 0.0


def matches(filters: Sequence[str], levels: Sequence[str]) -> bool:
    """Tell whether a topic matches a filter, both cut into levels (MQTT 5, 4.7: $… only where it is named)."""
    if levels[0].startswith("$") and filters[0] != levels[0]:
        return False
    for position, level in enumerate(filters):
        if level == "#":
            return True
        if position >= len(levels) or level not in ("+", levels[position]):
            return False
    return len(filters) == len(levels)


class Decoded(NamedTuple):
    """A message and what it says; `trouble` is why it says nothing, or why the database will not have it."""

    message: Message
    source: str
    readings: Sequence[Reading]
    trouble: Unreadable | None = None
    levels: int = 0


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
    """The enrolled datastreams by (thing key, property), and the thing keys."""

    def __init__(self, slots: Mapping[tuple[str, str], Slot]) -> None:
        self.slots = dict(slots)
        self.things = {key: slot.thing_id for (key, _), slot in slots.items()}
        self.ways = {key: slot for (key, _), slot in slots.items()}  # format and topic, the same for all of a thing
        self._names = {slot.datastream_id: name for name, slot in slots.items()}

    def learn(self, sifted: Sifted) -> None:
        """Take over which units a committed batch stated first, which are wrong now and which are right again."""
        for one in sifted.first_units.keys() | sifted.wrong_units.keys() | sifted.mended:
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


def decode(messages: Iterable[Message], routes: Routes) -> list[Decoded]:
    """Decode each message once, in order: decoders that remember what devices said must not hear it twice."""
    decoded = []
    for message in messages:
        route = routes.find(message.topic)
        source, levels = (UNKNOWN, 0) if route is None else (route.source, route.levels)
        try:
            decoded.append(Decoded(message, source, _decode(message, route, routes), levels=levels))
        except Unreadable as why:
            decoded.append(Decoded(message, source, (), why))
    return decoded


def sift(decoded: Iterable[Decoded], register: Register, settings: IngestSettings) -> Sifted:
    """Judge each reading of a batch by the register; nothing in a payload can stop it."""
    sifted = Sifted(Account(settings.broker.name))
    for message, source, readings, trouble, levels in decoded:
        origin = Origin(message, source, sifted.account.message(message.received_us, source), levels)
        sifted.rows = 0
        if trouble is not None:
            _refuse(sifted, origin, trouble.code, trouble.reason)
            continue
        if message.is_retained and _is_old(message, readings, settings.retained_limit_s * SECOND_US):
            continue
        for reading in readings:
            _judge(sifted, origin, reading, register)
    return sifted


def _decode(message: Message, route: Route | None, routes: Routes) -> Sequence[Reading]:
    topic, payload = message.topic, message.payload
    if len(topic) > TOPIC_CHARACTERS or topic.count("/") >= TOPIC_LEVELS or not topic.isprintable():
        raise Unreadable(Reason.BAD_TOPIC, "topic too long, too deep, or with characters that do not print")
    if route is None:
        near = routes.nearest(topic)
        hint = f"; {near[0]} by {near[1]} comes nearest" if near else ", and none comes near"
        raise Unreadable(Reason.NO_DECODER, f"no subscription with a decoder is for this topic{hint}")
    if len(payload) > PAYLOAD_BYTES:
        raise Unreadable(Reason.TOO_LARGE, f"{len(payload)} bytes; at most {PAYLOAD_BYTES} are read")
    try:
        return route.decode(topic, payload, message.received_us)
    except Unreadable:
        raise
    except FAULTS as error:
        raise Unreadable(Reason.DECODER_FAILED, f"{route.source}: {printable(repr(error))}") from error


def _is_old(message: Message, readings: Sequence[Reading], limit_us: int) -> bool:
    """Tell whether a retained message is a state of some time ago: its readings say so, or do not say when."""
    oldest_us = message.received_us - limit_us
    return all(one.time_us < oldest_us or one.time_us == message.received_us for one in readings)


def _judge(sifted: Sifted, origin: Origin, reading: Reading, register: Register) -> None:
    """Take a reading, or set it aside: the gate is here, before anything reaches the database."""
    slot = register.slots.get((reading.thing_key, reading.property))
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
    sifted.datastream_ids.append(slot.datastream_id)
    sifted.times_us.append(reading.time_us)
    sifted.values.append(value)
    sifted.tallies.append(origin.tally)
    sifted.thing_ids.append(slot.thing_id)
    sifted.received_us.append(received_us)
    if reading.property in SIGNALS:
        _note_signal(sifted, slot.thing_id, reading.property, value, received_us)
    if slot.stated is None and reading.unit is not None:
        sifted.first_units[slot.datastream_id] = code_of(reading.unit)
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
        sifted.datastream_ids.append(slot.datastream_id)
        sifted.times_us.append(reading.time_us)
        sifted.values.append(float(found))
        sifted.tallies.append(origin.tally)
        sifted.thing_ids.append(slot.thing_id)
        sifted.received_us.append(received_us)


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
