"""Filters in CQL2, as text or as JSON, written as SQL on a collection's properties.

Source: OGC 21-065r2 (Common Query Language 2, 1.0). A filter can name nothing but what the collection shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import shapely
import shapely.geometry
import sqlalchemy as sa
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import TIMESTAMP

from twin.errors import Refused
from twin.queries import cql2_text, functions
from twin.queries.expressions import Kind, Literal
from twin.queries.temporal import RELATIONS, relate
from twin.queries.typed import Typed, as_kind, compare, literal

__all__ = ["LANGUAGES", "condition", "parse"]

LANGUAGES = ("cql2-text", "cql2-json")
DEEPEST = 40  # levels of one thing inside another; chains of arithmetic are such
LARGEST = 1e9  # no CRS has such coordinates
COMPARISONS = {"=": "eq", "<>": "ne", "<": "lt", ">": "gt", "<=": "le", ">=": "ge"}
ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
SPATIAL = ("contains", "crosses", "disjoint", "equals", "intersects", "overlaps", "touches", "within")
TIME = TIMESTAMP(timezone=True)

Node = Any  # CQL2's JSON: objects, lists, texts, numbers, truth values, null
Bring = Callable[[Typed], Typed]
Write = Callable[..., Typed]


def parse(text: str, language: str) -> Node:
    """Read a filter as CQL2's JSON. Raises Refused for what is none, or too long or deep."""
    if language not in LANGUAGES:
        raise Refused(f"filter-lang is one of {', '.join(LANGUAGES)}")
    if language == LANGUAGES[0]:
        return cql2_text.read(text)
    if len(text) > cql2_text.LONGEST:
        raise Refused(f"a filter has at most {cql2_text.LONGEST} characters")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise Refused("the filter is not cql2-json") from None


def condition(node: Node, properties: Mapping[str, Typed], bring: Bring) -> ColumnElement[bool]:
    """Write a filter; `bring` takes a geometry literal from the filter's CRS to WGS 84. Raises Refused."""
    return as_kind(_Filter(properties, bring).value(node), Kind.TRUTH)


class _Filter:
    """One filter on one collection."""

    def __init__(self, properties: Mapping[str, Typed], bring: Bring) -> None:
        self.properties = properties
        self.bring = bring
        self.level = 0

    def value(self, node: Node) -> Typed:
        """Write an expression; what is too deep is refused before Python refuses it."""
        self.level += 1
        if self.level > DEEPEST:
            raise Refused("the filter has too many things inside one another")
        written = self._object(node) if isinstance(node, dict) else _plain(node)
        self.level -= 1
        return written

    def _object(self, node: dict[str, Node]) -> Typed:
        if "op" in node:
            return self._call(str(node["op"]).lower(), _list(node.get("args")))
        if "property" in node:
            return self._property(node["property"])
        if "interval" in node:
            return self._interval(_list(node["interval"]))
        if "timestamp" in node or "date" in node:
            return _moment(node.get("timestamp", node.get("date")))
        return self.bring(_shape(node))

    def _property(self, name: object) -> Typed:
        if not isinstance(name, str) or name not in self.properties:
            raise Refused(f"there is no property {str(name)[:50]}; there are {', '.join(self.properties)}")
        return self.properties[name]

    def _interval(self, ends: list[Node]) -> Typed:
        if len(ends) != 2:  # noqa: PLR2004  # a beginning and an end
            raise Refused("an interval has a beginning and an end")
        start, end = (self._end(one, open_as) for one, open_as in zip(ends, ("-infinity", "infinity"), strict=True))
        return Typed(Kind.PERIOD, start, end)

    def _end(self, node: Node, open_as: str) -> ColumnElement[Any]:
        infinite = sa.cast(sa.literal(open_as), TIME)
        if node == "..":
            return infinite
        value = _moment(node) if isinstance(node, str) else self.value(node)
        return sa.func.coalesce(as_kind(value, Kind.TIME), infinite, type_=TIME)

    def _call(self, name: str, arguments: list[Node]) -> Typed:
        if name in ("and", "or"):
            truths = [as_kind(self.value(one), Kind.TRUTH) for one in arguments]
            return Typed(Kind.TRUTH, sa.and_(*truths) if name == "and" else sa.or_(*truths))
        if name == "in" and len(arguments) == len(("value", "list")):
            return self._among(*arguments)
        if name not in OPERATORS:
            raise Refused(f"filters have no operator or function {name[:50]}")
        count, write = OPERATORS[name]
        if len(arguments) != count:
            raise Refused(f"{name} takes {count} arguments, not {len(arguments)}")
        return write(*map(self.value, arguments))

    def _among(self, node: Node, values: Node) -> Typed:
        if not isinstance(values, list) or not values:
            raise Refused("IN takes a list of values")
        left = self.value(node)
        return Typed(Kind.TRUTH, sa.or_(*(compare("eq", left, self.value(one)) for one in values)))


