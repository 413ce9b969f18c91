"""Limit what one device may send, so that one in a loop does not crowd out the others."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ingest.quarantine import Unreadable, printable
from ingest.sifting import Decoded, Register, speaks_for
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
        self._due: dict[Bucket, tuple[float, float]] = {}  # when it is full again, by both times [µs]
        self._flooding: set[Bucket] = set()

    def limit(self, decoded: Iterable[Decoded], register: Register, intervals: Mapping[str, int]) -> list[Decoded]:
        """Give the messages with the surplus of each device marked as trouble; `intervals` by thing key [s]."""
        return [self._judged(one, register, intervals) if one.readings or one.trouble else one for one in decoded]

    def _judged(self, one: Decoded, register: Register, intervals: Mapping[str, int]) -> Decoded:
        key = _bucket(one, register)
        interval_s = LONGEST_S if key.topic else intervals.get(key.thing_key, LONGEST_S)
        pace_us = min(interval_s, LONGEST_S) * SECOND_US / self._factor
        now_us = one.message.received_us
        by_clock, by_measured = self._due.get(key, (0.0, 0.0))
        if by_clock - now_us <= self._burst * pace_us:
            by_clock = max(by_clock, now_us) + pace_us
            if by_clock - now_us <= self._burst * pace_us / 2:
                self._flooding.discard(key)
        else:
            measured_us = one.readings[0].time_us if one.readings else now_us
            if measured_us > now_us or by_measured - measured_us > 0:
                return self._surplus(one, key, pace_us)
            by_measured = measured_us + pace_us
        if len(self._due) >= DEVICES_KEPT:
            self._due.clear()  # whoever invents so many names gets a new start, and no more memory
            self._flooding.clear()
        self._due[key] = by_clock, by_measured
        return one

    def _surplus(self, one: Decoded, key: Bucket, pace_us: float) -> Decoded:
        """Mark a message; without its bytes, so that all surplus of a device is one row of the quarantine."""
        reason = f"{key.name} sends more than {60 * SECOND_US / pace_us:g} messages a minute; the surplus is set aside"
        if key not in self._flooding:
            self._flooding.add(key)
            log.warning("flood: %s", reason)
        return one._replace(
            message=one.message._replace(payload=b""), readings=(), trouble=Unreadable(Reason.FLOOD, reason)
        )


def _bucket(one: Decoded, register: Register) -> Bucket:
    thing_key = one.readings[0].thing_key if one.readings else ""
    slot = register.ways.get(thing_key)
    if slot is not None and speaks_for(one, slot):
        return Bucket(thing_key)
    return Bucket(thing_key, one.source, one.message.topic)
