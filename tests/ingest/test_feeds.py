"""Simulated sensors say what devices of their kind can say, at the moments at which such devices say it."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ingest.feeds import FEEDS, Setting, feed, stream_of
from ingest.loaders.devices import kinds
from ingest.storms import Storms
from twin.enrolment import Device
from twin.errors import Refused
from twin.terms import ThingKind

START_S = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
HOUR_S = 3600.0
KINDS = kinds()


def device(kind: str) -> Device:
    streams = KINDS[ThingKind(kind)].streams() if kind in KINDS else ()
    return Device(f"{kind}-1", kind, None, kind, "senml", "senml/1", 7.4, 43.7, 600, True, None, streams, ())


def setting(zone: str = "Europe/Monaco") -> Setting:
    return Setting(START_S, ZoneInfo(zone), Storms(stream_of(7, "weather"), START_S))


def day_of(kind: str, *, days: float = 1.0, step_s: float = 600.0, seed: int = 7) -> list[dict[str, float]]:
    source = feed(device(kind), setting(), stream_of(seed, kind))
    return [source.values(START_S + at_s) for at_s in np.arange(0.0, days * 24 * HOUR_S, step_s)]


@pytest.mark.parametrize("kind", list(ThingKind))
def test_every_kind_has_a_feed_of_its_own_properties_within_their_ranges(kind: ThingKind) -> None:
    ranges = {stream.property: (stream.lowest, stream.highest) for stream in KINDS[kind].streams()}
    for values in day_of(kind, days=400, step_s=6 * HOUR_S):
        assert values
        assert all(ranges[name][0] <= value <= ranges[name][1] for name, value in values.items())


def test_a_kind_without_a_model_is_refused() -> None:
    assert set(FEEDS) == set(ThingKind)
    with pytest.raises(Refused, match="no simulated feed for a camera"):
        feed(device("camera"), setting(), stream_of(1, "x"))


@pytest.mark.parametrize("kind", [ThingKind.LIFT, ThingKind.GATE, ThingKind.DOOR, ThingKind.SMOKE])
def test_a_switch_changes_exactly_at_its_events(kind: ThingKind) -> None:
    source = feed(device(kind), setting(), stream_of(3, kind))
    name = {"lift": "in_service", "gate": "open", "door": "contact", "smoke": "alarm"}[kind]
    before = source.values(START_S)[name]
    for _ in range(20):
        change_s = source.next_change_s()
        assert source.values(change_s - 1e-3)[name] == before
        before = source.values(change_s)[name]
        assert source.values(change_s + 1e-6)[name] == before
        assert source.next_change_s() > change_s


def test_a_meter_only_counts_up_and_a_household_uses_what_households_use() -> None:
    days = 200
    metered = [day_of("meter", days=days, step_s=HOUR_S, seed=seed) for seed in range(5)]
    for read in metered:
        assert np.all(np.diff([values["volume"] for values in read]) >= 0)
    litres_a_day = [(read[-1]["volume"] - read[0]["volume"]) * 1000 / days for read in metered]
    assert 60 < np.mean(litres_a_day) < 260


def test_doors_open_by_day_and_as_often_as_doors_do() -> None:
    source = feed(device("door"), setting("UTC"), stream_of(4, "door"))
    hours, at_s = [], START_S
    while at_s < START_S + 60 * 24 * HOUR_S:
        at_s = source.next_change_s()
        if not source.values(at_s)["contact"]:
            hours.append(datetime.fromtimestamp(at_s, UTC).hour)
    assert len(hours) / 60 == pytest.approx(8.0, rel=0.15)
    assert sum(hour < 5 for hour in hours) == 0


def test_noise_is_louder_by_day_than_by_night() -> None:
    by_step = day_of("noise", days=1, step_s=HOUR_S)
    night, day = (np.mean([by_step[hour]["laeq"] for hour in hours]) for hours in (range(1, 4), range(10, 18)))
    assert day - night > 10


def test_water_comes_after_a_storm_and_is_reported_often_while_it_stands() -> None:
    one = setting()
    source = feed(device("water_level"), one, stream_of(5, "water"))
    assert source.values(START_S)["depth"] == 0.0
    onset_s = source.next_change_s()
    assert onset_s == one.storms.next_onset_s(START_S)
    source.values(onset_s)
    assert source.next_change_s() == onset_s + 120.0
    assert source.values(onset_s + 0.8 * HOUR_S)["depth"] > 0.5
    source.values(onset_s + 11 * HOUR_S)
    assert source.next_change_s() == one.storms.next_onset_s(onset_s + 11 * HOUR_S)


def test_two_underpasses_flood_in_the_same_storm() -> None:
    one = setting()
    sites = [feed(device("water_level"), one, stream_of(5, key)) for key in ("west", "east")]
    peak_s = one.storms.next_onset_s(START_S) + 0.8 * HOUR_S
    west, east = (site.values(peak_s)["depth"] for site in sites)
    assert west > 0.5 < east
    assert west != east


def test_a_summer_is_warmer_than_a_winter() -> None:
    read = day_of("climate", days=365, step_s=24 * HOUR_S)
    days = [datetime.fromtimestamp(START_S, UTC) + timedelta(days=day) for day in range(365)]
    by_month = {m: np.mean([v["temperature"] for d, v in zip(days, read, strict=True) if d.month == m]) for m in (1, 8)}
    assert 8 < by_month[8] - by_month[1] < 22


def test_a_devices_numbers_do_not_depend_on_the_others_and_differ_by_seed() -> None:
    assert day_of("pm", seed=1) == day_of("pm", seed=1) != day_of("pm", seed=2)
    assert stream_of(1, "a").random() != stream_of(1, "b").random()


def test_stations_have_no_events() -> None:
    for kind in ("pm", "noise", "climate", "meter"):
        assert feed(device(kind), setting(), stream_of(1, kind)).next_change_s() == math.inf
