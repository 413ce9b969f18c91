"""The law of outages keeps to the figures published of 277 real lifts."""

from __future__ import annotations

import csv
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ingest.outages import GATES, LIFTS, Alternating, Outages

PUBLISHED_H = {0.5: 1.9, 0.9: 13.0, 0.99: 260.0}


def test_the_quantiles_of_many_lift_outages_are_the_published_ones() -> None:
    drawn = LIFTS.outages_h(np.random.default_rng(1), 200_000)
    for probability, published_h in PUBLISHED_H.items():
        assert np.quantile(drawn, probability) == pytest.approx(published_h, rel=0.10)


@pytest.mark.parametrize(("law", "availability"), [(LIFTS, 0.971), (GATES, 0.98)])
def test_the_share_of_time_in_service_is_the_availability(law: Outages, availability: float) -> None:
    rng = np.random.default_rng(2)
    out_h = law.outages_h(rng, 200_000).sum()
    in_h = rng.exponential(law.mean_in_h, 200_000).sum()
    assert in_h / (in_h + out_h) == pytest.approx(availability, abs=0.005)


def test_quantiles_rise_with_the_probability() -> None:
    lengths = LIFTS.quantile_h(np.linspace(0.0, 1.0, 1001))
    assert np.all(np.diff(lengths) >= 0)
    assert (lengths[0], lengths[-1]) == (pytest.approx(0.025), pytest.approx(2290.0))


def test_as_many_devices_are_out_at_the_start_as_at_any_later_time() -> None:
    rng = np.random.default_rng(3)
    devices = [Alternating(GATES, rng, 0.0) for _ in range(20_000)]
    shares = [np.mean([device.advance(hour * 3600) for device in devices]) for hour in (0.0, 0.5, 3.0, 50.0)]
    assert shares == pytest.approx([0.98] * 4, abs=0.004)


def test_a_device_alternates_and_never_goes_back() -> None:
    device = Alternating(LIFTS, np.random.default_rng(4), 100.0)
    changes = [(device.until_s, device.advance(device.until_s)) for _ in range(50)]
    assert all(later > earlier for (earlier, _), (later, _) in pairwise(changes))
    assert all(after is not before for (_, before), (_, after) in pairwise(changes))


def test_the_published_figures_are_those_of_the_record(shared: Path) -> None:
    with (shared / "data/lifts/dcmetro_elevator_statuses.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["end_utc"]]
    out_h = np.array([_hours(row) for row in rows if row["category"] != "ON"])
    for probability, published_h in PUBLISHED_H.items():
        assert np.quantile(out_h, probability) == pytest.approx(published_h, rel=0.03)


def _hours(row: dict[str, str]) -> float:
    span = datetime.fromisoformat(row["end_utc"]) - datetime.fromisoformat(row["start_utc"])
    return span.total_seconds() / 3600.0
