"""How much of a service's capacity falls to each resident: floating catchment areas, and who gets a seat at all.

Capacity is in whatever unit the facilities state it: seats, beds, square metres of floor. Times are in seconds. A
catchment's limit belongs to its decay: the weight is 0 beyond it, and a way of exactly the limit is within it.

[1] Luo and Wang (2003), doi:10.1068/b29120: two-step floating catchment area, 2SFCA
[2] Luo and Qi (2009), doi:10.1016/j.healthplace.2009.06.002: enhanced by weights in steps, E2SFCA
[3] Wan, Zou and Sternberg (2012), doi:10.1080/13658816.2011.624987: three steps, with choice among facilities, 3SFCA
[4] Dai (2010), doi:10.1016/j.healthplace.2010.06.012: Gaussian decay that ends at 0 at the limit
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations import table_kernels
from simulations.tables import Table
from twin.errors import Refused

__all__ = [
    "Access",
    "Decay",
    "exponential",
    "gaussian",
    "gaussian_to_zero",
    "linear",
    "named",
    "power",
    "seats_taken",
    "step",
    "three_step",
    "two_step",
]

Floats = NDArray[np.float64]
MINUTE_S = 60.0
Decay = Callable[[Floats], Floats]  # times [s] to weights, of the same shape


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """Capacity by facility and by place.

    wanted: residents in each facility's catchment, by weight. ratio: its capacity for each of them, NaN where there
    are none; such a facility serves nobody. share: what falls to each resident of a place, 0 where they reach none.
    The sum of residents × share is the capacity of the facilities that are wanted at all.
    """

    wanted: Floats  # (facilities,)
    ratio: Floats  # (facilities,)
    share: Floats  # (places,)


def two_step(table: Table, residents: Floats, capacity: Floats, decay: Decay) -> Access:
    """Compute 2SFCA [1], or E2SFCA [2] where the decay has more than one level.

    table: facility × place; residents (places,); capacity (facilities,).
    """
    return _access(table, residents, capacity, decay(table.seconds()))


def three_step(
    table: Table, residents: Floats, capacity: Floats, decay: Decay, *, chosen_by: Decay | None = None
) -> Access:
    """Compute 3SFCA [3]: each resident first divides themself among the facilities in proportion to the weights.

    chosen_by: the decay by which they choose, of all rows of the table; the same decay where not said. PySAL's access
    chooses among all rows, also those beyond the catchment's limit: give the decay without its limit for its numbers.
    """
    weight = decay(table.seconds())
    choice = weight if chosen_by is None else chosen_by(table.seconds())
    of_place = np.bincount(table.column, choice, table.columns)[table.column]
    selected = np.divide(choice, of_place, out=np.zeros_like(choice), where=of_place > 0)
    return _access(table, residents, capacity, weight * selected)


def seats_taken(
    table: Table, residents: NDArray[np.int64], capacity: NDArray[np.int64], *, limit_s: float
) -> NDArray[np.int64]:
    """Seat as many residents as the capacities allow, each at one facility within the limit; (rows,) of the table.

    Exact, by maximum flow: coverage by distance counts who could walk there, this counts who would find a seat.
    """
    from scipy.sparse import csr_array  # an eighth of a second that other questions do not need
    from scipy.sparse.csgraph import maximum_flow

    near = np.flatnonzero(table.time_ms <= round(limit_s * 1000))
    first_place, sink = table.facilities + 1, table.facilities + table.columns + 1
    facility, place = table.facility()[near] + 1, table.column[near] + first_place
    most = np.minimum(residents[table.column[near]], capacity[table.facility()[near]])
    starts = np.concatenate((np.zeros(table.facilities, np.int64), facility, np.arange(first_place, sink)))
    ends = np.concatenate((np.arange(1, first_place), place, np.full(table.columns, sink)))
    amounts = np.concatenate((np.minimum(capacity, residents.sum()), most, residents)).astype(np.int32)
    shape = (sink + 1, sink + 1)
    flow = maximum_flow(csr_array((amounts, (starts, ends)), shape=shape), 0, sink).flow
    taken = np.zeros(len(table.column), np.int64)
    taken[near] = np.asarray(flow[facility, place]).ravel()
    return taken


def step(weights: Mapping[float, float]) -> Decay:
    """Give a decay in steps, {600: 1, 1200: 0.68, 1800: 0.22}: weights up to and with each time [s], 0 beyond all."""
    if not weights or min(weights.values()) < 0:
        raise ValueError(f"steps need weights of 0 or more: {weights}")
    limits = np.array(sorted(weights))
    levels = np.array([*(weights[limit] for limit in sorted(weights)), 0.0])
    return lambda time_s: levels[np.searchsorted(limits, time_s, side="left")]


def gaussian(sigma_s: float, *, limit_s: float = np.inf) -> Decay:
    """Give exp(-t² / 2σ²): 1 at the door, 0.61 at σ."""
    _positive(sigma_s)
    return _within(limit_s, lambda time_s: np.exp(time_s * time_s / (-2 * sigma_s * sigma_s)))


def gaussian_to_zero(limit_s: float) -> Decay:
    """Give Dai's Gaussian [4]: 1 at the door, 0 at the limit."""
    _positive(limit_s)
    least = np.exp(-0.5)
    return _within(limit_s, lambda time_s: (np.exp(-0.5 * (time_s / limit_s) ** 2) - least) / (1 - least))


