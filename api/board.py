"""The board: what every screen shows of the present, by section and row, read from the twin.

A section is {row key: row}; the stream sends the rows that changed, so a row holds nothing that only ages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from api import alarm_rows, loss_rows
from twin import account, counts, devices, residents
from twin.db import Connection
from twin.devices import Thing
from twin.places import Place
from twin.terms import AgeBand, Condition, State, ThingKind

Rows = dict[str, dict[str, Any]]

WORST_FIRST = (State.CLOSED, State.UNKNOWN, State.SLOWER, State.OPEN)
REFUSED_OVER = timedelta(hours=24)
OLDER = 65  # years


def state(thing: Thing) -> str:
    """Say in one word how a device's sign looks: silence before what it last said, then the worst of its effects."""
    if thing.condition is not Condition.OK or not thing.effects:
        return thing.condition
    said = {effect.state for effect in thing.effects}
    return next(each.value for each in WORST_FIRST if each.value in said)


def things(connection: Connection, place: Place) -> Rows:
    """Give the devices in the open; those in dwellings are for the care role and appear on no common screen."""
    return thing_rows(devices.things(connection, place.id, datetime.now(UTC)))


def thing_rows(found: Iterable[Thing]) -> Rows:
    """Give the rows of the devices in the open."""
    return {str(thing.id): _thing(thing) for thing in found if not thing.is_welfare}


def _thing(thing: Thing) -> dict[str, Any]:
    return {
        "id": thing.id,
        "key": thing.key,
        "name": thing.name,
        "name_zh": thing.name_zh,
        "kind": thing.kind,
        "simulated": thing.simulated,
        "interval_s": thing.interval_s,
        "position": [round(thing.lon, 6), round(thing.lat, 6)],
        "state": state(thing),
        "time": thing.measured_at.isoformat() if thing.measured_at else None,
        "readings": [{"property": r.property, "unit": r.unit, "value": r.value} for r in thing.readings],
        "closes": [
            {
                "kind": effect.element_kind,
                "id": effect.element_id,
                "state": effect.state,
                "since": effect.since.isoformat(),
            }
            for effect in thing.effects
            if effect.element_source is not None
        ],
    }


def figures(connection: Connection, place: Place) -> Rows:
    """Give the key figures as the one row "all"; counts of devices include those in dwellings."""
    now = datetime.now(UTC)
    found = devices.things(connection, place.id, now)
    people = residents.by_band(connection, place.id)
    older = sum(n for band, n in people.items() if AgeBand.parse(band).start >= OLDER)
    refused = account.total(connection, now - REFUSED_OVER).quarantined
    return {"all": figure_row(found, place.residents, older) | {"quarantined": refused}}


def figure_row(found: Sequence[Thing], people: int, older: int) -> dict[str, Any]:
    """Count devices and lifts beside the residents of the place."""
    lifts = [state(thing) for thing in found if thing.kind == ThingKind.LIFT]
    running = lifts.count(State.OPEN) + lifts.count(State.SLOWER)
    return {
        "residents": people,
        "older": counts.count(older),
        "lifts": {
            "total": len(lifts),
            "open": running,
            "closed": lifts.count(State.CLOSED),
            "unknown": len(lifts) - running - lifts.count(State.CLOSED),
        },
        "things": {
            "total": len(found),
            "ok": sum(thing.condition is Condition.OK for thing in found),
            "silent": sum(thing.condition is Condition.SILENT for thing in found),
            "never_seen": sum(thing.condition is Condition.NEVER_SEEN for thing in found),
        },
    }


SECTIONS: dict[str, Callable[[Connection, Place], Rows]] = {
    "things": things,
    "losses": loss_rows.losses,
    "alarms": alarm_rows.alarms,
    "figures": figures,
    "watch": loss_rows.watched,
}

# Which sections an announcement makes old; of an unknown kind, all.
STALE: dict[str, tuple[str, ...]] = {
    "latest": ("things", "figures"),
    "effects": ("things", "figures"),
    "losses": ("losses", "watch"),
    "alarms": ("alarms",),
    "quarantine": ("figures",),
}


def stale(kind: str) -> tuple[str, ...]:
    """Give the sections to read again after a change of this kind."""
    return STALE.get(kind, tuple(SECTIONS))
