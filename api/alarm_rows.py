"""The alarms that stand, as the board shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from twin import alarms as twin_alarms
from twin import counts, devices
from twin.alarms import Alarm
from twin.db import Connection
from twin.devices import Thing
from twin.places import Place


def alarms(connection: Connection, place: Place) -> dict[str, dict[str, Any]]:
    """Give each open alarm with the name and place of what it is about; of a dwelling's device neither."""
    things = [thing for thing in devices.things(connection, place.id, datetime.now(UTC)) if not thing.is_welfare]
    about = {f"thing:{thing.id}": thing for thing in things}
    about |= {f"effect:{effect.effect_id}": thing for thing in things for effect in thing.effects}
    return {str(alarm.id): _alarm(alarm, about.get(alarm.subject)) for alarm in twin_alarms.now(connection, place.id)}


def _alarm(alarm: Alarm, thing: Thing | None) -> dict[str, Any]:
    topic, _, name = alarm.subject.partition(":")
    people, if_needed = alarm.detail.get("people", {}), alarm.detail.get("if_needed", {})
    return {
        "id": alarm.id,
        "kind": alarm.kind,
        "severity": alarm.severity,
        "service": name if topic == "service" else None,
        "about": _about(thing, alarm),
        "people": counts.count(sum(people.values())) if people else None,
        "if_needed": {group: counts.count(sum(bands.values())) for group, bands in if_needed.items()},
        "services": sorted(alarm.detail.get("services", {})),
        "raised_at": alarm.raised_at.isoformat(),
        "acknowledged_at": alarm.acknowledged_at.isoformat() if alarm.acknowledged_at else None,
        "count": alarm.count,
    }


def _about(thing: Thing | None, alarm: Alarm) -> dict[str, Any]:
    if thing is None:
        return {"name": alarm.subject, "name_zh": None, "position": None}
    return {"name": thing.name, "name_zh": thing.name_zh, "position": [round(thing.lon, 6), round(thing.lat, 6)]}
