"""Norms as rules: how much area, staff or people a facility or community should have, by whom, how certain.

The most local valid rule wins. What comes out carries the set, version and certainty of the rule it is from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec

from twin.errors import NotFound, Refused

__all__ = ["SETS", "Band", "Quantity", "Rule", "Threshold", "choose", "load", "parse", "thresholds"]

File = TypeVar("File", bound=msgspec.Struct)

HERE = Path(__file__).parent
SETS = tuple(HERE / f"{name}.toml" for name in ("cn_recalled", "cn_secondary", "cn_local"))
THRESHOLDS = tuple(HERE / f"{name}.toml" for name in ("cn_access", "international"))

Layer = Literal["national", "provincial", "city", "project"]
LAYERS: tuple[Layer, ...] = ("national", "provincial", "city", "project")  # from the widest to the most local
Word = Literal["应", "宜", "可", "目标", "定义", ""]
Certainty = Literal["V1", "V2", "recalled", "assumed", "derived"]
Metric = Literal["network_m", "radius_m", "minutes"]
Quantity = Literal[
    "floor_m2",
    "land_m2",
    "floor_m2_per_100_households",
    "floor_m2_per_1000_people",
    "land_m2_per_1000_people",
    "land_m2_per_person",
    "per_10000_people",
    "percent_of_people",
    "people",
    "households",
    "beds",
    "width_m",
    "spacing_m",
]


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a number must not be below and not be above; None: no such bound."""

    least: float | None = None
    most: float | None = None

    def grade(self, value: float) -> Literal["below", "within", "above"]:
        """Say where a value lies; the bounds themselves are within."""
        if self.least is not None and value < self.least:
            return "below"
        return "above" if self.most is not None and value > self.most else "within"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One norm. set_id and version are those of the file that it is from."""

    id: str
    name: str
    name_zh: str
    clause: str
    word: Word
    layer: Layer
    certainty: Certainty
    certainty_note: str
    group: str
    area: str = ""  # division code that it holds in; "" everywhere
    tier_min: int | None = None  # minutes of the living circle that the facility belongs to
    metric: Metric | None = None
    reach: Band | None = None  # in the metric's unit
    quantities: dict[Quantity, Band] = {}
    text: str = ""  # the norm in words, where a number does not say all of it
    valid_from: date | None = None
    valid_to: date | None = None  # the last day
    set_id: str = ""
    version: str = ""

    @property
    def is_quotable(self) -> bool:
        """Whether the text was seen, in the original or repeated; else nobody may call the value quoted."""
        return self.certainty in {"V1", "V2"}

    def holds(self, area: str, on: date) -> bool:
        """Say whether it holds in a division [code, any length] on a day."""
        begun = self.valid_from is None or self.valid_from <= on
        return area.startswith(self.area) and begun and (self.valid_to is None or on <= self.valid_to)


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One limit of barrier-free design, or a measured speed; unit "1" is a ratio."""

    id: str
    name: str
    clause: str
    unit: str
    certainty: Certainty
    certainty_note: str
    least: float | None = None
    most: float | None = None
    text: str = ""


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of norms is called; id and version stand in every result."""

    id: Annotated[str, msgspec.Meta(min_length=1)]
    version: Annotated[str, msgspec.Meta(min_length=1)]
    name: str
    name_zh: str


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of rules."""

    set: About
    norm: list[Rule]


class ThresholdFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of thresholds."""

    set: About
    threshold: list[Threshold]


def load(own: Sequence[Path] = ()) -> tuple[Rule, ...]:
    """Read the rules that come with linli, and a city's own files; Refused with what is wrong in one."""
    return tuple(rule for path in (*SETS, *own) for rule in parse(path.read_bytes(), str(path)))


def parse(content: bytes, source: str) -> tuple[Rule, ...]:
    """Read the rules in a file's content; Refused, naming the source, with what is wrong in it, or where it has none."""
    whole = _decode(content, source, RuleFile)
    if not whole.norm:
        raise Refused(f"{source}: no norm in it")
    for rule in whole.norm:
        _check(source, rule)
    return tuple(msgspec.structs.replace(rule, set_id=whole.set.id, version=whole.set.version) for rule in whole.norm)


def thresholds() -> dict[str, Threshold]:
    """Read the thresholds of barrier-free design by id."""
    return {
        each.id: each for path in THRESHOLDS for each in _decode(path.read_bytes(), str(path), ThresholdFile).threshold
    }


def choose(rules: Sequence[Rule], norm_id: str, *, area: str = "", on: date) -> Rule:
    """Give the most local rule of an id that holds in a division on a day; of two equal ones the later read.

    area is the place's division code, "" where it has none: then only rules that hold everywhere do. Raises NotFound
    where none holds.
    """
    holding = [rule for rule in rules if rule.id == norm_id and rule.holds(area, on)]
    if not holding:
        where = f" in {area}" if area else ""
        known = sorted({rule.id for rule in rules})
        said = "" if norm_id in known else f"; there are {', '.join(known)}"
        raise NotFound(f"no norm {norm_id} holds{where} on {on}{said}")
    ranked = sorted(enumerate(holding), key=lambda each: (LAYERS.index(each[1].layer), len(each[1].area), each[0]))
    return ranked[-1][1]


def _decode(content: bytes, source: str, kind: type[File]) -> File:
    try:
        return msgspec.toml.decode(content, type=kind)
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(f"{source}: {error}") from None


def _check(source: str, rule: Rule) -> None:
    """Refuse a rule that contradicts itself."""
    if rule.layer in {"provincial", "city"} and not rule.area:
        raise Refused(f"{source}: {rule.id}: a {rule.layer} norm must say its area")
    if rule.layer == "national" and rule.area:
        raise Refused(f"{source}: {rule.id}: a national norm has no area")
    if (rule.metric is None) != (rule.reach is None):
        raise Refused(f"{source}: {rule.id}: metric and reach go together")
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        raise Refused(f"{source}: {rule.id}: valid_to {rule.valid_to} is before valid_from {rule.valid_from}")
    for name, band in rule.quantities.items():
        if band.least is None and band.most is None:
            raise Refused(f"{source}: {rule.id}: {name} has neither least nor most")
        if band.least is not None and band.most is not None and band.most < band.least:
            raise Refused(f"{source}: {rule.id}: {name}: most {band.most} is below least {band.least}")
