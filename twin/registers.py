"""What the registers answer: area and staff against a norm, and sizes against their band.

Pure functions of numbers and a rule; each answer carries the rule's id, set, version, word and certainty, since "short"
against a recommended (宜) or recalled value is no violation of a law.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import shapely
import sqlalchemy as sa

from twin.db import Connection
from twin.devices import Thing
from twin.errors import Refused
from twin.norms.rules import Quantity, Rule

__all__ = [
    "Basis",
    "Honest",
    "Honesty",
    "Need",
    "Size",
    "basis",
    "floor_area",
    "honest",
    "honesty",
    "sizes",
    "staff",
    "stored_sizes",
]

ALIVE = "ok"  # the condition of a thing that reports in time
HOUSEHOLDS = 100  # what an area norm counts by
RESIDENTS = 10_000  # what a staff norm counts by
ROUNDED = 6  # decimals; below them a product of decimals is not what it says


@dataclass(frozen=True, slots=True)
class Basis:
    """The norm behind an answer. Where the layer is national, no local norm is known: then say so."""

    norm_id: str
    norm_set: str
    version: str
    clause: str
    word: str
    layer: str
    certainty: str
    quotable: bool


@dataclass(frozen=True, slots=True)
class Need:
    """What is needed, what there is, and what is missing, 0 where nothing is; in the unit."""

    unit: Literal["m2", "people"]
    needed: float
    present: float
    short: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class Size:
    """One community or grid, and where it lies in its band."""

    code: str
    value: float
    unit: Literal["people", "households"]
    grade: Literal["below", "within", "above"]
    least: float | None
    most: float | None
    basis: Basis


@dataclass(frozen=True, slots=True)
class Honesty:
    """Devices of one kind: in the register, of these reporting in time, inside the place, and bound to what it watches."""

    kind: str
    installed: int
    alive: int
    placed: int
    linked: int


@dataclass(frozen=True, slots=True)
class Honest:
    """One device that is in the register: reporting in time, inside the place, bound to what it watches."""

    key: str
    kind: str
    alive: bool
    placed: bool
    linked: bool


def basis(rule: Rule) -> Basis:
    """Give what an answer says of the rule that it is from."""
    return Basis(
        norm_id=rule.id,
        norm_set=rule.set_id,
        version=rule.version,
        clause=rule.clause,
        word=rule.word,
        layer=rule.layer,
        certainty=rule.certainty,
        quotable=rule.is_quotable,
    )


def floor_area(rule: Rule, *, households: int, present_m2: float) -> Need:
    """Compare a floor area [m2] with a norm per 100 households; Refused where the rule is none such."""
    each_m2 = _least(rule, "floor_m2_per_100_households")
    _check(households=households, present_m2=present_m2)
    needed = round(households * each_m2 / HOUSEHOLDS, ROUNDED)
    return Need("m2", needed, present_m2, round(max(0.0, needed - present_m2), ROUNDED), basis(rule))


def staff(rule: Rule, *, residents: int, present: int) -> Need:
    """Compare a number of workers with a norm per 10,000 residents, whole people; Refused where the rule is none such."""
    each = _least(rule, "per_10000_people")
    _check(residents=residents, present=present)
    needed = math.ceil(round(residents * each / RESIDENTS, ROUNDED))
    return Need("people", needed, present, max(0, needed - present), basis(rule))


def sizes(rule: Rule, unit: Literal["people", "households"], values: Sequence[tuple[str, float]]) -> list[Size]:
    """Compare (code, number) of communities or grids with the band of a rule; Refused where it has none."""
    band = rule.quantities.get(unit)
    if band is None:
        raise Refused(f"norm {rule.id} has no band of {unit}")
    known = basis(rule)
    return [Size(code, value, unit, band.grade(value), band.least, band.most, known) for code, value in values]


def stored_sizes(
    connection: Connection, place_id: int, level: Literal["community", "grid"]
) -> list[tuple[str, int, int]]:
    """Give each community's or grid's code, households, and residents as they may be shown, by code."""
    rows = connection.execute(sa.text(SIZES), {"place": place_id, "level": level})
    return [(row.code, int(row.households), int(row.residents)) for row in rows]


SIZES = """
SELECT g.code, g.households, coalesce(sum(lived.residents), 0) AS residents
FROM grid AS g
LEFT JOIN grid AS leaf ON leaf.id = g.id OR leaf.parent_id = g.id
LEFT JOIN (
    SELECT b.grid_id, sum(r.residents) AS residents
    FROM building AS b JOIN resident_shown AS r ON r.building_id = b.id
    GROUP BY b.grid_id
) AS lived ON lived.grid_id = leaf.id
WHERE g.place_id = :place AND g.level = :level
GROUP BY g.id
ORDER BY g.code
"""


def honest(things: Sequence[Thing], boundary: shapely.MultiPolygon) -> list[Honest]:
    """Say of each device of the register whether it is more than a row in it; boundary in WGS 84 degrees."""
    shapely.prepare(boundary)
    return [
        Honest(
            thing.key,
            thing.kind,
            alive=thing.condition == ALIVE,
            placed=bool(shapely.contains_xy(boundary, thing.lon, thing.lat)),
            linked=bool(thing.effects) or thing.watched_grid is not None,
        )
        for thing in things
    ]


def honesty(things: Sequence[Thing], boundary: shapely.MultiPolygon) -> list[Honesty]:
    """Count them by kind."""
    found: dict[str, list[Honest]] = {}
    for one in honest(things, boundary):
        found.setdefault(one.kind, []).append(one)
    return [
        Honesty(kind, len(rows), sum(r.alive for r in rows), sum(r.placed for r in rows), sum(r.linked for r in rows))
        for kind, rows in sorted(found.items())
    ]


def _least(rule: Rule, quantity: Quantity) -> float:
    band = rule.quantities.get(quantity)
    if band is None or band.least is None:
        raise Refused(f"norm {rule.id} says nothing of {quantity}")
    return band.least


def _check(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 <= value < math.inf:
            raise Refused(f"{name} {value} is not a number from 0")
