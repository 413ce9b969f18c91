"""A what-if asked whole: the setting it begins from, read from the twin, and the answer."""

from __future__ import annotations

from typing import Any

from simulations import edits, scenario
from simulations.asking import Asked, Heard, finder
from simulations.edits import Plan, Setting
from twin import facility_details

__all__ = ["answer", "setting"]


def setting(asked: Asked) -> Setting:
    """Read the hours and rooms of the facilities, by their rows."""
    ids = asked.community.facilities.ids
    rooms = facility_details.rooms(asked.connection, asked.community.place.id, "capacity")
    hours = facility_details.load(asked.connection, ids).opening_hours
    return Setting(asked.community, asked.said, hours, tuple(rooms.get(at) for at in ids.tolist()))


def answer(asked: Asked, plan: Plan, heard: Heard) -> dict[str, Any]:
    """Answer a plan; heard is told when it is made."""
    found = scenario.run(setting(asked), plan, finder(asked, edits.names(plan)))
    heard({"done": 1, "total": 1})
    return found
