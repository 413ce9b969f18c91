"""Count what arrives, by minute and source, until it is written with what it counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from twin.account import Tally

MINUTE_US = 60_000_000
UNKNOWN = "unknown"  # the source of a message that no decoder is there for


class Account:
    """The tallies of one batch; each has a number, so that a reading can say cheaply which one it belongs to.

    A broker that has a name puts it before its sources: `hills/chirpstack`.
    """

    def __init__(self, broker: str | None = None) -> None:
        self._prefix = f"{broker}/" if broker else ""
        self._numbers: dict[tuple[int, str], int] = {}
        self._tallies: list[Tally] = []
        # of the message before: most are of the same minute and source
        self._source, self._from_us, self._number, self._tally = "", 0, 0, Tally()

    def message(self, received_us: int, source: str) -> int:
        """Count a message and give the number of its tally."""
        if source != self._source or not 0 <= received_us - self._from_us < MINUTE_US:
            self._turn_to(received_us // MINUTE_US, source)
        self._tally.messages += 1
        return self._number

    def _turn_to(self, minute: int, source: str) -> None:
        number = self._numbers.setdefault((minute, source), len(self._tallies))
        if number == len(self._tallies):
            self._tallies.append(Tally())
        self._source, self._from_us = source, minute * MINUTE_US
        self._number, self._tally = number, self._tallies[number]

    def quarantined(self, number: int) -> None:
        """Count a reading, or an undecodable message, as set aside."""
        self._tallies[number].quarantined += 1

    def recorded(self, numbers: Sequence[int], is_stored: NDArray[np.bool_], is_conflict: NDArray[np.bool_]) -> None:
        """Count readings as stored or duplicate, and those of the duplicates that conflict; one entry a reading."""
        owners = np.array(numbers, dtype=np.int64)
        stored = np.bincount(owners[is_stored], minlength=len(self._tallies))
        conflict = np.bincount(owners[is_conflict], minlength=len(self._tallies))
        both = np.bincount(owners, minlength=len(self._tallies))
        for number, tally in enumerate(self._tallies):
            tally.stored += int(stored[number])
            tally.duplicate += int(both[number] - stored[number])
            tally.conflict += int(conflict[number])

    def tallies(self) -> dict[tuple[datetime, str], Tally]:
        """Give the counts by (minute, source), as the twin stores them."""
        return {
            (datetime.fromtimestamp(minute * 60, UTC), self._prefix + source): self._tallies[number]
            for (minute, source), number in self._numbers.items()
        }
