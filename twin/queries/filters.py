"""Filters and orders as SQL: paths become joins, a path through a set asks whether one of it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, FromClause
from sqlalchemy.dialects.postgresql import ARRAY

from twin.errors import NotFound, Refused
from twin.queries import functions
from twin.queries.entities import ENTITIES, Entity, Navigation, is_key
from twin.queries.expressions import Call, Expression, Kind, Literal, Path, walk
from twin.queries.sources import feature_of
from twin.queries.typed import COMPARISONS, Typed, as_kind, compare, literal
from twin.tables import Datastream, ObservationDetail, Thing

__all__ = ["Scope", "condition", "leads_to", "sort_key", "value"]

ID = frozenset({"id", "@iot.id"})


@dataclass(slots=True)
class Scope:
    """Where paths begin: an entity and its rows, and the joins that paths have asked for so far."""

    entity: Entity
    rows: FromClause
    joined: FromClause
    reached: dict[str, Scope] = field(default_factory=dict)
    began: Scope | None = None  # where the path to here began: it has the joins; None: here

    @classmethod
    def of(cls, entity: Entity) -> Scope:
        """Open a scope on all rows of an entity."""
        rows = entity.source().subquery()
        return cls(entity, rows, rows)


def condition(scope: Scope, expression: Expression) -> ColumnElement[bool]:
    """Write a filter. Raises Refused where it asks for what is not there, or mixes kinds."""
    if isinstance(expression, Call) and expression.name == "and":
        return sa.and_(*(condition(scope, part) for part in expression.arguments))
    if not any(_passes_set(scope.entity, path) for path in walk(expression)):
        return as_kind(value(scope, expression), Kind.TRUTH)
    # One of the linked rows must do for all paths through the set that the condition has: they are joined once.
    start = sa.select(sa.literal(1).label("one")).subquery()
    inner = Scope(scope.entity, scope.rows, start)
    holds = as_kind(value(inner, expression), Kind.TRUTH)
    return sa.select(sa.literal(1)).select_from(inner.joined).where(holds).correlate(scope.rows).exists()


def sort_key(scope: Scope, expression: Expression) -> ColumnElement[Any]:
    """Write what is sorted by. Raises Refused where it is the same for all rows, or several values for one."""
    paths = walk(expression)
    if not paths or any(_passes_set(scope.entity, path) for path in paths):
        raise Refused("an order is by a property of the entity, or of one that it is linked to alone")
    return value(scope, expression).sql


def _passes_set(entity: Entity, path: Path) -> bool:
    for name in path.names:
        navigation = entity.navigations.get(name)
        if navigation is None:
            return False
        if navigation.is_many:
            return True
        entity = ENTITIES[navigation.target]
    return False


def value(scope: Scope, expression: Expression) -> Typed:
    """Write an expression."""
    if isinstance(expression, Literal):
        return literal(expression)
    if isinstance(expression, Path):
        return _path(scope, expression.names)
    name, arguments = expression.name, expression.arguments
    if name in COMPARISONS:
        left, right = arguments
        by_id = _by_id(scope, left, right) if name == "eq" else None
        return Typed(Kind.TRUTH, compare(name, value(scope, left), value(scope, right)) if by_id is None else by_id)
    given = [value(scope, argument) for argument in arguments]
    if name not in ("and", "or", "not"):
        return functions.call(name, given)
    truths = [as_kind(one, Kind.TRUTH) for one in given]
    if name == "not":
        return Typed(Kind.TRUTH, sa.not_(truths[0]))
    return Typed(Kind.TRUTH, sa.and_(*truths) if name == "and" else sa.or_(*truths))


def _by_id(scope: Scope, left: Expression, right: Expression) -> ColumnElement[bool] | None:
    """Find an observation by the columns its id is made of, which have an index; None where it is about another."""
    if isinstance(right, Path):
        left, right = right, left
    if not (isinstance(left, Path) and left.names[-1] in ID and isinstance(right, Literal)):
        return None
    target = scope.entity
    for name in left.names[:-1]:
        if name not in target.navigations:
            return None
        target = ENTITIES[target.navigations[name].target]
    if target.set != "Observations":
        return None
    try:
        return is_key(target, _reach(scope, left.names[:-1]).rows, str(right.value))
    except NotFound:
        return sa.false()


def _path(scope: Scope, names: tuple[str, ...]) -> Typed:
    """Follow a path to a property, or to a part of a JSON one."""
    here, left = scope, names
    while left and left[0] in here.entity.navigations:
        navigation = here.entity.navigations[left[0]]
        if len(left) == 2 and left[1] in ID and not navigation.is_many:  # noqa: PLR2004  # a link and its id: no join
            return Typed(_id_kind(ENTITIES[navigation.target]), here.rows.c[navigation.local])
        here, left = _reach(here, left[:1]), left[1:]
    if not left:
        raise Refused(f"{'/'.join(names)[:100]} is no property")
    if left[0] in ID and len(left) == 1:
        return Typed(_id_kind(here.entity), here.rows.c.id)
    found = here.entity.properties.get(left[0])
    if found is None:
        raise Refused(f"{here.entity.set} have no property {left[0][:100]}")
    column = here.rows.c[found.column]
    if len(left) == 1:
        end, words = (here.rows.c[name] if name else None for name in (found.end, found.words))
        return Typed(found.kind, column, end, words)
    if found.kind is not Kind.JSON:
        raise Refused(f"{left[0]} has no parts")
    steps = [step for name in left[1:] for step in name.replace("]", "").split("[")]
    part = column.op("#>", return_type=column.type)(sa.cast(steps, ARRAY(sa.Text)))
    return Typed(Kind.JSON, part)


def _id_kind(entity: Entity) -> Kind:
    return Kind.TEXT if entity.has_text_id else Kind.NUMBER


def _reach(scope: Scope, names: tuple[str, ...]) -> Scope:
    """Join along links; each link is joined once a scope."""
    here = scope
    for name in names:
        navigation = here.entity.navigations.get(name)
        if navigation is None:
            raise Refused(f"{here.entity.set} have no link {name[:100]}")
        here = _join(here, navigation)
    return here


def _join(here: Scope, navigation: Navigation) -> Scope:
    """Join what a link leads to; rows without it stay, with nulls."""
    if navigation.name not in here.reached:
        target = ENTITIES[navigation.target]
        rows = target.source().subquery()
        began = here.began or here
        on = leads_to(navigation, here.rows.c[navigation.local], rows)
        began.joined = sa.outerjoin(began.joined, rows, on)
        here.reached[navigation.name] = Scope(target, rows, rows, began=began)
    return here.reached[navigation.name]


def leads_to(navigation: Navigation, key: ColumnElement[Any], rows: FromClause) -> ColumnElement[bool]:
    """Say that a row is one that the link leads to from `key`."""
    on = rows.c[navigation.remote] == key
    if navigation.remote != "feature_key":
        return on
    # What a feature's observations are is known by datastream, which has an index, before it is known by row.
    streams = sa.select(Datastream.id).join(Thing, Thing.id == Datastream.thing_id)
    streams = streams.where(feature_of(Datastream, Thing) == key)
    detailed = sa.select(ObservationDetail.datastream_id).where(
        "feature-" + sa.cast(ObservationDetail.feature_id, sa.Text) == key
    )
    return rows.c.datastream_id.in_(sa.union_all(streams, detailed)) & on
