"""How long each mobility group takes for each edge, and which edges it cannot use at all.

All numbers are in `mobility.toml`, with their sources. What is not tagged passes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.graph import CLOSED
from twin.errors import Refused
from twin.network import Network
from twin.terms import AgeBand, EdgeKind, MobilityGroup

FILE = Path(__file__).with_name("mobility.toml")
DAY_MIN = 1440
# bands walk as the slowest group they overlap: age from which each group's speed is taken
SLOWEST_FIRST = ((85, MobilityGroup.AGE_85), (75, MobilityGroup.AGE_75_84), (65, MobilityGroup.AGE_65_74))


@dataclass(frozen=True, slots=True)
class Gait:
    """How one mobility group moves; None: the limit does not apply, riser_s None: steps are closed."""

    speed: float  # m/s on the flat
    riser_s: float | None = None
    push_most: float | None = None  # rise over run, uphill; with it the speed does not depend on the slope
    brake_most: float | None = None  # rise over run, downhill
    width_least: float | None = None  # m
    slow_factor: float = 1.0
    unlit_factor: float = 1.0
    crossing_extra_s: float = 0.0
    closed_kerbs: tuple[str, ...] = ()
    closed_wheelchair: tuple[str, ...] = ()
    closed_barriers: tuple[str, ...] = ()
    closed_surfaces: tuple[str, ...] = ()
    slow_surfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mobility:
    """The numbers of a mobility file; units as in `mobility.toml`."""

    gaits: dict[MobilityGroup, Gait]
    slope_decay: float
    slope_offset: float
    slope_most: float
    tread_m: float
    crossing_wait_s: float
    lift_wait_s: float
    lift_doors_s: float
    lift_rise_m: float
    lift_speed_up: float
    lift_speed_down: float
    escalator_speed: float
    floor_m: float
    risers_per_floor: int
    night_from_h: float
    night_to_h: float

    def is_night(self, minute: int) -> bool:
        """Tell whether it is night at a minute of the day, or of the week."""
        hour = minute % DAY_MIN / 60
        if self.night_from_h > self.night_to_h:
            return hour >= self.night_from_h or hour < self.night_to_h
        return self.night_from_h <= hour < self.night_to_h


def load(path: Path = FILE) -> Mobility:
    """Read a mobility file; refuses one that lacks a number, a group or a source, or has one that is not known."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        groups = tables.pop("groups")
        gaits = {MobilityGroup(name): Gait(**_values(table)) for name, table in groups.items()}
        mobility = Mobility(
            gaits=gaits,
            **_values(tables.pop("walking")),
            **{f"lift_{name}": value for name, value in _values(tables.pop("lift")).items()},
            **{f"escalator_{name}": value for name, value in _values(tables.pop("escalator")).items()},
            **_values(tables.pop("building")),
            **{f"night_{name}": value for name, value in _values(tables.pop("night")).items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"{path}: {error}") from error
    missing = set(MobilityGroup) - set(gaits)
    if missing or tables:
        raise Refused(f"{path}: missing groups {sorted(missing)}, unknown tables {sorted(tables)}")
    return mobility


def walking_group(band: str) -> MobilityGroup:
    """Give the group an age band walks as: the slowest it overlaps, so that nobody is taken for faster than they are.

    Bands under 65 walk as adults, 65-74 as itself, 65-79 as 75-84, 80+ as 85+.
    """
    ages = AgeBand.parse(band)
    for start, group in SLOWEST_FIRST:
        if ages.to is None or ages.to >= start:
            return group
    return MobilityGroup.ADULT


def arc_times(
    network: Network, group: MobilityGroup, mobility: Mobility, *, at_night: bool = False
) -> NDArray[np.int32]:
    """Time of each arc [ms], shape (2 * edges,): 2e from tail to head, 2e + 1 back; CLOSED where it cannot be walked.

    at_night: ways tagged as unlit are dark; tunnels are by day too.
    """
    gait = mobility.gaits[group]
    dark = (network.lit == 0) & (at_night | network.tunnel)
    factor = _tagged(network.surface, network.surfaces, gait.slow_surfaces)
    pace = np.where(factor, gait.slow_factor, 1.0) * np.where(dark, gait.unlit_factor, 1.0)
    seconds = np.column_stack([_seconds(network, gait, mobility, pace, sign) for sign in (1.0, -1.0)])
    seconds[network.one_way, 1] = np.inf
    seconds[_too_steep(network, gait)] = np.inf
    seconds[_closed(network, gait)] = np.inf
    times = np.full(seconds.shape, CLOSED, np.int32)
    is_open = np.isfinite(seconds)
    times[is_open] = np.rint(seconds[is_open] * 1000)
    return times.ravel()


def _values(table: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Take the values out of a table of {value, unit, source, certainty}; raises KeyError where one is missing."""
    for name, entry in table.items():
        for key in ("value", "unit", "source", "certainty"):
            if key not in entry:
                raise KeyError(f"{name} has no {key}")
    return {
        name: tuple(entry["value"]) if isinstance(entry["value"], list) else entry["value"]
        for name, entry in table.items()
    }


def _seconds(
    network: Network, gait: Gait, mobility: Mobility, pace: NDArray[np.float64], sign: float
) -> NDArray[np.float64]:
    """Time of each edge [s] walked from tail to head (sign 1) or back (-1), inf where its kind is closed; (edges,).

    pace (edges,): factor on the speed by surface and light.
    """
    seconds = network.length_m / (gait.speed * pace * _slope_factor(network, gait, mobility, sign))
    crossing = network.of_kind(EdgeKind.CROSSING)
    seconds[crossing] += mobility.crossing_wait_s + gait.crossing_extra_s
    steps = network.of_kind(EdgeKind.STEPS)
    seconds[steps] = (_steps_seconds(network, gait, mobility) / pace)[steps]
    escalator = network.of_kind(EdgeKind.ESCALATOR)
    seconds[escalator] = np.inf if gait.riser_s is None else network.length_m[escalator] / mobility.escalator_speed
    lift = network.of_kind(EdgeKind.LIFT)
    ride = mobility.lift_speed_up if sign > 0 else mobility.lift_speed_down
    rise_m = np.where(network.length_m[lift] > 0, network.length_m[lift], mobility.lift_rise_m)
    seconds[lift] = mobility.lift_wait_s + mobility.lift_doors_s + rise_m / ride
    return seconds


def steps_s(network: Network, mobility: Mobility, group: MobilityGroup) -> NDArray[np.float64]:
    """Time on each edge as if it were steps [s], inf for a group that walks none; (edges,)."""
    return _steps_seconds(network, mobility.gaits[group], mobility)


def _slope_factor(network: Network, gait: Gait, mobility: Mobility, sign: float) -> NDArray[np.float64]:
    """Factor on the speed by slope (Tobler 1993, normalised to 1 on the flat), 1 for wheels; (edges,)."""
    if gait.push_most is not None:
        return np.ones(len(network.length_m))
    slope = np.clip(np.nan_to_num(sign * network.incline, nan=0.0), -mobility.slope_most, mobility.slope_most)
    away = np.abs(slope + mobility.slope_offset) - mobility.slope_offset
    return np.asarray(np.exp(-mobility.slope_decay * away))


def _steps_seconds(network: Network, gait: Gait, mobility: Mobility) -> NDArray[np.float64]:
    """Time on each edge as if it were steps [s]: risers, and what the treads leave of its length walked flat; (edges,)."""
    if gait.riser_s is None:
        return np.full(len(network.length_m), np.inf)
    risers = np.where(network.step_count >= 0, network.step_count, np.ceil(network.length_m / mobility.tread_m))
    landings_m = np.maximum(0.0, network.length_m - risers * mobility.tread_m)
    return np.asarray(risers * gait.riser_s + landings_m / gait.speed)


def _closed(network: Network, gait: Gait) -> NDArray[np.bool_]:
    """Tell which edges the group cannot use, by tag or limit; a lift's edge has no slope, width or surface; (edges,)."""
    closed = (
        _tagged(network.kerb, network.kerbs, gait.closed_kerbs)
        | _tagged(network.surface, network.surfaces, gait.closed_surfaces)
        | _tagged(network.barrier, network.barriers, gait.closed_barriers)
    )
    if gait.width_least is not None:
        closed |= network.width_m < gait.width_least
    closed &= ~network.of_kind(EdgeKind.LIFT)
    return np.asarray(closed | _tagged(network.wheelchair, network.wheelchairs, gait.closed_wheelchair))


def _too_steep(network: Network, gait: Gait) -> NDArray[np.bool_]:
    """Tell which arcs are too steep to push up, or to brake down; (edges, 2), from tail to head and back.

    A slope by a height model closes only where it is too steep beyond its error, two standard ones.
    """
    rise = np.column_stack((network.incline, -network.incline))
    beyond = 2 * network.incline_error[:, None]
    is_lift = network.of_kind(EdgeKind.LIFT)[:, None]
    too_steep = np.zeros(rise.shape, np.bool_)
    if gait.push_most is not None:
        too_steep |= rise - beyond > gait.push_most
    if gait.brake_most is not None:
        too_steep |= -rise - beyond > gait.brake_most
    return np.asarray(too_steep & ~is_lift)


def _tagged(codes: NDArray[np.uint8], names: Iterable[str], wanted: tuple[str, ...]) -> NDArray[np.bool_]:
    """Tell which edges have one of the wanted values; codes index names; (edges,)."""
    return np.isin(codes, [code for code, name in enumerate(names) if name in wanted])
