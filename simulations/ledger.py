"""What the watch writes down: a row for each service that a building's residents have lost, and the alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from simulations.community import Community
from simulations.coverage import FAR, people_by_building
from simulations.cut_off import Fault, Flags, Lost, Watched, count, somebody
from simulations.states import element_id
from twin.alarms import Wanted, Watcher
from twin.losses import Loss
from twin.terms import AgeBand, AlarmKind, MobilityGroup, Service, Severity, State

# An alarm is critical from this many residents of OLD_FROM and over who are certainly cut off at their own pace, or
# would be if they needed a step-free way. An assumption of ours (A): no norm says when an outage is grave.
CRITICAL_OLD = 50
OLD_FROM = 65
KINDS = (AlarmKind.PEOPLE_CUT_OFF, AlarmKind.ELEMENT_CLOSED)

Relief = Mapping[int, Mapping[Service, Flags]]  # by thing: who has the service back if it alone is mended


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """One group's part of the account: who lost what, and which thing's mending gives it back to whom."""

    watched: Watched
    certain: Relief
    possible: Relief


def losses(account: Account, faults: Mapping[int, Fault], moment: datetime) -> Iterable[Loss]:
    """Give the open losses of a group, one a service and building in which somebody has, or may have, lost it.

    `since` is the moment the newest of its causes closed, or went silent; `moment` where none alone is the cause.
    """
    watched = account.watched
    community = watched.community
    for service, lost in watched.lost.items():
        if not lost.possible.any():
            continue
        columns, _ = community.bands_of(watched.group)
        sure = people_by_building(community, lost.certain, columns)
        maybe = people_by_building(community, lost.possible, columns)
        back = {is_certain: _homes_back(account, service, is_certain) for is_certain in (True, False)}
        homes = {which: _lived_in(watched, lost, columns, is_certain=which) for which in (True, False)}
        for at in np.flatnonzero(homes[False]).tolist():
            is_certain = bool(homes[True][at])
            causes = [thing for thing, homes in back[is_certain].items() if at in homes]
            since = [report.since for thing in causes for report in faults[thing] if report.since is not None]
            door = lost.best if is_certain else lost.worst
            yield Loss(
                service=service.value,
                mobility_group=watched.group.value,
                building_id=int(community.buildings.ids[at]),
                certain=is_certain,
                limit_s=community.norm.limits[service].limit_s,
                usual_s=watched.usual[service].door.door_ms[at] / 1000,
                now_s=door.door_ms[at] / 1000 if door.door_ms[at] < FAR else None,
                facility_id=int(community.facilities.ids[door.facility[at]]) if door.facility[at] >= 0 else None,
                residents=_by_band(community, columns, (sure if is_certain else maybe)[at].tolist()),
                residents_possible=_by_band(community, columns, maybe[at].tolist()),
                causes=elements(community, tuple(report for thing in causes for report in faults[thing])),
                since=max(since, default=moment),
            )


def alarms(accounts: Iterable[Account], faults: Mapping[int, Fault], things: Mapping[int, Watcher]) -> list[Wanted]:
    """Give the alarms that should stand.

    A closed or slower thing whose mending alone gives people a service back: people_cut_off on effect:ID, the lowest effect on
    what it closes, so that several sensors of one lift are one alarm. A closed thing that takes nothing from anybody by
    itself: a notice, element_closed. People cut off whom no single mending helps: people_cut_off on service:NAME, with
    all that is closed. Silent things raise none of these.
    """
    accounts = list(accounts)
    known = {State.CLOSED, State.SLOWER}
    closed = {thing: fault for thing, fault in faults.items() if any(r.state in known for r in fault)}
    found: list[Wanted] = []
    for thing, fault in sorted(closed.items(), key=lambda one: (-len(one[1]), one[0])) if accounts else ():
        about = _about(accounts[0].watched.community, fault, things)
        parts = {(part["kind"], part["id"]) for part in about["elements"]}
        subject = f"effect:{min(effect for effect, watcher in things.items() if watcher.element in parts)}"
        if any(alarm.subject == subject for alarm in found):
            continue
        tolls = _tolls(accounts, lambda account, thing=thing: account.certain.get(thing, {}))  # type: ignore[misc]
        if tolls["services"]:
            found.append(Wanted(AlarmKind.PEOPLE_CUT_OFF, subject, _severity(tolls), {**about, **tolls}, thing))
        elif any(report.state is State.CLOSED for report in fault):
            found.append(Wanted(AlarmKind.ELEMENT_CLOSED, subject, Severity.NOTICE, about, thing))
    return found + _joint(accounts, closed)


def total(accounts: Iterable[Account]) -> tuple[dict[str, int], dict[str, int]]:
    """Count the people at their own pace who lost any service, each once, by age band: certainly, and possibly."""
    certain: dict[str, int] = {}
    possible: dict[str, int] = {}
    for account in accounts:
        watched, lost = account.watched, account.watched.lost.values()
        if lost and not watched.community.bands_of(watched.group)[1]:
            certain |= count(watched.community, watched.group, np.logical_or.reduce([one.certain for one in lost]))
            possible |= count(watched.community, watched.group, np.logical_or.reduce([one.possible for one in lost]))
    return certain, possible


def elements(community: Community, fault: Fault) -> list[dict[str, Any]]:
    """Name a fault's elements as the twin does: [{kind, id}], each once."""
    parts = sorted({(report.element.kind.value, element_id(community, report.element)) for report in fault})
    return [{"kind": kind, "id": each} for kind, each in parts]


