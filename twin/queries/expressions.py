"""What a client asks for, as data: expressions of filters and orders, and the options of a query."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Call", "Expand", "Expression", "Kind", "Literal", "Order", "Path", "Query", "walk"]


class Kind(StrEnum):
    """What sort of value an expression has."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth value"
    TIME = "time"
    PERIOD = "period"  # from a time to a time
    DATE = "date"
    CLOCK = "time of day"
    DURATION = "duration"
    SHAPE = "geometry"
    JSON = "JSON"  # known when it is read
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as written; times are aware datetimes, a period is two of them, shapes are shapely's."""

    kind: Kind
    value: object


@dataclass(frozen=True, slots=True)
class Path:
    """A property of the entity, of one it is linked to, or a part of one: ("Datastream", "properties", "floor")."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator (`and`, `or`, `not`, `eq`, `add`, `st_within`, …) with its arguments."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Literal | Path | Call


@dataclass(frozen=True, slots=True)
class Order:
    """One criterion of an order."""

    expression: Expression
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Expand:
    """A linked entity or set to give inside, with options of its own."""

    navigation: str
    query: Query


@dataclass(frozen=True, slots=True)
class Query:
    """The options of a query; `top` None: as many as a page has, `select` None: all."""

    filter: Expression | None = None
    orderby: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    is_counted: bool = False
    select: tuple[str, ...] | None = None
    expand: tuple[Expand, ...] = ()
    after: int | str | None = None  # the id that the page before ended with, in the order of ids
    written: tuple[tuple[str, str], ...] = ()  # the options as the client wrote them, for links to further pages


def walk(expression: Expression) -> list[Path]:
    """Give all paths in an expression."""
    if isinstance(expression, Path):
        return [expression]
    if isinstance(expression, Literal):
        return []
    return [path for argument in expression.arguments for path in walk(argument)]
