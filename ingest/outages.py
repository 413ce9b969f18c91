"""How often something is out of service and for how long: a law drawn through published figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["GATES", "LIFTS", "Alternating", "Outages"]

HOUR_S = 3_600.0
GRID = 200_001  # steps of probability that means and waiting times are taken on: the mean is good to 0.1 %

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Outages:
    """An alternating renewal process: in service for exponential times, out for times with the given quantiles.

    Between the quantiles the logarithm of the time is linear in the logit of the probability; below the first and above
    the last it is held. The mean time in service follows from the availability, the share of time in service.
    """

    availability: float
    probabilities: tuple[float, ...]
    hours: tuple[float, ...]

    def quantile_h(self, probability: Array) -> Array:
        """Give the outage length that this share of outages does not pass [h]; any shape."""
        at = np.clip(probability, self.probabilities[0], self.probabilities[-1])
        return np.exp(np.interp(_logit(at), _logit(np.array(self.probabilities)), np.log(self.hours)))

    @cached_property
    def _grid_h(self) -> Array:
        return self.quantile_h((np.arange(GRID) + 0.5) / GRID)

    @property
    def mean_out_h(self) -> float:
        """Mean outage [h]."""
        return float(self._grid_h.mean())

    @property
    def mean_in_h(self) -> float:
        """Mean time in service between two outages [h]."""
        return self.mean_out_h * self.availability / (1.0 - self.availability)

    def outages_h(self, rng: np.random.Generator, count: int) -> Array:
        """Draw outage lengths [h]; shape (count,)."""
        return self.quantile_h(rng.random(count))

    def rest_h(self, rng: np.random.Generator) -> float:
        """Draw how long an outage found under way goes on [h].

        A moment falls into an outage with a chance proportional to its length, and anywhere in it (Feller, An
        Introduction to Probability Theory and Its Applications, vol. 2, XI.4).
        """
        reached = np.cumsum(self._grid_h)
        found = np.searchsorted(reached, rng.random() * reached[-1])
        return float(self._grid_h[found] * rng.random())


# Quantiles .5, .9, .99 and availability: 277 lifts of the Washington metro, 12,400 state changes 2013-08 to 2015-02
# (LeeMendelowitz/DCMetroMetrics, ODbL). The ends are the same record's .01 and .999 quantiles: 1.5 minutes, 95 days.
LIFTS = Outages(0.971, (0.01, 0.5, 0.9, 0.99, 0.999), (0.025, 1.9, 13.0, 260.0, 2290.0))
# Gates found locked: nothing is published; an assumption of ours.
GATES = Outages(0.98, (0.01, 0.5, 0.9, 0.99), (0.05, 0.5, 2.0, 12.0))


class Alternating:
    """One device that is in service or out, by a law, from a moment at which the process has long been running."""

    def __init__(self, law: Outages, rng: np.random.Generator, start_s: float) -> None:
        self.is_in = bool(rng.random() < law.availability)
        self._law = law
        self._rng = rng
        rest_h = rng.exponential(law.mean_in_h) if self.is_in else law.rest_h(rng)
        self.until_s = start_s + rest_h * HOUR_S

    def advance(self, now_s: float) -> bool:
        """Go on to a moment that is not before the last, and tell whether it is in service then."""
        while self.until_s <= now_s:
            self.is_in = not self.is_in
            in_h = float(self._rng.exponential(self._law.mean_in_h))
            self.until_s += HOUR_S * (in_h if self.is_in else float(self._law.outages_h(self._rng, 1)[0]))
        return self.is_in


def _logit(probability: Array) -> Array:
    return np.log(probability) - np.log1p(-probability)
