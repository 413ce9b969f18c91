"""The functions and operators of $filter and $orderby, each with the kinds it takes and gives.

Source: OGC 18-088, tables 33 (operators) and 34 (functions); their meaning is OData 4.0's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from twin.errors import Refused
from twin.queries.expressions import Kind
from twin.queries.typed import TYPES, Typed, as_kind

__all__ = ["call"]

Sql = ColumnElement[Any]
NUMBER, TEXT, TIME, SHAPE = Kind.NUMBER, Kind.TEXT, Kind.TIME, Kind.SHAPE


@dataclass(frozen=True, slots=True)
class Function:
    """A function: the kinds of its arguments, the kind of its value, and how it is written."""

    takes: tuple[Kind, ...]
    gives: Kind
    write: Callable[..., Sql]
    optional: int = 0  # how many arguments at the end may be left out


def _integer(number: Sql) -> Sql:
    return sa.cast(number, sa.Integer)


def _substring(text: Sql, start: Sql, length: Sql | None = None) -> Sql:
    begin = _integer(start) + 1
    return sa.func.substr(text, begin) if length is None else sa.func.substr(text, begin, _integer(length))


def _part(name: str) -> Function:
    def write(moment: Sql) -> Sql:
        return sa.cast(sa.func.date_part(name, sa.func.timezone("UTC", moment)), sa.Double)

    return Function((TIME,), NUMBER, write)


def _second(moment: Sql) -> Sql:
    return sa.func.floor(sa.func.date_part("second", moment), type_=sa.Double)


def _fraction(moment: Sql) -> Sql:
    seconds = sa.func.date_part("second", moment, type_=sa.Double)
    return seconds - sa.func.floor(seconds, type_=sa.Double)


def _round(number: Sql) -> Sql:
    return sa.cast(
        sa.func.round(sa.cast(number, sa.Numeric)), sa.Double
    )  # half away from zero; round(float) is to even


def _modulo(left: Sql, right: Sql) -> Sql:
    whole = sa.func.mod(sa.cast(left, sa.Numeric), sa.func.nullif(sa.cast(right, sa.Numeric), 0))
    return sa.cast(whole, sa.Double)


def _relate(left: Sql, right: Sql, pattern: Sql) -> Sql:
    # PostGIS 3.5.2's ST_Relate(a, b, pattern) is wrong from the second row on, when it has prepared the polygon
    return sa.func.ST_RelateMatch(sa.func.ST_Relate(left, right), pattern, type_=sa.Boolean)


def _spatial(name: str) -> Function:
    return Function((SHAPE, SHAPE), Kind.TRUTH, lambda a, b: getattr(sa.func, name)(a, b, type_=sa.Boolean))


FUNCTIONS: dict[str, Function] = {
    "substringof": Function((TEXT, TEXT), Kind.TRUTH, lambda part, text: sa.func.strpos(text, part) > 0),
    "contains": Function((TEXT, TEXT), Kind.TRUTH, lambda text, part: sa.func.strpos(text, part) > 0),
    "startswith": Function((TEXT, TEXT), Kind.TRUTH, sa.func.starts_with),
    "endswith": Function(
        (TEXT, TEXT), Kind.TRUTH, lambda text, part: sa.func.right(text, sa.func.length(part)) == part
    ),
    "length": Function((TEXT,), NUMBER, lambda text: sa.cast(sa.func.length(text), sa.Double)),
    "indexof": Function((TEXT, TEXT), NUMBER, lambda text, part: sa.cast(sa.func.strpos(text, part) - 1, sa.Double)),
    "substring": Function((TEXT, NUMBER, NUMBER), TEXT, _substring, optional=1),
    "tolower": Function((TEXT,), TEXT, sa.func.lower),
    "toupper": Function((TEXT,), TEXT, sa.func.upper),
    "trim": Function((TEXT,), TEXT, sa.func.btrim),
    "concat": Function((TEXT, TEXT), TEXT, lambda a, b: a.concat(b)),
    "year": _part("year"),
    "month": _part("month"),
    "day": _part("day"),
    "hour": _part("hour"),
    "minute": _part("minute"),
    "second": Function((TIME,), NUMBER, _second),
    "fractionalseconds": Function((TIME,), NUMBER, _fraction),
    "date": Function((TIME,), Kind.DATE, lambda moment: sa.cast(sa.func.timezone("UTC", moment), sa.Date)),
    "time": Function((TIME,), Kind.CLOCK, lambda moment: sa.cast(sa.func.timezone("UTC", moment), sa.Time)),
    # all times are kept in UTC: the offset of what is stored is none
    "totaloffsetminutes": Function((TIME,), NUMBER, lambda moment: sa.case((moment.is_not(None), sa.literal(0.0)))),
    "now": Function((), TIME, sa.func.now),
    "mindatetime": Function((), TIME, lambda: sa.cast(sa.literal("0001-01-01 00:00:00+00"), TYPES[TIME])),
    "maxdatetime": Function((), TIME, lambda: sa.cast(sa.literal("9999-12-31 23:59:59.999999+00"), TYPES[TIME])),
    "round": Function((NUMBER,), NUMBER, _round),
    "floor": Function((NUMBER,), NUMBER, lambda number: sa.func.floor(number, type_=sa.Double)),
    "ceiling": Function((NUMBER,), NUMBER, lambda number: sa.func.ceil(number, type_=sa.Double)),
    # in the coordinate reference system of the shapes, as OData has it: degrees
    "geo.distance": Function((SHAPE, SHAPE), NUMBER, lambda a, b: sa.func.ST_Distance(a, b, type_=sa.Double)),
    "geo.length": Function((SHAPE,), NUMBER, lambda line: sa.func.ST_Length(line, type_=sa.Double)),
    "geo.intersects": _spatial("ST_Intersects"),
    "st_equals": _spatial("ST_Equals"),
    "st_disjoint": _spatial("ST_Disjoint"),
    "st_touches": _spatial("ST_Touches"),
    "st_within": _spatial("ST_Within"),
    "st_overlaps": _spatial("ST_Overlaps"),
    "st_crosses": _spatial("ST_Crosses"),
    "st_intersects": _spatial("ST_Intersects"),
    "st_contains": _spatial("ST_Contains"),
    "st_relate": Function((SHAPE, SHAPE, TEXT), Kind.TRUTH, _relate),
    "mul": Function((NUMBER, NUMBER), NUMBER, lambda a, b: a * b),
    "div": Function((NUMBER, NUMBER), NUMBER, lambda a, b: a / sa.func.nullif(b, 0.0, type_=sa.Double)),
    "mod": Function((NUMBER, NUMBER), NUMBER, _modulo),
    "negate": Function((NUMBER,), NUMBER, lambda a: -a),
}
# What can be added and subtracted besides numbers: (name, left, right) to what comes of it.
SUMS = {
    ("add", TIME, Kind.DURATION): TIME,
    ("add", Kind.DURATION, TIME): TIME,
    ("add", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("add", Kind.DATE, Kind.DURATION): TIME,
    ("sub", TIME, Kind.DURATION): TIME,
    ("sub", TIME, TIME): Kind.DURATION,
    ("sub", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("sub", Kind.DATE, Kind.DURATION): TIME,
}


def call(name: str, arguments: list[Typed]) -> Typed:
    """Write a function or an arithmetic operator. Raises Refused for an unknown name, number or kind of arguments."""
    if name in ("add", "sub"):
        return _sum(name, *arguments)
    function = FUNCTIONS.get(name)
    if function is None:
        raise Refused(f"no function is called {name[:50]}")
    most = len(function.takes)
    if not most - function.optional <= len(arguments) <= most:
        raise Refused(f"{name} takes {most} arguments, not {len(arguments)}")
    given = [as_kind(one, kind) for one, kind in zip(arguments, function.takes, strict=False)]
    return Typed(function.gives, function.write(*given))


def _sum(name: str, left: Typed, right: Typed) -> Typed:
    kind = SUMS.get((name, left.kind, right.kind))
    if kind is None:
        kind, first, second = NUMBER, as_kind(left, NUMBER), as_kind(right, NUMBER)
    else:
        first, second = (as_kind(one, TIME) if one.kind is Kind.DATE else one.sql for one in (left, right))
    written = first + second if name == "add" else first - second
    return Typed(kind, sa.type_coerce(written, TYPES[kind]))
