"""Simulated sensors: what each kind of device would say, drawn from a seed. Nothing here is a measurement.

A feed runs on model time: seconds since 1970, from the moment the replay starts on, at `speed` times the clock's pace.
It is asked at moments that never go back.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

import numpy as np

from ingest.outages import GATES, LIFTS, Alternating, Outages
from ingest.storms import Storms
from twin.enrolment import Device
from twin.errors import Refused
from twin.terms import ThingKind

__all__ = ["Feed", "feed", "stream_of"]

HOUR_S = 3_600.0
DAY_S = 86_400.0
YEAR_D = 365.25
BATTERY_LIFE_S = 3 * YEAR_D * DAY_S  # three years, as smoke alarms must last; lifts and stations run on mains

# log PM2.5 over its mean, by month and by hour: Beijing's Dongsi, Aotizhongxin and Gucheng, 2013-2017 (UCI Beijing
# Multi-Site Air Quality); the level and the drift are assumptions for a small town by the sea.
PM_LEVEL = 10.0  # ug/m3
PM_BY_MONTH = (0.03, -0.16, 0.14, 0.08, 0.0, 0.0, 0.1, -0.23, -0.16, 0.08, 0.09, 0.03)
PM_BY_HOUR = (
    0.15, 0.12, 0.08, 0.04, 0.0, -0.05, -0.09, -0.1, -0.07, -0.05, -0.06, -0.08,
    -0.1, -0.1, -0.12, -0.14, -0.13, -0.1, -0.03, 0.08, 0.17, 0.2, 0.19, 0.18,
)  # fmt: skip

# Assumptions: LAeq of a town street by hour [dB(A)], the household's day of water [share of the day] and of its door.
NOISE_BY_HOUR = (48, 46, 45, 45, 46, 50, 56, 61, 64, 63, 62, 62, 63, 62, 62, 62, 63, 64, 64, 62, 59, 56, 53, 50)
WATER_BY_HOUR = (1, 1, 1, 1, 1, 3, 8, 9, 7, 5, 4, 4, 6, 5, 4, 3, 3, 4, 7, 8, 6, 4, 3, 2)
DOOR_BY_HOUR = (0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 8, 8, 7, 6, 6, 7, 7, 8, 7, 5, 3, 2, 1, 1)
WATER_L_A_DAY = 130.0
OPENINGS_A_DAY = 8.0
OPEN_S = 25.0


class Feed(Protocol):
    """What one device says."""

    def next_change_s(self) -> float:
        """Give the model time of the next event that the device reports at once; inf where it only reports in turn."""

    def values(self, now_s: float) -> dict[str, float]:
        """Give the values of its properties at a model time."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What feeds of one replay share."""

    start_s: float  # model time, seconds since 1970
    zone: tzinfo
    storms: Storms


def stream_of(seed: int, key: str) -> np.random.Generator:
    """Give a device its own random numbers, which do not change when other devices come or go."""
    return np.random.default_rng([seed, zlib.crc32(key.encode())])


def feed(device: Device, setting: Setting, rng: np.random.Generator) -> Feed:
    """Make the feed of a device. Raises Refused for a kind that has no model."""
    make = FEEDS.get(device.kind)
    if make is None:
        raise Refused(f"no simulated feed for a {device.kind} ({device.key})")
    return make(setting, rng)


class Switch:
    """One property that is 1 in service and 0 out, by a law of outages; each change is an event."""

    def __init__(self, name: str, law: Outages, setting: Setting, rng: np.random.Generator) -> None:
        self._name = name
        self._process = Alternating(law, rng, setting.start_s)

    def next_change_s(self) -> float:
        return self._process.until_s

    def values(self, now_s: float) -> dict[str, float]:
        return {self._name: float(self._process.advance(now_s))}


class Depth:
    """The depth of water in an underpass [cm]: each storm's hydrograph times the place's own share."""

    REPORT_WET_S = 120.0  # every 1-5 minutes when wet; an assumption
    WET_CM = 0.5

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self._storms = setting.storms
        self._share = float(rng.uniform(0.6, 1.4))
        self._battery = Battery(setting, rng)
        self._last_s = setting.start_s
        self._is_wet = False

    def next_change_s(self) -> float:
        return self._last_s + self.REPORT_WET_S if self._is_wet else self._storms.next_onset_s(self._last_s)

    def values(self, now_s: float) -> dict[str, float]:
        depth = self._share * self._storms.depth_cm(now_s)
        self._last_s, self._is_wet = now_s, depth > self.WET_CM or self._storms.is_on(now_s)
        return {"depth": round(depth, 1)} | self._battery.values(now_s)


