"""What lifts that stop cost in hours without service, drawn from their own histories; and what another lift would save.

A history is what a lift really did: how long it ran, how long it stood, in turns. Years are drawn from it: each stretch
is one of its own, by chance, and the year begins at a chance moment, so that the lift stands for exactly the share of
the time that it stood. Lifts fail independently of each other. For every set of lifts that stand at the same time the
community is asked once who is beyond the limit; the hours are added up.

Lifts that change thousands of times a year would make millions of sets: such a year is looked at in MOMENTS moments
instead, one drawn in each of as many equal parts of it, and each stands for its part. That is as true on average, and
what it adds in chance is in the standard error, which is taken from the years.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import floor_ms
from simulations.live import Track
from simulations.states import Element, Reports, closing, shut
from twin.terms import ElementKind, MobilityGroup, Service

__all__ = [
    "HOURS_A_YEAR",
    "MOMENTS",
    "Draws",
    "Expected",
    "History",
    "Lift",
    "draw",
    "expect",
    "history",
    "pooled",
    "saved",
    "standing",
    "walk_up",
    "with_second",
]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Set = frozenset[int]  # lifts that stand, by their index
Heard = Callable[[int, int], bool]  # told how many of how many sets are done; says whether to go on

HOURS_A_YEAR = 8766.0  # 365.25 days
CHANGES = 10_000  # of all lifts in a year, up to which every one of them is followed
MOMENTS = 200


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Stretches [s] that a lift ran and stood; either may be empty, not both."""

    ran_s: Floats
    stood_s: Floats

    @property
    def share_standing(self) -> float:
        """The share of the time that it stands, as `standing` draws it."""
        if not len(self.stood_s):
            return 0.0
        if not len(self.ran_s):
            return 1.0
        ran, stood = float(self.ran_s.mean()), float(self.stood_s.mean())
        return stood / (ran + stood)


@dataclass(frozen=True, slots=True)
class Lift:
    """A lift, or several shafts side by side that serve while one of them runs; its elements stop together.

    Without any shaft it always stands: there is none.
    """

    elements: tuple[Element, ...]
    shafts: tuple[History, ...]
    assumed: bool = False  # the histories are those of other lifts


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Hours a year that each set of lifts stands together, by year drawn; the sets of no lift are left out.

    moments: in how many of each year the lifts were looked at; None: every change was followed.
    """

    sets: tuple[Set, ...]
    hours: Floats  # (years, sets)
    moments: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Hours a year beyond the limit of a service because of lifts that stand; h households.

    hours: expected, by household, (h,); never: who is beyond it with all lifts running, (h,), their hours are not
    counted. per_resident and its standard error: mean over the people counted. people_hours: (years,), all of them.
    """

    service: Service
    group: MobilityGroup
    limit_s: float
    counts_if_needed: bool
    hours: Floats
    never: Flags
    people: NDArray[np.int64]  # (h,)
    people_hours: Floats

    @property
    def per_resident(self) -> float:
        """Expected hours a year of a resident, over all who are counted; NaN where nobody is."""
        everyone = float(self.people.sum())
        return float(self.people_hours.mean()) / everyone if everyone else np.nan

    @property
    def standard_error(self) -> float:
        """Standard error of `per_resident`; NaN with less than two years or nobody."""
        everyone, years = float(self.people.sum()), len(self.people_hours)
        if years <= 1 or not everyone:
            return np.nan
        return float(self.people_hours.std(ddof=1)) / math.sqrt(years) / everyone


def history(states: Iterable[tuple[bool, float]]) -> History:
    """Make a history of (running, seconds), oldest first; what is not known is left out before.

    Stretches of one state that meet are one, the last and the first too: the history is taken for a ring, so that it
    stands for as many stretches as it runs, and its mean share of the time is kept.
    """
    ran: list[float] = []
    stood: list[float] = []
    joined: list[tuple[bool, float]] = []
    for runs, lasts in states:
        if joined and joined[-1][0] is runs:
            joined[-1] = (runs, joined[-1][1] + lasts)
        elif lasts > 0:
            joined.append((runs, lasts))
    if len(joined) > 1 and joined[0][0] is joined[-1][0]:
        last = joined.pop()
        joined[0] = (last[0], joined[0][1] + last[1])
    for runs, lasts in joined:
        (ran if runs else stood).append(lasts)
    if not joined:
        raise ValueError("a history without any known time")
    return History(np.array(ran), np.array(stood))


def pooled(histories: Iterable[History]) -> History:
    """Put histories together, for a lift that has none of its own."""
    some = list(histories)
    return History(np.concatenate([one.ran_s for one in some]), np.concatenate([one.stood_s for one in some]))


