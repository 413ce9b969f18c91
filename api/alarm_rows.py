"""Alarms as the screens show them: the first of those that stand on the board, all by page."""

from __future__ import annotations

from typing import Any

from twin import alarm_list, counts
from twin.alarm_list import Line
from twin.db import Connection
from twin.places import Place

MOST = 100  # on the board and its stream, however many stand; the list reads the others by page
TOTAL = "total"


def alarms(connection: Connection, place: Place) -> dict[str, dict[str, Any]]:
    """Give the most urgent alarms that stand, and the row "total"; of a dwelling's device none is on a common screen."""
    shown = {str(line.alarm.id): row(line) for line in alarm_list.page(connection, place.id, limit=MOST)}
    return shown | {TOTAL: total(connection, place)}


def total(connection: Connection, place: Place, *, dwellings: bool = False) -> dict[str, Any]:
    """Count the alarms: `critical`, `major`, `notice` that stand, `waiting` for somebody, `explained`, `to_close`."""
    return dict(alarm_list.counts(connection, place.id, dwellings=dwellings))


def row(line: Line) -> dict[str, Any]:
    """Give one alarm with the name and place of its device; people are counted, and never by household."""
    alarm = line.alarm
    topic, _, name = alarm.subject.partition(":")
    people, if_needed = alarm.detail.get("people", {}), alarm.detail.get("if_needed", {})
    return {
        "id": alarm.id,
        "mark": f"{alarm.urgency}-{alarm.id}",
        "kind": alarm.kind,
        "severity": alarm.severity,
        "service": name.partition(":")[0] if topic == "service" else None,
        "group": alarm.detail.get("group"),
        "about": _about(line),
        "people": counts.count(sum(people.values()), some=True) if people or alarm.detail.get("services") else None,
        "if_needed": {group: counts.count(sum(bands.values())) for group, bands in if_needed.items()},
        "services": sorted(alarm.detail.get("services", {})),
        "reading": _reading(alarm.detail),
        "quiet_since": alarm.detail.get({"thing_silent": "last", "inactive": "since"}.get(alarm.kind, "")),
        "raised_at": alarm.raised_at.isoformat(),
        "acknowledged_at": alarm.acknowledged_at.isoformat() if alarm.acknowledged_at else None,
        "acknowledged_by": alarm.acknowledged_by,
        "assigned_to": alarm.assigned_to,
        "escalated_at": alarm.escalated_at.isoformat() if alarm.escalated_at else None,
        "cleared_at": alarm.cleared_at.isoformat() if alarm.cleared_at else None,
        "closed_at": alarm.closed_at.isoformat() if alarm.closed_at else None,
        "closed_by": alarm.closed_by,
        "explains": line.explains,
        "count": alarm.count,
    }


def _about(line: Line) -> dict[str, Any]:
    if line.name is None:
        detail = line.alarm.detail
        return {"name": detail.get("name", line.alarm.subject), "name_zh": detail.get("name_zh"), "position": None}
    position = None if line.lon is None or line.lat is None else [round(line.lon, 6), round(line.lat, 6)]
    return {"name": line.name, "name_zh": line.name_zh, "position": position}


def _reading(detail: dict[str, Any]) -> dict[str, Any] | None:
    """Give the reading that raised it and the limit it passed; a rate's is the change within so many seconds."""
    if "value" not in detail:
        return None
    return {name: detail.get(name) for name in ("property", "unit", "value", "above", "below", "within_s")}