class Drift:
    """A value that wanders about zero and forgets: an Ornstein-Uhlenbeck process, standard deviation `spread`."""

    def __init__(self, rng: np.random.Generator, setting: Setting, *, spread: float, memory_s: float) -> None:
        self._rng = rng
        self._spread = spread
        self._memory_s = memory_s
        self._at_s = setting.start_s
        self._value = float(rng.normal(0.0, spread))

    def at(self, now_s: float) -> float:
        """Give the value at a moment that is not before the last."""
        kept = math.exp(-(now_s - self._at_s) / self._memory_s)
        fresh = self._spread * math.sqrt(1.0 - kept * kept)
        self._value = kept * self._value + fresh * float(self._rng.standard_normal())
        self._at_s = now_s
        return self._value


class Battery:
    """A battery that runs down over three years [%]."""

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self._full_s = setting.start_s - float(rng.uniform(0.0, 0.7)) * BATTERY_LIFE_S

    def values(self, now_s: float) -> dict[str, float]:
        """Give the level at a model time."""
        return {"battery": max(0.0, round(100.0 * (1.0 - (now_s - self._full_s) / BATTERY_LIFE_S)))}


class Station:
    """A device that only reports in turn: values by the local time and drifts of its own."""

    def __init__(self, zone: tzinfo, read: Callable[[datetime, float], dict[str, float]]) -> None:
        self._zone = zone
        self._read = read

    def next_change_s(self) -> float:
        return math.inf

    def values(self, now_s: float) -> dict[str, float]:
        return self._read(datetime.fromtimestamp(now_s, self._zone), now_s)


def pm(setting: Setting, rng: np.random.Generator) -> Station:
    """Make a PM2.5 station: level, season, hour of the day and weather."""
    weather = Drift(rng, setting, spread=0.45, memory_s=18 * HOUR_S)
    flicker = Drift(rng, setting, spread=0.08, memory_s=600.0)

    def read(local: datetime, now_s: float) -> dict[str, float]:
        shape = PM_BY_MONTH[local.month - 1] + _between(PM_BY_HOUR, local)
        return {"pm2_5": round(PM_LEVEL * math.exp(shape + weather.at(now_s) + flicker.at(now_s)), 1)}

    return Station(setting.zone, read)


def noise(setting: Setting, rng: np.random.Generator) -> Station:
    """Make a noise station: the hour of the day, and how lively its street is."""
    street = float(rng.normal(0.0, 3.0))
    flicker = Drift(rng, setting, spread=2.0, memory_s=300.0)

    def read(local: datetime, now_s: float) -> dict[str, float]:
        return {"laeq": round(_between(NOISE_BY_HOUR, local) + street + flicker.at(now_s), 1)}

    return Station(setting.zone, read)


def climate(setting: Setting, rng: np.random.Generator) -> Station:
    """Make a climate station: about 17 degrees in the year, warmest in August and at three in the afternoon."""
    weather = Drift(rng, setting, spread=2.0, memory_s=36 * HOUR_S)
    damp = Drift(rng, setting, spread=6.0, memory_s=12 * HOUR_S)
    battery = Battery(setting, rng)

    def read(local: datetime, now_s: float) -> dict[str, float]:
        hour = local.hour + local.minute / 60.0
        season = 7.5 * math.cos(2 * math.pi * (local.timetuple().tm_yday - 220) / YEAR_D)
        warmer = 3.0 * math.cos(2 * math.pi * (hour - 15.0) / 24.0) + weather.at(now_s)
        humidity = min(100.0, max(20.0, 68.0 - 2.5 * warmer + damp.at(now_s)))
        return {"temperature": round(17.0 + season + warmer, 2), "humidity": round(humidity, 1)} | battery.values(now_s)

    return Station(setting.zone, read)


