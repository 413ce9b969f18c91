"""Who is cut off: what each household usually reaches within the limits, against what it reaches now.

Usually means with everything open. Whether a building of unknown fitting has a lift is the same in both, so it is no
loss. A loss is certain where it holds however the unknown turns out, and possible where it may hold: certain ≤ possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.community import Community
from simulations.coverage import Reach, floor_ms
from simulations.live import Track
from simulations.states import Element, Report, Reports, shut
from twin.terms import ElementKind, MobilityGroup, Service, State

Flags = NDArray[np.bool_]
Fault = Reports  # what one device says: its elements fail and are mended together


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What is usual for one service and group, everything open."""

    door: Reach
    within: Mapping[bool, Flags]  # households within the limit: assumed without and with the lifts not known of


@dataclass(frozen=True, slots=True, eq=False)
class Lost:
    """Who lost one service in one group, as things are."""

    certain: Flags  # (households,)
    possible: Flags  # (households,) all of the certain ones among them
    best: Reach  # with the unknown taken as open
    worst: Reach  # with it taken as closed


class Watched:
    """One group's services, held live; `move` follows the reports, `relief` asks what mending would give back."""

    def __init__(self, community: Community, group: MobilityGroup, said: Reports = ()) -> None:
        """Compute what is usual and what is now."""
        services = community.services()
        self.community = community
        self.group = group
        self._limits_ms = {service: community.norm.limits[service].limit_s * 1000 for service in services}
        self._best = Track(community, group, services, frozenset())
        self.usual = {service: self._usual(service) for service in services}
        self._best.move(shut(said, group, unknown_closed=False))
        self._worst = Track(community, group, services, shut(said, group, unknown_closed=True))
        self.lost = {service: self._judge(service) for service in services}

    def move(self, said: Reports) -> list[Service]:
        """Follow the reports, and give the services for which a way or a lift has changed."""
        best, worst = (shut(said, self.group, unknown_closed=closed) for closed in (False, True))
        lifts = _lifts(best ^ self._best.closed) | _lifts(worst ^ self._worst.closed)
        touched = self._best.move(best).keys() | self._worst.move(worst).keys()
        changed = [service for service in self.lost if lifts or service in touched]
        self.lost.update({service: self._judge(service) for service in changed})
        return changed

    def relief(self, said: Reports, fault: Fault) -> dict[Service, Flags]:
        """Give who certainly lost a service and would have it back if this fault alone were mended; (households,)."""
        return self._relief(self._best, shut(_mended(said, fault), self.group, unknown_closed=False), is_certain=True)

    def possible_relief(self, said: Reports, fault: Fault) -> dict[Service, Flags]:
        """Give the same for who may have lost it, with all else that is unknown taken as closed; (households,)."""
        return self._relief(self._worst, shut(_mended(said, fault), self.group, unknown_closed=True), is_certain=False)

    def _usual(self, service: Service) -> Usual:
        door = self._best.reach(service)
        return Usual(door, {lifts: self._within(service, door, frozenset(), lifts) for lifts in (False, True)})

    def _within(self, service: Service, door: Reach, closed: frozenset[Element], lifts: bool) -> Flags:  # noqa: FBT001
        time_ms = floor_ms(self.community, door, self.group, closed, assume_lifts=lifts)
        return np.asarray(time_ms <= self._limits_ms[service])

    def _judge(self, service: Service) -> Lost:
        best, worst = self._best.reach(service), self._worst.reach(service)
        return Lost(self._certain(service, best), self._possible(service, worst), best, worst)

    def _certain(self, service: Service, best: Reach) -> Flags:
        """Lost in every case: without the unknown lifts it was usual, even with them and all else open it is not now."""
        return self.usual[service].within[False] & ~self._within(service, best, self._best.closed, lifts=True)

    def _possible(self, service: Service, worst: Reach) -> Flags:
        """Lost in some case, with the unknown lifts there or not."""
        usual, closed = self.usual[service].within, self._worst.closed
        cases = [usual[lifts] & ~self._within(service, worst, closed, lifts) for lifts in (False, True)]
        return np.asarray(cases[0] | cases[1])

    def _relief(self, track: Track, mended: frozenset[Element], *, is_certain: bool) -> dict[Service, Flags]:
        """Mend, see who is no longer lost, and break again; services without relief are left out."""
        before = track.closed
        if mended == before:
            return {}
        touched = track.move(mended)
        judge = self._certain if is_certain else self._possible
        found = {}
        for service, lost in self.lost.items():
            was = lost.certain if is_certain else lost.possible
            if was.any() and (service in touched or _lifts(mended ^ before)):
                back = was & ~judge(service, track.reach(service))
                if back.any():
                    found[service] = back
        track.move(before)
        return found


def faults(said: Reports, thing_of: Mapping[int, int]) -> dict[int, Fault]:
    """Gather the reports that are not open by the thing that makes them; thing_of gives each effect's thing."""
    found: dict[int, list[Report]] = {}
    for report in said:
        if report.state is not State.OPEN:
            found.setdefault(thing_of[report.effect_id], []).append(report)
    return {thing: tuple(some) for thing, some in found.items()}


def count(community: Community, group: MobilityGroup, which: Flags) -> dict[str, int]:
    """Count the people of some households by the age bands the group stands for; bands without anybody left out."""
    columns, _ = community.bands_of(group)
    people = community.households.people[which][:, columns].sum(axis=0).tolist()
    return {community.residents.bands[column]: n for column, n in zip(columns, people, strict=True) if n}


def somebody(community: Community, group: MobilityGroup, which: Flags) -> bool:
    """Tell whether anybody of the group's bands lives in these households, be they too few to be counted."""
    columns, _ = community.bands_of(group)
    return bool(community.households.lives[which][:, columns].any())


def _mended(said: Reports, fault: Fault) -> Reports:
    """Leave out all that is said of a fault's elements: what is mended is open, whichever sensor called it closed."""
    mended = {report.element for report in fault}
    return tuple(report for report in said if report.element not in mended)


def _lifts(elements: Iterable[Element]) -> bool:
    return any(element.kind is ElementKind.BUILDING_LIFT for element in elements)
