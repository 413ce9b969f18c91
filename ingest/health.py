"""What a settled batch says of each device: counts, clock, battery and radio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ingest.sifting import Sifted
from twin.health import Brought
from twin.observations import Outcome

__all__ = ["brought"]

SECOND_US = 1e6


def brought(sifted: Sifted, outcome: Outcome, worded: Outcome) -> Brought:
    """Add up by thing what became of the readings of a batch; the outcomes are of its numbers and of its texts."""
    stored_of = np.array(sifted.thing_ids + [one.thing_id for one in sifted.texts], dtype=np.int64)
    refused_of = np.array([thing for thing, _ in sifted.refused], dtype=np.int64)
    said_of = np.array([thing for thing, _ in sifted.said], dtype=np.int64)
    things, at = np.unique(np.concatenate([stored_of, refused_of, said_of]), return_inverse=True)
    mine, refused = at[: len(stored_of)], at[len(stored_of) : len(stored_of) + len(refused_of)]
    received_us = np.array(sifted.received_us + [one.received_us for one in sifted.texts], dtype=np.int64)
    time_us = np.array(sifted.times_us + [one.time_us for one in sifted.texts], dtype=np.int64)
    is_stored = np.concatenate([outcome.is_stored, worded.is_stored])
    is_conflict = np.concatenate([outcome.is_conflict, worded.is_conflict])
    is_late = np.concatenate([outcome.is_late, worded.is_late])
    last_seen_us = np.zeros(len(things), dtype=np.int64)
    np.maximum.at(last_seen_us, mine, received_us)
    np.maximum.at(last_seen_us, refused, np.array([us for _, us in sifted.refused], dtype=np.int64))
    signals = {"battery": np.full(len(things), np.nan), "rssi": np.full(len(things), np.nan)}
    for (_, name), thing in zip(sifted.said, at[len(stored_of) + len(refused_of) :].tolist(), strict=True):
        value, us = sifted.said[(int(things[thing]), name)]
        signals[name][thing] = value
        last_seen_us[thing] = max(last_seen_us[thing], us)

    def count(where: NDArray[np.int64]) -> NDArray[np.int32]:
        return np.bincount(where, minlength=len(things)).astype(np.int32)

    return Brought(
        things.astype(np.int32),
        last_seen_us,
        stored=count(mine[is_stored]),
        duplicate=count(mine[~is_stored]),
        conflict=count(mine[is_conflict]),
        quarantined=count(refused),
        late=count(mine[is_late]),
        skew_s=_skew_s(len(things), mine, time_us, received_us),
        battery=signals["battery"],
        rssi=signals["rssi"],
    )


def _skew_s(
    count: int, mine: NDArray[np.int64], time_us: NDArray[np.int64], received_us: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Give the largest of measured minus received; of a reading that states no time, the two are equal and say nothing."""
    skew = np.full(count, -np.inf)
    is_stated = time_us != received_us
    np.maximum.at(skew, mine[is_stated], (time_us - received_us)[is_stated] / SECOND_US)
    skew[np.isneginf(skew)] = np.nan
    return skew