class Door:
    """A door contact, 1 where the door is closed; each opening and closing is an event."""

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self._zone = setting.zone
        self._rng = rng
        self._battery = Battery(setting, rng)
        self._is_closed = True
        self._next_s = self._opening_s(setting.start_s)

    def next_change_s(self) -> float:
        return self._next_s

    def values(self, now_s: float) -> dict[str, float]:
        while self._next_s <= now_s:
            self._is_closed = not self._is_closed
            self._next_s = (
                self._opening_s(self._next_s) if self._is_closed else self._next_s + self._rng.exponential(OPEN_S)
            )
        return {"contact": float(self._is_closed)} | self._battery.values(now_s)

    def _opening_s(self, after_s: float) -> float:
        """Draw the next opening: a Poisson process whose rate follows the hour, by thinning (Lewis and Shedler 1979)."""
        most = max(DOOR_BY_HOUR)
        fastest_s = DAY_S * sum(DOOR_BY_HOUR) / (OPENINGS_A_DAY * 24.0 * most)
        at_s = after_s
        while True:
            at_s += self._rng.exponential(fastest_s)
            if self._rng.random() * most < DOOR_BY_HOUR[datetime.fromtimestamp(at_s, self._zone).hour]:
                return float(at_s)


class Meter:
    """A water meter [m3, to the litre] that only counts up: a household's day, each hour drawn about its share."""

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self._zone = setting.zone
        self._rng = rng
        self._battery = Battery(setting, rng)
        self._litres_a_day = WATER_L_A_DAY * float(rng.gamma(4.0, 0.25))
        self._m3 = float(rng.uniform(100.0, 900.0))
        self._at_s = setting.start_s
        self._rate = self._draw(self._at_s)

    def next_change_s(self) -> float:
        return math.inf

    def values(self, now_s: float) -> dict[str, float]:
        while self._at_s < now_s:
            until_s = min(now_s, (self._at_s // HOUR_S + 1) * HOUR_S)
            self._m3 += self._rate * (until_s - self._at_s)
            self._at_s = until_s
            if until_s % HOUR_S == 0:
                self._rate = self._draw(until_s)
        return {"volume": round(self._m3, 3)} | self._battery.values(now_s)

    def _draw(self, at_s: float) -> float:
        """Draw the use of the hour that begins [m3/s]."""
        share = WATER_BY_HOUR[datetime.fromtimestamp(at_s, self._zone).hour] / sum(WATER_BY_HOUR)
        return self._litres_a_day * share * float(self._rng.gamma(1.0)) / 1_000.0 / HOUR_S


class Smoke:
    """A smoke alarm that goes off now and then for some minutes, cooking most of it; an assumption."""

    BETWEEN_S = 2 * YEAR_D * DAY_S
    ALARM_S = 300.0

    def __init__(self, setting: Setting, rng: np.random.Generator) -> None:
        self._rng = rng
        self._battery = Battery(setting, rng)
        self._is_on = False
        self._until_s = setting.start_s + float(rng.exponential(self.BETWEEN_S))

    def next_change_s(self) -> float:
        return self._until_s

    def values(self, now_s: float) -> dict[str, float]:
        while now_s >= self._until_s:
            self._is_on = not self._is_on
            self._until_s += float(self._rng.exponential(self.ALARM_S if self._is_on else self.BETWEEN_S))
        return {"alarm": float(self._is_on), "fault": 0.0} | self._battery.values(now_s)


def _between(by_hour: tuple[float, ...], local: datetime) -> float:
    """Read a day's shape between its hours, round the clock."""
    part = local.minute / 60.0 + local.second / HOUR_S
    return by_hour[local.hour] * (1.0 - part) + by_hour[(local.hour + 1) % 24] * part


FEEDS: Mapping[str, Callable[[Setting, np.random.Generator], Feed]] = {
    ThingKind.LIFT: lambda setting, rng: Switch("in_service", LIFTS, setting, rng),
    ThingKind.GATE: lambda setting, rng: Switch("open", GATES, setting, rng),
    ThingKind.WATER_LEVEL: Depth,
    ThingKind.PM: pm,
    ThingKind.NOISE: noise,
    ThingKind.CLIMATE: climate,
    ThingKind.DOOR: Door,
    ThingKind.METER: Meter,
    ThingKind.SMOKE: Smoke,
    ThingKind.GATEWAY: lambda setting, rng: Switch("available", GATES, setting, rng),
}
