"""SQL expressions that know what sort of value they have, and how they compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
import sqlalchemy as sa
from sqlalchemy import ColumnElement

from twin.errors import Refused
from twin.queries.expressions import Kind, Literal

__all__ = ["COMPARISONS", "Typed", "as_kind", "compare", "literal"]

COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
JSON_TYPES = {Kind.NUMBER: ("number", sa.Double), Kind.TEXT: ("string", sa.Text), Kind.TRUTH: ("boolean", sa.Boolean)}
TYPES: dict[Kind, Any] = {
    Kind.NUMBER: sa.Double,
    Kind.TEXT: sa.Text,
    Kind.TRUTH: sa.Boolean,
    Kind.TIME: sa.DateTime(timezone=True),
    Kind.DATE: sa.Date,
    Kind.CLOCK: sa.Time,
    Kind.DURATION: sa.Interval,
}


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression and its kind; of a period `sql` is the beginning and `end` the end.

    Of a number that may be a text too, `words` is the text.
    """

    kind: Kind
    sql: ColumnElement[Any]
    end: ColumnElement[Any] | None = None
    words: ColumnElement[Any] | None = None


def literal(written: Literal) -> Typed:
    """Bind a literal; nothing that a client writes becomes SQL itself."""
    if written.kind is Kind.NULL:
        return Typed(Kind.NULL, sa.null())
    if written.kind is Kind.SHAPE:
        assert isinstance(written.value, shapely.Geometry)
        return Typed(Kind.SHAPE, sa.func.ST_GeomFromWKB(shapely.to_wkb(written.value), 4326))
    if written.kind is Kind.PERIOD:
        assert isinstance(written.value, tuple)
        start, end = (sa.cast(sa.literal(moment), TYPES[Kind.TIME]) for moment in written.value)
        return Typed(Kind.PERIOD, start, end)
    type_ = TYPES[written.kind]
    return Typed(written.kind, sa.cast(sa.literal(written.value, type_), type_))


def as_kind(value: Typed, kind: Kind) -> ColumnElement[Any]:
    """Give the value as another kind where that is plain: of JSON what is of the kind, else null; Refused if not."""
    if value.kind is kind:
        return value.sql
    if kind is Kind.TEXT and value.words is not None:
        return value.words
    if value.kind is Kind.NULL:
        return sa.cast(sa.null(), TYPES[kind]) if kind in TYPES else sa.null()
    if value.kind is Kind.JSON and kind in JSON_TYPES:
        name, type_ = JSON_TYPES[kind]
        text = value.sql.op("#>>", return_type=sa.Text())(sa.text("'{}'"))
        return sa.case((sa.func.jsonb_typeof(value.sql) == name, sa.cast(text, type_)), else_=sa.null())
    if value.kind is Kind.DATE and kind is Kind.TIME:
        return sa.func.timezone("UTC", sa.cast(value.sql, sa.DateTime), type_=TYPES[Kind.TIME])
    if value.kind is Kind.PERIOD and kind is Kind.TIME:
        return value.sql
    raise Refused(f"a {value.kind} stands where a {kind} is wanted")


def compare(name: str, left: Typed, right: Typed) -> ColumnElement[bool]:
    """Compare two values, coming to one kind where they differ. Raises Refused where there is none."""
    if Kind.NULL in (left.kind, right.kind):
        return _with_null(name, left, right)
    if Kind.PERIOD in (left.kind, right.kind):
        return _periods(name, left, right)
    kind = _common(left, right)
    if kind is Kind.JSON:
        return _operate(name, left.sql, right.sql)
    if kind is Kind.SHAPE:
        if name not in ("eq", "ne"):
            raise Refused("geometries have no order: compare them by eq, ne or st_…")
        equal: ColumnElement[bool] = sa.func.ST_Equals(left.sql, right.sql, type_=sa.Boolean)
        return equal if name == "eq" else ~equal
    return _operate(name, as_kind(left, kind), as_kind(right, kind))


def _common(left: Typed, right: Typed) -> Kind:
    kinds = {left.kind, right.kind}
    if len(kinds) == 1:
        return left.kind
    if kinds == {Kind.TIME, Kind.DATE}:
        return Kind.TIME
    if kinds == {Kind.NUMBER, Kind.TEXT} and (left.words is not None or right.words is not None):
        return Kind.TEXT
    if Kind.JSON in kinds:
        (other,) = kinds - {Kind.JSON}
        if other in JSON_TYPES:
            return other
    raise Refused(f"a {left.kind} cannot be compared with a {right.kind}")


def _operate(name: str, left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    match name:
        case "eq":
            return left == right
        case "ne":
            return left != right
        case "gt":
            return left > right
        case "ge":
            return left >= right
        case "lt":
            return left < right
        case _:
            return left <= right


def _with_null(name: str, left: Typed, right: Typed) -> ColumnElement[bool]:
    """Compare with null: only eq and ne can be true (OData 4.0, 5.1.1.1)."""
    value = right if left.kind is Kind.NULL else left
    nothing: ColumnElement[bool] = value.sql.is_(None)
    if value.words is not None:
        nothing = nothing & value.words.is_(None)
    if value.kind is Kind.JSON:
        nothing = nothing | (sa.func.jsonb_typeof(value.sql) == "null")
    if name == "eq":
        return nothing
    return ~nothing if name == "ne" else sa.false()


def _periods(name: str, left: Typed, right: Typed) -> ColumnElement[bool]:
    """Compare periods, a time being one without length: lt is wholly before, gt wholly after."""
    start, end = _bounds(left)
    other_start, other_end = _bounds(right)
    match name:
        case "eq":
            return (start == other_start) & (end == other_end)
        case "ne":
            return (start != other_start) | (end != other_end)
        case "lt":
            return end < other_start if right.kind is not Kind.PERIOD else end <= other_start
        case "le":
            return end <= other_end
        case "gt":
            return start > other_end if right.kind is not Kind.PERIOD else start >= other_end
        case _:
            return start >= other_start


def _bounds(value: Typed) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    if value.kind is Kind.PERIOD:
        assert value.end is not None
        return value.sql, value.end
    moment = as_kind(value, Kind.TIME)
    return moment, moment
