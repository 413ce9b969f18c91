"""Limit what one device may send, so that one in a loop does not crowd out the others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from ingest.quarantine import Unreadable, printable
from ingest.routing import Decoded
from ingest.sifting import Register, speaks_for
from ingest.times import SECOND_US
from twin.reasons import Reason

log = logging.getLogger(__name__)

LONGEST_S = 30  # a device that seldom reports may still report events: longer intervals count as this one
DEVICES_KEPT = 100_000


class Bucket(NamedTuple):
    """Whose allowance a message is of: a device's that came by its own way, else what this topic brings of a key."""

    thing_key: str
    format: str = ""
    topic: str = ""

    @property
    def name(self) -> str:
        """Who sends, as far as that is known: what is said in another's name is not the other's doing."""
        return printable(self.topic or self.thing_key)


class Allowance:
    """What one bucket holds; `by_clock` and `by_measured` say when it is full again, by both times [µs]."""

    __slots__ = ("by_clock", "by_measured", "is_flooding", "key", "pace_us", "room_us")

    def __init__(self, key: Bucket) -> None:
        self.key = key
        self.by_clock = self.by_measured = 0.0
        self.pace_us = self.room_us = 0.0
        self.is_flooding = False


class Floods:
    """One token bucket a device, or a topic where no device can be read: `factor` messages an interval, and `burst`.

    What came by another way than the device's own has a bucket of its own, by format and topic: who speaks for another
    uses up no allowance of the other's.

    A device that sends what it kept while it was offline is none: its measured times go on at its own pace. So a
    message is surplus only where it is too early by the clock and by its measured time.
    """

    def __init__(self, factor: float, burst: int) -> None:
        self._factor = factor
        self._burst = burst
        self._allowances: dict[Bucket, Allowance] = {}
        # by format, its levels of the topic, topic and thing key, as long as the register and the intervals are the same
        self._known: dict[tuple[str, int, str, str], Allowance] = {}
        self._of: tuple[object, object] = (None, None)

    def limit(self, decoded: Iterable[Decoded], register: Register, intervals: Mapping[str, int]) -> list[Decoded]:
        """Give the messages with the surplus of each device marked as trouble; `intervals` by thing key [s]."""
        if self._of[0] is not register or self._of[1] is not intervals:
            self._of = register, intervals
            self._known.clear()
        limited: list[Decoded] = []
        add, find = limited.append, self._known.get
        for one in decoded:
            readings, message = one.readings, one.message
            if not readings and one.trouble is None:
                add(one)
                continue
            mine = find((one.source, one.levels, message.topic, readings[0].thing_key if readings else ""))
            if mine is None:
                mine = self._find(one, register, intervals)
            by_clock, now_us = mine.by_clock, message.received_us
            if by_clock - now_us <= mine.room_us and not mine.is_flooding:
                mine.by_clock = (max(now_us, by_clock)) + mine.pace_us
                add(one)
            else:
                add(self._judged(one, mine))
        return limited

    def _find(self, one: Decoded, register: Register, intervals: Mapping[str, int]) -> Allowance:
        """Give the allowance that a message is of."""
        if len(self._allowances) >= DEVICES_KEPT:
            self._allowances.clear()  # whoever invents so many names gets a new start, and no more memory
            self._known.clear()
        elif len(self._known) >= DEVICES_KEPT:
            self._known.clear()
        key = _bucket(one, register)
        mine = self._allowances.get(key)
        if mine is None:
            mine = self._allowances[key] = Allowance(key)
        interval_s = LONGEST_S if key.topic else intervals.get(key.thing_key, LONGEST_S)
        mine.pace_us = min(interval_s, LONGEST_S) * SECOND_US / self._factor
        mine.room_us = self._burst * mine.pace_us
        thing_key = one.readings[0].thing_key if one.readings else ""
        self._known[one.source, one.levels, one.message.topic, thing_key] = mine
        return mine

    def _judged(self, one: Decoded, mine: Allowance) -> Decoded:
        """Judge a message of a bucket that is empty, or that was a moment ago."""
        now_us = one.message.received_us
        if mine.by_clock - now_us <= mine.room_us:
            mine.by_clock = max(mine.by_clock, now_us) + mine.pace_us
            mine.is_flooding = mine.by_clock - now_us > mine.room_us / 2
            return one
        measured_us = one.readings[0].time_us if one.readings else now_us
        if measured_us > now_us or mine.by_measured > measured_us:
            return self._surplus(one, mine)
        mine.by_measured = measured_us + mine.pace_us
        return one

    def _surplus(self, one: Decoded, mine: Allowance) -> Decoded:
        """Mark a message; without its bytes, so that all surplus of a device is one row of the quarantine."""
        pace = 60 * SECOND_US / mine.pace_us
        reason = f"{mine.key.name} sends more than {pace:g} messages a minute; the surplus is set aside"
        if not mine.is_flooding:
            mine.is_flooding = True
            log.warning("flood: %s", reason)
        bare, why = replace(one.message, payload=b""), Unreadable(Reason.FLOOD, reason)
        return replace(one, message=bare, readings=(), trouble=why)


def _bucket(one: Decoded, register: Register) -> Bucket:
    thing_key = one.readings[0].thing_key if one.readings else ""
    slot = register.ways.get(thing_key)
    if slot is not None and speaks_for(one, slot):
        return Bucket(thing_key)
    return Bucket(thing_key, one.source, one.message.topic)
