"""Who is cut off now, as the board shows it: a card for each service, walker and cause, and the row "total"."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulations.community import ASKED_OF_ALL
from twin import alarms as twin_alarms
from twin import counts, devices, facilities, residents
from twin import losses as twin_losses
from twin.db import Connection
from twin.devices import Thing
from twin.losses import Loss, Total
from twin.places import Place
from twin.terms import AgeBand, AlarmKind

Named = dict[str, str | None]
Element = tuple[str, int]
TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Names:
    """What elements and facilities are called on the screen: a lift is one device, though it may be several edges."""

    watched: Mapping[Element, dict[str, Any]]
    facilities: Mapping[int, Named]

    def of(self, elements: Iterable[Element]) -> list[dict[str, Any]]:
        """Give the devices that watch these elements, each once; an element without one shows its id."""
        found = [self.watched.get(each) or _unwatched(each) for each in elements]
        return list({str(one["closes"]): one for one in found}.values())


def losses(connection: Connection, place: Place) -> dict[str, dict[str, Any]]:
    """Give the cards by service, walker, certainty and cause, and the total of people by age."""
    called = names(devices.things(connection, place.id, datetime.now(UTC)), facilities.names(connection, place.id))
    order = list(residents.by_band(connection, place.id))
    faults = [
        (alarm.subject, alarm.detail) for alarm in twin_alarms.now(connection, place.id, [AlarmKind.PEOPLE_CUT_OFF])
    ]
    found, whole = twin_losses.now(connection, place.id), twin_losses.total(connection, place.id)
    return cards(found.values(), called) | {TOTAL: total(whole, order, repairs(faults, called))}


def cards(found: Iterable[Loss], called: Names) -> dict[str, dict[str, Any]]:
    """Give the cards by service, walker, certainty and cause."""
    groups: dict[str, list[Loss]] = defaultdict(list)
    for loss in found:
        causes = ",".join(f"{kind}:{element_id}" for kind, element_id in _causes(loss))
        groups[f"{loss.service}|{loss.mobility_group}|{'certain' if loss.certain else 'possible'}|{causes}"].append(
            loss
        )
    return {key: _card(group, called) for key, group in groups.items()}


def watched(connection: Connection, place: Place) -> dict[str, dict[str, Any]]:
    """Give, as the row "all", whether a watch keeps the account, and since when not; since None: none ever did."""
    total = twin_losses.total(connection, place.id)
    if total is not None and total.is_watched(datetime.now(UTC)):
        return {"all": {"watched": True, "since": None}}
    since = None if total is None or total.checked_at is None else total.checked_at.isoformat()
    return {"all": {"watched": False, "since": since}}


def names(things: Iterable[Thing], services: Mapping[int, Named]) -> Names:
    """Say what a screen calls things: an element by the device that watches it, for the map mostly has no name."""
    watched: dict[Element, dict[str, Any]] = {}
    for thing in things:
        parts = [(effect.element_kind, effect.element_id) for effect in thing.effects]
        row = {
            "name": thing.name,
            "name_zh": thing.name_zh,
            "closes": [{"kind": kind, "id": element_id} for kind, element_id in parts],
            "position": [round(thing.lon, 6), round(thing.lat, 6)],
        }
        watched |= dict.fromkeys([] if thing.is_welfare else parts, row)
    return Names(watched, services)


def _unwatched(element: Element) -> dict[str, Any]:
    kind, element_id = element
    closes = [{"kind": kind, "id": element_id}]
    return {"name": f"{kind} {element_id}", "name_zh": None, "closes": closes, "position": None}


def _causes(loss: Loss) -> list[Element]:
    return sorted({(cause["kind"], cause["id"]) for cause in loss.causes})


def _people(loss: Loss) -> dict[str, int]:
    return loss.residents if loss.certain else loss.residents_possible


def by_age(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by age band, the youngest first."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(row)
    return {band: total[band] for band in sorted(total, key=lambda band: AgeBand.parse(band).start)}


def _card(group: list[Loss], called: Names) -> dict[str, Any]:
    first, people = group[0], by_age(map(_people, group))
    weight: Counter[int] = Counter()
    for loss in group:
        if loss.facility_id is not None:
            weight[loss.facility_id] += sum(_people(loss).values())
    extra = [loss.now_s - loss.usual_s for loss in group if loss.now_s is not None]
    best = weight.most_common(1)
    return {
        "service": first.service,
        "group": first.mobility_group,
        "certain": first.certain,
        "if_needed": first.mobility_group in ASKED_OF_ALL,
        "people": counts.count(sum(people.values()), some=True),
        "bands": [{"band": band, "count": counts.count(n)} for band, n in people.items()],
        "since": min(loss.since for loss in group).isoformat(),
        "causes": called.of(_causes(first)),
        "next_best": called.facilities.get(best[0][0]) if best else None,
        "extra_s": round(max(extra)) if extra else None,
        "unreached": len(extra) < len(group),
        "limit_s": first.limit_s,
        "buildings": sorted(loss.building_id for loss in group),
    }


def total(whole: Total | None, order: Sequence[str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the people cut off from anything, each once, by age band in this order; and which repair helps how many."""
    if whole is None:  # nobody has counted: no figure, and not nobody
        return {"certain": None, "possible": None, "bands": [], "repairs": []}
    certain, possible = ([row.get(band, 0) for band in order] for row in (whole.certain, whole.possible))
    return {
        "certain": counts.count(sum(certain)),
        "possible": counts.count(sum(possible)),
        "bands": [
            {"band": band, "certain": counts.count(low), "possible": counts.count(high)}
            for band, low, high in zip(order, certain, possible, strict=True)
        ],
        "repairs": rows,
    }


def repairs(faults: Iterable[tuple[str, Mapping[str, Any]]], called: Names) -> list[dict[str, Any]]:
    """Rank what is out by the people to whom mending it alone gives a service back, then by wheelchair users.

    faults: subject and detail of each alarm on people cut off. What several sensors watch is mended once, and listed
    once: by the one whose closing means most.
    """
    found = []
    for subject, detail in faults:
        if subject.startswith("effect:"):
            people, step_free = (
                sum(row.values()) for row in (detail["people"], detail["if_needed"].get("wheelchair", {}))
            )
            named = called.of((part["kind"], part["id"]) for part in detail["elements"])
            found.append((people, step_free, named[0]))
    found.sort(key=lambda row: (-row[0], -row[1], str(row[2]["closes"])))
    once: dict[str, tuple[int, int, dict[str, Any]]] = {}
    for row in found:
        once.setdefault(str(row[2]["closes"]), row)
    return [
        {**device, "people": counts.count(people), "step_free": counts.count(step_free)}
        for people, step_free, device in once.values()
    ]
