"""Read OpenStreetMap's tags by the table in osm_tags.toml: who may walk where, what is a facility, what is drawn."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from twin.terms import EdgeKind, Service

__all__ = [
    "Tags",
    "floors",
    "incline",
    "is_closed_to_walkers",
    "is_underground",
    "levels",
    "map_class",
    "metres",
    "services",
    "table",
    "walk_direction",
    "walk_kind",
    "worst",
]

Tags = Mapping[str, str]
Direction = Literal["both", "forward", "backward"]

METRES = {"": 1.0, "m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "ft": 0.3048, "'": 0.3048, '"': 0.0254}
NUMBER = re.compile(r"^\s*([-+]?\d+(?:[.,]\d+)?)\s*([^\d\s]*)\s*$")
LEVEL_RANGE = re.compile(r"^(-?\d+)-(-?\d+)$")


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """Give the tag table as the file has it."""
    return tomllib.loads(Path(__file__).with_name("osm_tags.toml").read_text(encoding="utf-8"))


def walk_kind(tags: Tags) -> EdgeKind | None:
    """Tell which kind of walkable edge a way is; None where people do not walk or may not."""
    walk, highway = table()["walk"], tags.get("highway", "platform" if tags.get("railway") == "platform" else "")
    if highway in walk["street"] or highway in walk["path"]:
        allowed = tags.get("motorroad") != "yes" or tags.get("foot") in walk["foot_yes"]
    elif highway in walk["where_foot_says_so"]:
        allowed = tags.get("foot") in walk["foot_yes"] or tags.get("sidewalk") in walk["sidewalk_yes"]
    else:
        return None
    if not allowed or is_closed_to_walkers(tags):
        return None
    if highway == "elevator":
        return EdgeKind.LIFT
    if highway == "steps":
        return EdgeKind.ESCALATOR if tags.get("conveying") in walk["conveying"] else EdgeKind.STEPS
    if "crossing" in (tags.get("footway"), tags.get("path"), tags.get("cycleway")):
        return EdgeKind.CROSSING
    return EdgeKind.STREET if highway in walk["street"] or highway.startswith("trunk") else EdgeKind.PATH


def is_closed_to_walkers(tags: Tags) -> bool:
    """Tell whether foot, or else access, shuts people out of a way, a gate or a lift."""
    walk = table()["walk"]
    if "foot" in tags:
        return tags["foot"] in walk["foot_no"]
    return tags.get("access") in walk["access_no"] or tags.get("locked") == "yes"


def walk_direction(tags: Tags) -> Direction:
    """Tell which way along a way people may walk.

    oneway alone binds vehicles; it binds walkers on what conveys them.
    """
    conveying = tags.get("conveying")
    said = tags.get("oneway:foot", tags.get("foot:oneway"))
    if conveying in ("forward", "backward"):
        return "forward" if conveying == "forward" else "backward"
    if said is None and conveying == "yes":
        said = tags.get("oneway")
    if said in ("yes", "1", "true"):
        return "forward"
    return "backward" if said in ("-1", "reverse") else "both"


def is_underground(tags: Tags) -> bool:
    """Tell whether a way runs in a tunnel."""
    return tags.get("tunnel") in table()["walk"]["underground"]


def incline(tags: Tags) -> float | None:
    """Give the rise over run of a way in its direction; None where no number is tagged ("up" has none)."""
    found = NUMBER.match(tags.get("incline", ""))
    if found is None:
        return None
    value, unit = float(found[1].replace(",", ".")), found[2]
    if unit == "%":
        return value / 100
    return math.tan(math.radians(value)) if unit == "°" and abs(value) < 90 else None  # noqa: PLR2004 upright


def metres(text: str | None) -> float | None:
    """Read a length such as "1.5", "1.5 m", "150 cm" or "5'"; None where it is none."""
    found = NUMBER.match(text or "")
    if found is None or found[2] not in METRES:
        return None
    value = float(found[1].replace(",", ".")) * METRES[found[2]]
    return value if value > 0 else None


def floors(text: str | None) -> int | None:
    """Read building:levels, of which the half floors count up; None where it is no number from 1 to the most."""
    found = NUMBER.match(text or "")
    if found is None or found[2]:
        return None
    count = math.ceil(float(found[1].replace(",", ".")))
    return count if 1 <= count <= table()["buildings"]["most_floors"] else None


def levels(text: str | None) -> tuple[float, ...]:
    """Read level=... such as "0", "-1;0" or "0-2", sorted; empty where it is none."""
    found: set[float] = set()
    for part in (text or "").split(";"):
        several, one = LEVEL_RANGE.match(part.strip()), NUMBER.match(part)
        if several:
            found.update(float(level) for level in range(int(several[1]), int(several[2]) + 1))
        elif one and not one[2]:
            found.add(float(one[1].replace(",", ".")))
    return tuple(sorted(found))


def worst(key: Literal["kerb", "barrier"], values: Sequence[str]) -> str | None:
    """Give the value that is hardest to pass; one that the table does not know counts as the easiest."""
    ranks = {value: rank for rank, value in enumerate(table()["obstacles"][key])}
    return min(values, key=lambda value: ranks.get(value, len(ranks)), default=None)


def services(tags: Tags) -> list[Service]:
    """Tell which services a place with these tags gives."""
    return [Service(service) for service, conditions in table()["facilities"].items() if _any(tags, conditions)]


def map_class(tags: Tags, kind: Literal["street", "rail", "water", "green", "land"]) -> str | None:
    """Tell the class that the base map draws it in within a kind, None where it does not."""
    classes = table()["map"][kind].items()
    return next((name for name, conditions in classes if _any(tags, conditions)), None)


def _any(tags: Tags, conditions: Sequence[str]) -> bool:
    return any(all(_holds(tags, term) for term in condition.split(" & ")) for condition in conditions)


def _holds(tags: Tags, term: str) -> bool:
    key, _, value = term.partition("=")
    return tags.get(key) == value if value != "*" else tags.get(key, "no") != "no"
