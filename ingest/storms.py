"""Storms and the water they leave in a low place, for the simulated water levels."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["Storms", "hydrograph"]

HOUR_S = 3_600.0
RESERVOIRS = 3.0  # shape of the hydrograph
STORAGE_S = 0.4 * HOUR_S  # and its scale: the peak comes 48 minutes after the onset
RISE_S = 1.0 * HOUR_S
FORGOTTEN_S = 12 * HOUR_S  # less than 1e-9 of the peak is left
BETWEEN_S = 60 * HOUR_S  # mean time between storms that leave water; these three and the peaks are assumptions
PEAK_CM = 9.0  # median of the peaks at a place with share 1
PEAK_SPREAD = 0.7  # standard deviation of their logarithm: a third passes 12 cm, one in 14 passes 25 cm


def hydrograph(since_s: float) -> float:
    """Give the share of the peak that stands so long after the onset; 0 before it.

    The gamma unit hydrograph of n equal linear reservoirs of storage k, u(t) ~ (t/k)^(n-1) exp(-t/k), scaled to 1 at its
    peak at (n-1) k (Nash, The form of the instantaneous unit hydrograph, IASH Publ. 45, 1957).
    """
    if since_s <= 0:
        return 0.0
    ratio = since_s / ((RESERVOIRS - 1.0) * STORAGE_S)
    return math.pow(ratio * math.exp(1.0 - ratio), RESERVOIRS - 1.0)


class Storms:
    """The storms over a place, drawn one after another; every low place there asks the same ones."""

    def __init__(self, rng: np.random.Generator, start_s: float) -> None:
        self._rng = rng
        self._onsets_s = [start_s + float(rng.exponential(BETWEEN_S))]
        self._peaks_cm = [self._peak()]

    def next_onset_s(self, after_s: float) -> float:
        """Give the model time of the first storm after a moment."""
        while self._onsets_s[-1] <= after_s:
            self._onsets_s.append(self._onsets_s[-1] + float(self._rng.exponential(BETWEEN_S)))
            self._peaks_cm.append(self._peak())
        return next(onset_s for onset_s in self._onsets_s if onset_s > after_s)

    def is_on(self, now_s: float) -> bool:
        """Tell whether a storm has begun so lately that its water is still coming."""
        self.next_onset_s(now_s)
        return any(0 <= now_s - onset_s < RISE_S for onset_s in self._onsets_s)

    def depth_cm(self, now_s: float) -> float:
        """Give the depth at a place with share 1 [cm]: what all storms so far have left."""
        self.next_onset_s(now_s)
        return sum(
            peak_cm * hydrograph(now_s - onset_s)
            for onset_s, peak_cm in zip(self._onsets_s, self._peaks_cm, strict=True)
            if 0 < now_s - onset_s < FORGOTTEN_S
        )

    def _peak(self) -> float:
        return float(self._rng.lognormal(math.log(PEAK_CM), PEAK_SPREAD))