def standing(past: History, rng: np.random.Generator, *, horizon_s: float) -> Floats:
    """Draw when a lift stands within [0, horizon_s): begins and ends [s], (stretches, 2), ascending."""
    if past.share_standing in {0.0, 1.0}:
        return np.array([[0.0, horizon_s]] if past.share_standing else []).reshape(-1, 2)
    runs = rng.random() >= past.share_standing
    mine, other = (past.ran_s, past.stood_s) if runs else (past.stood_s, past.ran_s)
    cycle_s = float(mine.mean() + other.mean())
    parts = [np.array([_rest_of_one(mine, rng)])]
    while (so_far := sum(float(part.sum()) for part in parts)) < horizon_s:
        count = int((horizon_s - so_far) / cycle_s) + 2
        parts.append(np.column_stack((rng.choice(other, count), rng.choice(mine, count))).ravel())
    ends = np.concatenate(parts).cumsum()
    begins = np.concatenate(([0.0], ends[:-1]))
    stands = np.arange(len(ends)) % 2 == int(runs)
    spans = np.column_stack((begins, np.minimum(ends, horizon_s)))[stands & (begins < horizon_s)]
    return np.asarray(spans, np.float64)


def draw(lifts: Sequence[Lift], *, years: int, rng: np.random.Generator) -> Draws:
    """Draw years of all lifts, and give how long each set of them stands together; the same rng, the same years."""
    horizon_s = HOURS_A_YEAR * 3600
    index: dict[Set, int] = {}
    found: list[dict[int, float]] = []
    of_lift = rng.spawn(len(lifts))  # a shaft more on one lift leaves the draws of all others as they are
    of_shaft = [one.spawn(len(lift.shafts)) for one, lift in zip(of_lift, lifts, strict=True)]
    (of_moments,) = rng.spawn(1)
    moments = MOMENTS if _changes(lifts, horizon_s) > CHANGES else None
    for _ in range(years):
        spans = [
            _all_standing([standing(*each, horizon_s=horizon_s) for each in zip(lift.shafts, chances, strict=True)])
            if lift.shafts
            else np.array([[0.0, horizon_s]])
            for lift, chances in zip(lifts, of_shaft, strict=True)
        ]
        hours: dict[int, float] = {}
        for some, lasts_s in _together(spans) if moments is None else _seen(spans, of_moments, moments, horizon_s):
            at = index.setdefault(some, len(index))
            hours[at] = hours.get(at, 0.0) + lasts_s / 3600
        found.append(hours)
    table = np.zeros((years, len(index)))
    for year, hours in enumerate(found):
        table[year, list(hours)] = list(hours.values())
    return Draws(tuple(index), table, moments)


def expect(
    community: Community,
    said: Reports,
    lifts: Sequence[Lift],
    drawn: Draws,
    *,
    services: Sequence[Service] | None = None,
    groups: Sequence[MobilityGroup] | None = None,
    limit_s: float | None = None,
    heard: Heard | None = None,
) -> list[Expected]:
    """Add up the hours beyond the limit, all else as said, what is unknown taken as open.

    limit_s None: each service's own. Raises InterruptedError where heard says not to go on.
    """
    asked = [service for service in community.services() if services is None or service in services]
    walking = list(community.groups() if groups is None else groups)
    limits = {service: community.norm.limits[service].limit_s if limit_s is None else limit_s for service in asked}
    total, done = len(walking) * len(drawn.sets), 0
    answers = []
    for group in walking:
        track = Track(community, group, asked, shut(said, group, unknown_closed=False))
        tally = _Tally(community, group, limits, track, drawn)
        for at in sorted(range(len(drawn.sets)), key=lambda one: sorted(drawn.sets[one])):  # near sets after another
            stands = (element for lift in drawn.sets[at] for element in lifts[lift].elements)
            tally.add(at, shut(closing(community, said, stands), group, unknown_closed=False))
            done += 1
            if heard is not None and not heard(done, total):
                raise InterruptedError(f"stopped after {done} of {total} sets of lifts")
        answers += tally.answers()
    return answers


def saved(before: Expected, after: Expected) -> tuple[float, float]:
    """Give the people × hours a year that a change saves, and the standard error, from the same years drawn."""
    less = before.people_hours - after.people_hours
    error = float(less.std(ddof=1)) / math.sqrt(len(less)) if len(less) > 1 else np.nan
    return float(less.mean()), error


def with_second(lifts: Sequence[Lift], at: int) -> list[Lift]:
    """Give the lifts with one more shaft beside one of them, that fails as its first does."""
    found = list(lifts)
    found[at] = replace(lifts[at], shafts=(*lifts[at].shafts, lifts[at].shafts[0]))
    return found


def walk_up(community: Community, building: int, past: History) -> tuple[Community, Lift, Lift]:
    """Give a community whose building (a row) has a lift, that lift when it is missing, and when it is there."""
    fitted = community.buildings.lift.copy()
    fitted[building] = 1
    there = Lift((Element(ElementKind.BUILDING_LIFT, building),), (past,), assumed=True)
    return replace(community, buildings=replace(community.buildings, lift=fitted)), replace(there, shafts=()), there


