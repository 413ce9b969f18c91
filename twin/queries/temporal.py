"""How two times or intervals stand to each other: Allen's relations, as CQL2 names them.

Source: OGC 21-065r2 (CQL2), table 8; an instant is an interval that ends as it begins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from twin.errors import Refused
from twin.queries.expressions import Kind
from twin.queries.typed import Typed, as_kind

__all__ = ["RELATIONS", "relate"]

Sql = ColumnElement[Any]
Truth = ColumnElement[bool]

# (beginning and end of the one, beginning and end of the other)
RELATIONS: dict[str, Callable[[Sql, Sql, Sql, Sql], Truth]] = {
    "t_after": lambda a, _, __, d: a > d,
    "t_before": lambda _, b, c, __: b < c,
    "t_contains": lambda a, b, c, d: sa.and_(a < c, b > d),
    "t_disjoint": lambda a, b, c, d: sa.or_(b < c, a > d),
    "t_during": lambda a, b, c, d: sa.and_(a > c, b < d),
    "t_equals": lambda a, b, c, d: sa.and_(a == c, b == d),
    "t_finishedby": lambda a, b, c, d: sa.and_(a < c, b == d),
    "t_finishes": lambda a, b, c, d: sa.and_(a > c, b == d),
    "t_intersects": lambda a, b, c, d: sa.and_(a <= d, b >= c),
    "t_meets": lambda _, b, c, __: b == c,
    "t_metby": lambda a, _, __, d: a == d,
    "t_overlappedby": lambda a, b, c, d: sa.and_(a > c, a < d, b > d),
    "t_overlaps": lambda a, b, c, d: sa.and_(a < c, b > c, b < d),
    "t_startedby": lambda a, b, c, d: sa.and_(a == c, b > d),
    "t_starts": lambda a, b, c, d: sa.and_(a == c, b < d),
}


def relate(name: str, left: Typed, right: Typed) -> Typed:
    """Write one relation. Raises Refused where either is no time."""
    return Typed(Kind.TRUTH, RELATIONS[name](*_bounds(left), *_bounds(right)))


def _bounds(value: Typed) -> tuple[Sql, Sql]:
    if value.kind is Kind.PERIOD:
        assert value.end is not None
        return value.sql, value.end
    if value.kind not in (Kind.TIME, Kind.DATE):
        raise Refused(f"a {value.kind} stands where a time or an interval is wanted")
    moment = as_kind(value, Kind.TIME)
    return moment, moment