def _comparison(name: str) -> Write:
    return lambda left, right: Typed(Kind.TRUTH, compare(name, left, right))


def _function(name: str) -> Write:
    return lambda *given: functions.call(name, list(given))


def _relation(name: str) -> Write:
    return lambda left, right: relate(name, left, right)


def _between(value: Typed, low: Typed, high: Typed) -> Typed:
    return Typed(Kind.TRUTH, sa.and_(compare("ge", value, low), compare("le", value, high)))


def _like(text: Typed, pattern: Typed) -> Typed:
    return Typed(Kind.TRUTH, as_kind(text, Kind.TEXT).like(as_kind(pattern, Kind.TEXT), escape="\\"))


def _whole_division(left: Typed, right: Typed) -> Typed:
    quotient = as_kind(left, Kind.NUMBER) / sa.func.nullif(as_kind(right, Kind.NUMBER), 0.0)
    return Typed(Kind.NUMBER, sa.func.trunc(quotient, type_=sa.Double))


def _power(left: Typed, right: Typed) -> Typed:
    return Typed(Kind.NUMBER, sa.func.power(as_kind(left, Kind.NUMBER), as_kind(right, Kind.NUMBER), type_=sa.Double))


# Each with how many arguments it takes; `and`, `or` and `in` take lists and stand in _Filter._call.
OPERATORS: dict[str, tuple[int, Write]] = {
    **{sign: (2, _comparison(name)) for sign, name in COMPARISONS.items()},
    **{sign: (2, _function(name)) for sign, name in ARITHMETIC.items()},
    **{f"s_{name}": (2, _function(f"st_{name}")) for name in SPATIAL},
    **{name: (2, _relation(name)) for name in RELATIONS},
    "not": (1, lambda truth: Typed(Kind.TRUTH, sa.not_(as_kind(truth, Kind.TRUTH)))),
    "isnull": (1, lambda value: Typed(Kind.TRUTH, value.sql.is_(None))),
    "between": (3, _between),
    "like": (2, _like),
    "casei": (1, lambda text: Typed(Kind.TEXT, sa.func.lower(as_kind(text, Kind.TEXT)))),
    "div": (2, _whole_division),
    "^": (2, _power),
}


def _list(node: Node) -> list[Node]:
    if not isinstance(node, list):
        raise Refused("the filter has one value where a list is wanted")
    return node


def _plain(node: Node) -> Typed:
    if node is None:
        return literal(Literal(Kind.NULL, None))
    if isinstance(node, bool):
        return literal(Literal(Kind.TRUTH, node))
    if isinstance(node, int | float):
        return literal(Literal(Kind.NUMBER, float(node)))
    if isinstance(node, str) and "\0" not in node:
        return literal(Literal(Kind.TEXT, node))
    raise Refused("the filter has a list where a value is wanted")


def _moment(text: object) -> Typed:
    try:
        if isinstance(text, str) and len(text) == len("2026-01-01"):
            return literal(Literal(Kind.DATE, date.fromisoformat(text)))
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise Refused("a time of the filter is not as RFC 3339 writes it") from None
    return literal(Literal(Kind.TIME, moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def _shape(node: dict[str, Node]) -> Typed:
    try:
        if "bbox" in node:
            shape: BaseGeometry = shapely.box(
                *(node["bbox"] if len(node["bbox"]) == len("wsen") else _flat(node["bbox"]))
            )
        else:
            shape = shapely.force_2d(shapely.geometry.shape(node))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError):
        raise Refused("the filter has a geometry that is none") from None
    if shapely.is_empty(shape) or not (abs(shapely.bounds(shape)) < LARGEST).all():
        raise Refused("the filter has a geometry that is none")
    return literal(Literal(Kind.SHAPE, shape))


def _flat(box: list[float]) -> tuple[float, float, float, float]:
    west, south, _, east, north, _ = box
    return west, south, east, north