class _Tally:
    """The hours of one group, added up set by set."""

    def __init__(
        self,
        community: Community,
        group: MobilityGroup,
        limits: Mapping[Service, float],
        track: Track,
        drawn: Draws,
    ) -> None:
        columns, self.if_needed = community.bands_of(group)
        self.community, self.group, self.limits, self.track, self.drawn = community, group, limits, track, drawn
        self.people = community.households.people[:, columns].sum(axis=1, dtype=np.int64)
        self.usual = {service: self._within(service) for service in limits}
        self.out = {service: np.zeros(len(self.people), np.bool_) for service in limits}
        self.hours = {service: np.zeros(len(self.people)) for service in limits}
        self.people_hours = {service: np.zeros(len(drawn.hours)) for service in limits}

    def add(self, at: int, closed: frozenset[Element]) -> None:
        """Count who is beyond the limit while this set stands; a service that no change touches is as it was before."""
        rides = any(element.kind is ElementKind.BUILDING_LIFT for element in closed ^ self.track.closed)
        touched = self.track.move(closed)
        for service in self.limits if rides else touched:
            self.out[service] = self.usual[service] & ~self._within(service)
        for service, out in self.out.items():
            if out.any():
                self.hours[service] += out * self.drawn.hours[:, at].mean()
                self.people_hours[service] += float(self.people[out].sum()) * self.drawn.hours[:, at]

    def answers(self) -> list[Expected]:
        """Give the sums."""
        return [
            Expected(
                service=service,
                group=self.group,
                limit_s=limit_s,
                counts_if_needed=self.if_needed,
                hours=self.hours[service],
                never=~self.usual[service],
                people=self.people,
                people_hours=self.people_hours[service],
            )
            for service, limit_s in self.limits.items()
        ]

    def _within(self, service: Service) -> Flags:
        way = self.track.reach(service)
        time_ms = floor_ms(self.community, way, self.group, self.track.closed, assume_lifts=True)
        return np.asarray(time_ms <= self.limits[service] * 1000)


def _rest_of_one(stretches: Floats, rng: np.random.Generator) -> float:
    """Draw what is left of a stretch at a chance moment: a long one is met more often, at any point alike."""
    return float(rng.choice(stretches, p=stretches / stretches.sum()) * rng.random())


def _all_standing(shafts: Sequence[Floats]) -> Floats:
    """Give when all shafts stand at once, (stretches, 2)."""
    if len(shafts) == 1:
        return shafts[0]
    times = np.concatenate([edge for spans in shafts for edge in (spans[:, 0], spans[:, 1])])
    steps = np.concatenate([edge for spans in shafts for edge in (np.ones(len(spans)), -np.ones(len(spans)))])
    order = np.lexsort((steps, times))  # an end before a beginning at the same time
    down = np.cumsum(steps[order])
    at = np.flatnonzero(down[:-1] == len(shafts))
    return np.column_stack((times[order][at], times[order][at + 1]))


def _together(spans: Sequence[Floats]) -> list[tuple[Set, float]]:
    """Give how long each set of lifts stands together [s], stretch by stretch, without the times when none does."""
    events = sorted(
        event
        for lift, some in enumerate(spans)
        for begin, end in some.tolist()
        for event in ((begin, 1, lift), (end, 0, lift))
    )
    stands: Set = frozenset()
    found = []
    before_s = 0.0
    for time_s, begins, lift in events:
        if stands and time_s > before_s:
            found.append((stands, time_s - before_s))
        stands = stands | {lift} if begins else stands - {lift}
        before_s = time_s
    return found


def _changes(lifts: Sequence[Lift], horizon_s: float) -> float:
    """Give how often lifts stop and start within the horizon, as their histories have it."""
    shafts = (shaft for lift in lifts for shaft in lift.shafts if shaft.share_standing not in {0.0, 1.0})
    return sum(2 * horizon_s / float(shaft.ran_s.mean() + shaft.stood_s.mean()) for shaft in shafts)


def _seen(
    spans: Sequence[Floats], rng: np.random.Generator, moments: int, horizon_s: float
) -> Iterator[tuple[Set, float]]:
    """Give which lifts stand in one moment of each of equal parts of [0, horizon_s), and the part's length [s]."""
    part_s = horizon_s / moments
    at_s = (np.arange(moments) + rng.random(moments)) * part_s
    stands = np.column_stack(
        [np.searchsorted(some[:, 0], at_s, "right") > np.searchsorted(some[:, 1], at_s, "right") for some in spans]
    )
    for row in stands:
        some: Set = frozenset(np.flatnonzero(row).tolist())
        if some:
            yield some, part_s