def exponential(scale_s: float, *, limit_s: float = np.inf) -> Decay:
    """Give exp(-t / scale)."""
    _positive(scale_s)
    return _within(limit_s, lambda time_s: np.exp(time_s / -scale_s))


def power(exponent: float, *, scale_s: float = 1.0, least_s: float = 0.0, limit_s: float = np.inf) -> Decay:
    """Give (max(t, least) / scale) ** exponent, the gravity model's decay where the exponent is negative."""
    _positive(scale_s)
    if exponent < 0:
        _positive(least_s)  # a way of 0 s would weigh infinitely
    return _within(limit_s, lambda time_s: (np.maximum(time_s, least_s) / scale_s) ** exponent)


def linear(limit_s: float) -> Decay:
    """Give 1 - t / limit: 1 at the door, 0 at the limit."""
    _positive(limit_s)
    return _within(limit_s, lambda time_s: 1 - time_s / limit_s)


def named(name: str, limit_s: float) -> Decay:
    """Give a decay by its name: step (1 up to the limit), gaussian (Dai's, 0 at the limit), linear, exponential or power.

    The exponential one halves the limit for its scale, and the power is the gravity model's, 1 over the minutes, 1 within
    the first: both are ours (A). Beyond the limit all are 0. Raises Refused where there is none of that name.
    """
    known: dict[str, Callable[[float], Decay]] = {
        "step": lambda limit: step({limit: 1.0}),
        "gaussian": gaussian_to_zero,
        "linear": linear,
        "exponential": lambda limit: exponential(limit / 2, limit_s=limit),
        "power": lambda limit: power(-1.0, scale_s=MINUTE_S, least_s=MINUTE_S, limit_s=limit),
    }
    if name not in known:
        raise Refused(f"{name!r} is no decay; one of {', '.join(known)}")
    return known[name](limit_s)


def _within(limit_s: float, decay: Decay) -> Decay:
    return lambda time_s: np.where(time_s <= limit_s, decay(time_s), 0.0)


def _positive(value: float) -> None:
    if not value > 0:
        raise ValueError(f"{value} is not above 0")


def _access(table: Table, residents: Floats, capacity: Floats, weight: Floats) -> Access:
    wanted = table_kernels.catchments(table.indptr, table.column, weight, residents.astype(np.float64))
    ratio = np.divide(capacity, wanted, out=np.full(len(wanted), np.nan), where=wanted > 0)
    share = table_kernels.offers(table.indptr, table.column, weight, np.nan_to_num(ratio), table.columns)
    return Access(wanted, ratio, share)
