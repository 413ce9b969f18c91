"""How long people walk to a service, minute by minute: a histogram of minutes by people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import FAR, field, floor_ms, reach
from simulations.states import Reports, shut
from twin.terms import MobilityGroup, Service

__all__ = ["Spread", "spread"]

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """People by walking time from their floor, unknown taken as open: bin i holds more than i and at most i + 1 minutes.

    A way of exactly a limit is within it, as in `coverage`; 0 minutes are in the first bin.
    """

    people: NDArray[np.int64]  # (minutes,)
    farther: int  # walk longer than the last bin
    unreached: int  # have no way at all


def spread(community: Community, said: Reports, service: Service, group: MobilityGroup, *, minutes: int) -> Spread:
    """Count the people of a group by the minutes they walk to the nearest open facility, in `minutes` bins."""
    closed = shut(said, group, unknown_closed=False)
    way = reach(community, field(community, service, group, closed), group)
    time_ms = floor_ms(community, way, group, closed, assume_lifts=True)
    columns, _ = community.bands_of(group)
    people = community.households.people[:, columns].sum(axis=1)
    bins = np.clip(-(-time_ms // MINUTE_MS) - 1, 0, minutes)
    reached = time_ms < FAR
    counted = np.bincount(bins[reached], people[reached], minutes + 1).astype(np.int64)
    return Spread(counted[:minutes], int(counted[minutes]), int(people[~reached].sum()))
