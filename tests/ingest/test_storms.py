"""Storms leave the water that their hydrograph says, and the same everywhere in the place."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ingest.storms import RESERVOIRS, STORAGE_S, Storms, hydrograph


def test_the_hydrograph_is_the_gamma_density_scaled_to_its_peak() -> None:
    since_s = np.linspace(60.0, 20_000.0, 50)
    density = (since_s / STORAGE_S) ** (RESERVOIRS - 1) * np.exp(-since_s / STORAGE_S)
    peak = (RESERVOIRS - 1) ** (RESERVOIRS - 1) * math.exp(-(RESERVOIRS - 1))
    assert [hydrograph(s) for s in since_s] == pytest.approx(list(density / peak))


def test_nothing_stands_before_the_onset_and_the_whole_peak_at_its_time() -> None:
    assert (hydrograph(-1.0), hydrograph(0.0)) == (0.0, 0.0)
    assert hydrograph((RESERVOIRS - 1) * STORAGE_S) == pytest.approx(1.0)


def test_depth_rises_from_zero_after_an_onset_and_falls_back() -> None:
    storms = Storms(np.random.default_rng(5), 0.0)
    onset_s = storms.next_onset_s(0.0)
    depths = [storms.depth_cm(onset_s + hours * 3600) for hours in (-0.1, 0.0, 0.4, 0.8, 3.0)]
    assert depths[:2] == [0.0, 0.0]
    assert depths[2] < depths[3] > depths[4] > 0.0


def test_asking_twice_gives_the_same_storms() -> None:
    asked, once = Storms(np.random.default_rng(6), 0.0), Storms(np.random.default_rng(6), 0.0)
    for hour in range(0, 1000, 7):
        asked.depth_cm(hour * 3600.0)
    assert asked.next_onset_s(4e6) == once.next_onset_s(4e6)
    assert asked.depth_cm(4e6) == once.depth_cm(4e6)