def _lived_in(watched: Watched, lost: Lost, columns: list[int], *, is_certain: bool) -> Flags:
    """Tell in which buildings somebody lost it, or may have, also where they are too few to be counted; (buildings,)."""
    home = watched.community.households
    which = (lost.certain if is_certain else lost.possible) & home.lives[:, columns].any(axis=1)
    found = np.zeros(len(watched.community.buildings.ids), np.bool_)
    found[home.building[which]] = True
    return found


def _homes_back(account: Account, service: Service, is_certain: bool) -> dict[int, set[int]]:  # noqa: FBT001
    """Give, for each thing, the buildings in which somebody has the service back if it alone is mended."""
    relief = account.certain if is_certain else account.possible
    building = account.watched.community.households.building
    return {
        thing: set(building[services[service]].tolist()) for thing, services in relief.items() if service in services
    }


def _joint(accounts: list[Account], closed: Mapping[int, Fault]) -> list[Wanted]:
    """Give one alarm a service for the people whom no single mending helps."""
    left: dict[int, dict[Service, Flags]] = {}
    for at, account in enumerate(accounts):
        left[at] = {}
        for service, lost in account.watched.lost.items():
            helped = [services[service] for services in account.certain.values() if service in services]
            alone = lost.certain & ~np.logical_or.reduce(helped) if helped else lost.certain
            if alone.any():
                left[at][service] = alone
    found = []
    for service in sorted({service for services in left.values() for service in services}):
        only = {id(accounts[at]): {service: flags[service]} for at, flags in left.items() if service in flags}
        tolls = _tolls(accounts, lambda account, only=only: only.get(id(account), {}))  # type: ignore[misc]
        if tolls["services"]:
            community = accounts[0].watched.community
            parts = [part for fault in closed.values() for part in elements(community, fault)]
            found.append(
                Wanted(AlarmKind.PEOPLE_CUT_OFF, f"service:{service}", _severity(tolls), {"elements": parts, **tolls})
            )
    return found


def _tolls(accounts: Iterable[Account], of: Callable[[Account], Mapping[Service, Flags]]) -> dict[str, Any]:
    """Count people: by service and group, and those cut off from any service, each once.

    people: at their own pace, by age band; if_needed: by group, all residents, if they moved like this.
    """
    services: dict[str, dict[str, dict[str, int]]] = {}
    people: dict[str, int] = {}
    if_needed: dict[str, dict[str, int]] = {}
    for account in accounts:
        watched, flags = account.watched, of(account)
        for service, which in flags.items():
            if somebody(watched.community, watched.group, which):
                found = count(watched.community, watched.group, which)
                services.setdefault(service.value, {})[watched.group.value] = found
        if flags:
            anyone = count(watched.community, watched.group, np.logical_or.reduce(list(flags.values())))
            if watched.community.bands_of(watched.group)[1]:
                if_needed[watched.group.value] = anyone
            else:
                people |= anyone
    return {"services": services, "people": people, "if_needed": if_needed}


def _severity(tolls: Mapping[str, Any]) -> Severity:
    """Choose by the old people cut off, see CRITICAL_OLD; any smaller loss is major."""
    step_free = tolls["if_needed"].get(MobilityGroup.WHEELCHAIR.value, {})
    return Severity.CRITICAL if max(_old(tolls["people"]), _old(step_free)) >= CRITICAL_OLD else Severity.MAJOR


def _old(people: Mapping[str, int]) -> int:
    return sum(n for band, n in people.items() if AgeBand.parse(band).start >= OLD_FROM)


def _about(community: Community, fault: Fault, things: Mapping[int, Watcher]) -> dict[str, Any]:
    watcher = things[fault[0].effect_id]
    known = {State.CLOSED, State.SLOWER}
    since = [report.since for report in fault if report.state in known and report.since is not None]
    return {
        "thing_id": watcher.thing_id,
        "thing_kind": watcher.kind,
        "name": watcher.name,
        "name_zh": watcher.name_zh,
        "effects": sorted(report.effect_id for report in fault),
        "elements": elements(community, fault),
        "closed_since": max(since).isoformat() if since else None,
    }


def _by_band(community: Community, columns: list[int], people: list[int]) -> dict[str, int]:
    return {community.residents.bands[column]: n for column, n in zip(columns, people, strict=True) if n}
