"""Read entities: one statement a level of what is asked for, however many entities it is asked for of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, FromClause, Select

from twin.errors import NotFound, Refused
from twin.queries.entities import (
    ENTITIES,
    EVERYWHERE,
    TEXTS,
    Entity,
    Id,
    Navigation,
    Property,
    follows,
    is_key,
    observation_key,
)
from twin.queries.expressions import Kind, Query
from twin.queries.filters import Scope, condition, leads_to, sort_key

__all__ = ["Link", "Page", "Row", "begin", "one", "page", "some"]

PAGE = 100  # entities a page where the client does not say how many
LARGEST_PAGE = 10_000
LARGEST_LEVEL = 50_000  # entities that one expansion may bring in all; each parent then gets a smaller page
TIMEOUT = "10s"
BOUNDS = f"""
SELECT set_config('statement_timeout', '{TIMEOUT}', true), set_config('jit', 'off', true),
       set_config('plan_cache_mode', 'force_custom_plan', true)
"""
# Values that a function cannot take, shapes that GEOS cannot (an internal error), expressions that outgrow the planner.
UNFIT = (
    psycopg.DataError,
    psycopg.InternalError,
    psycopg.errors.StatementTooComplex,
    psycopg.errors.ProgramLimitExceeded,
)


@dataclass(slots=True)
class Row:
    """One entity: the values of its properties by name, and what was expanded by link."""

    entity: Entity
    id: Id
    values: dict[str, Any]
    keys: dict[str, Any]  # the values that its links start from, by column
    expanded: dict[str, Page | Row | None] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """Entities of a set; `count` None: not asked for, `is_more`: others follow."""

    entity: Entity
    rows: list[Row]
    is_more: bool = False
    count: int | None = None


Link = tuple[Navigation, Any]  # a link and the key that it starts from


def begin(connection: Connection) -> None:
    """Bound what a query may cost: time, and the compiling of plans that run once.

    Each is planned for its values: a plan for any value would read a shape anew for every row.
    """
    connection.execute(sa.text(BOUNDS))


def page(connection: Connection, entity: Entity, query: Query, *, link: tuple[Navigation, Any] | None = None) -> Page:
    """Read a page of a set, or of what a link leads to from a key."""
    if link is not None and _is_kept_elsewhere(connection, link):
        entity = EVERYWHERE
    scope = Scope.of(entity)
    where = [] if link is None else [leads_to(link[0], sa.literal(link[1]), scope.rows)]
    if query.filter is not None:
        where.append(condition(scope, query.filter))
    count = None
    if query.is_counted:
        count = int(_run(connection, sa.select(sa.func.count()).select_from(scope.joined).where(*where))[0][0])
    if query.after is not None:
        where.append(follows(entity, scope.rows, query.after))
    most = _most(query)
    order = _order(scope, query)
    asked = sa.select(*_columns(scope.rows, entity, query)).select_from(scope.joined).where(*where).order_by(*order)
    found = _run(connection, asked.limit(most + 1).offset(query.skip))
    answer = Page(entity, _rows(entity, query, found[:most]), len(found) > most, count)
    _expand(connection, answer.rows, query)
    return answer


def one(connection: Connection, entity: Entity, identity: Id | None, query: Query, *, link: Link | None = None) -> Row:
    """Read the entity with this id, or the one that a link leads to. Raises NotFound where there is none."""
    rows = entity.source().subquery()
    where = [] if link is None else [leads_to(link[0], sa.literal(link[1]), rows)]
    if identity is not None:
        where.append(is_key(entity, rows, identity))
    columns = _columns(rows, entity, query, is_single=True)
    found = _rows(entity, query, _run(connection, sa.select(*columns).where(*where)))
    if not found and entity is ENTITIES["Observations"]:
        return one(connection, EVERYWHERE, identity, query, link=link)
    if not found:
        raise NotFound(f"nothing in {entity.set} has this id")
    _expand(connection, found[:1], query)
    return found[0]


def some(
    connection: Connection, entity: Entity, identities: Sequence[Id], query: Query, *, link: Link | None = None
) -> list[Row]:
    """Read the entities with these ids, of what a link leads to where one is given; those that are not there are left out.

    Of observations it finds numbers and texts, but not those of packed days.
    """
    found = _some(connection, entity, identities, query, link)
    known = {row.id for row in found}
    missing = [one for one in identities if one not in known]
    if missing and entity is ENTITIES["Observations"]:
        found += _some(connection, TEXTS, missing, query, link)
    _expand(connection, found, query)
    return found


def _some(
    connection: Connection, entity: Entity, identities: Sequence[Id], query: Query, link: Link | None
) -> list[Row]:
    rows = entity.source().subquery()
    where = [] if link is None else [leads_to(link[0], sa.literal(link[1]), rows)]
    asked = sa.select(*_columns(rows, entity, query, is_single=True))
    if entity.set == "Observations":
        streams, times = zip(*map(observation_key, identities), strict=True)
        given = (
            sa.func.unnest(sa.cast(streams, sa.ARRAY(sa.Integer)), sa.cast(times, sa.ARRAY(sa.DateTime(timezone=True))))
            .table_valued(sa.column("stream", sa.Integer), sa.column("at", sa.DateTime(timezone=True)), name="given")
            .render_derived()
        )
        asked = asked.select_from(
            rows.join(given, (rows.c.datastream_id == given.c.stream) & (rows.c.time == given.c.at))
        )
        where.append(rows.c.time.between(min(times), max(times)))  # so that only the chunks that matter are opened
    else:
        where.append(rows.c.id.in_(identities))
    order = [rows.c[column] for column in entity.order]
    return _rows(entity, query, _run(connection, asked.where(*where).order_by(*order)))


def _is_kept_elsewhere(connection: Connection, link: Link) -> bool:
    """Tell whether a link leads to observations of a datastream that has packed days, or is of texts."""
    navigation, key = link
    if navigation.target != "Observations" or navigation.remote != "datastream_id":
        return False
    return bool(
        connection.scalar(
            sa.text("""
            SELECT EXISTS (SELECT FROM observation_packed WHERE datastream_id = :id)
                OR EXISTS (SELECT FROM observation_text WHERE datastream_id = :id)
            """),
            {"id": key},
        )
    )


def _most(query: Query) -> int:
    return min(PAGE if query.top is None else query.top, LARGEST_PAGE)


def _order(scope: Scope, query: Query) -> list[ColumnElement[Any]]:
    """Order as asked, then by id, so that pages do not overlap; nulls are the least (OData 4.0, 5.1.4)."""
    never_null = [scope.rows.c[column] for column in scope.entity.order]
    order: list[ColumnElement[Any]] = []
    for one in query.orderby:
        sort = sort_key(scope, one.expression)
        if any(sort is column for column in never_null):  # an order without a word on nulls can be read off an index
            order.append(sort.desc() if one.is_descending else sort.asc())
        else:
            order.append(sort.desc().nulls_last() if one.is_descending else sort.asc().nulls_first())
    return [*order, *never_null]


def _properties(entity: Entity, query: Query) -> list[Property]:
    """Choose the properties to give."""
    return [one for one in entity.properties.values() if query.select is None or one.name in query.select]


def _columns(rows: FromClause, entity: Entity, query: Query, *, is_single: bool = False) -> list[ColumnElement[Any]]:
    """Choose the id, the keys of all links, and the columns of the properties that are wanted."""
    chosen: dict[str, ColumnElement[Any]] = {"id": rows.c.id}
    expanded = {one.navigation for one in query.expand}
    for navigation in entity.navigations.values():
        # what an observation is about takes a look at the effects: for a page of them only where it is asked for
        if is_single or navigation.local != "feature_key" or navigation.name in expanded:
            chosen[navigation.local] = rows.c[navigation.local]
    for found in _properties(entity, query):
        chosen[found.column] = rows.c[found.column]
        if found.kind is Kind.SHAPE:
            chosen[found.column] = sa.func.ST_AsGeoJSON(rows.c[found.column], 15).label(found.column)
        if found.end:
            chosen[found.end] = rows.c[found.end]
    if entity.set == "Observations":
        chosen["phenomenon_start"], chosen["words"] = rows.c.phenomenon_start, rows.c.words
    return [column.label(name) for name, column in chosen.items()]


def _rows(entity: Entity, query: Query, found: Sequence[sa.Row[Any]]) -> list[Row]:
    """Make entities of rows; the places of columns are looked up once, for there may be thousands of rows."""
    if not found:
        return []
    places = {name: place for place, name in enumerate(found[0]._fields)}
    properties = [(one.name, places[one.column]) for one in _properties(entity, query)]
    periods = [(one.name, places[one.end]) for one in _properties(entity, query) if one.end]
    keys = [(one.local, places[one.local]) for one in entity.navigations.values() if one.local in places]
    started, words = places.get("phenomenon_start"), places.get("words")
    answer = []
    for record in found:
        values = {name: record[place] for name, place in properties}
        for name, place in periods:
            values[name] = (values[name], record[place])
        if started is not None and record[started] is not None and "phenomenonTime" in values:
            values["phenomenonTime"] = (record[started], values["phenomenonTime"])
        if words is not None and record[words] is not None and "result" in values:
            values["result"] = record[words]
        answer.append(Row(entity, record[places["id"]], values, {name: record[place] for name, place in keys}))
    return answer


def _expand(connection: Connection, rows: list[Row], query: Query) -> None:
    """Bring in what is to be given inside: one statement for all rows, and another where a count is asked for."""
    if not rows:
        return
    for expand in query.expand:
        navigation = rows[0].entity.navigations.get(expand.navigation)
        if navigation is None:
            raise Refused(f"{rows[0].entity.set} have no link {expand.navigation[:100]}")
        keys = sorted({row.keys[navigation.local] for row in rows} - {None})
        pages = _pages(connection, navigation, keys, expand.query)
        nothing = Page(ENTITIES[navigation.target], [], count=0 if expand.query.is_counted else None)
        for row in rows:
            found = pages.get(row.keys[navigation.local], nothing)
            if navigation.is_many:
                row.expanded[navigation.name] = found
            else:
                row.expanded[navigation.name] = found.rows[0] if found.rows else None


def _pages(connection: Connection, navigation: Navigation, keys: list[Any], query: Query) -> dict[Any, Page]:
    """Read what a link leads to from many keys, a page for each."""
    if not keys:
        return {}
    entity = ENTITIES[navigation.target]
    most = min(_most(query), max(1, LARGEST_LEVEL // len(keys))) if navigation.is_many else 1
    type_ = sa.Text if isinstance(keys[0], str) else sa.Integer
    given = (
        sa.func.unnest(sa.cast(keys, sa.ARRAY(type_)))
        .table_valued(sa.column("key", type_), name="given")
        .render_derived()
    )
    found = _run(connection, _of_each(navigation, given, query, most))
    counts = _counts(connection, navigation, given, query)
    pages: dict[Any, Page] = {}
    grouped: dict[Any, list[sa.Row[Any]]] = {}
    for record in found:
        grouped.setdefault(record[0], []).append(record)
    every: list[Row] = []
    for key, records in grouped.items():
        rows = _rows(entity, query, records[:most])
        every += rows
        pages[key] = Page(entity, rows, len(records) > most)
    if counts is not None:
        for key in keys:
            pages.setdefault(key, Page(entity, [])).count = counts.get(key, 0)
    _expand(connection, every, query)
    return pages


def _of_each(navigation: Navigation, given: Any, query: Query, most: int) -> Select[Any]:
    """Ask for the first `most` rows and one more of each key; the database walks an index for each, and stops."""
    entity = ENTITIES[navigation.target]
    scope = Scope.of(entity)
    where = [leads_to(navigation, given.c.key, scope.rows)]
    if query.filter is not None:
        where.append(condition(scope, query.filter))
    order = _order(scope, query)
    inside = sa.select(*_columns(scope.rows, entity, query)).select_from(scope.joined).where(*where).order_by(*order)
    each = inside.limit(most + 1).offset(query.skip).correlate(given).lateral("each")
    columns: list[ColumnElement[Any]] = [given.c.key, *each.c]
    return sa.select(*columns).select_from(given.join(each, sa.true()))


def _counts(connection: Connection, navigation: Navigation, given: Any, query: Query) -> dict[Any, int] | None:
    if not query.is_counted:
        return None
    scope = Scope.of(ENTITIES[navigation.target])
    where = [leads_to(navigation, given.c.key, scope.rows)]
    if query.filter is not None:
        where.append(condition(scope, query.filter))
    number = sa.select(sa.func.count().label("n")).select_from(scope.joined).where(*where)
    each = number.correlate(given).lateral("each")
    found = _run(connection, sa.select(given.c.key, each.c.n).select_from(given.join(each, sa.true())))
    return dict(map(tuple, found))


def _run(connection: Connection, statement: Select[Any]) -> Sequence[sa.Row[Any]]:
    """Run a client's query. Raises Refused where the database cannot compute it: the values do not allow it."""
    try:
        return connection.execute(statement).all()
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.QueryCanceled):
            raise Refused(f"this takes longer than {TIMEOUT}: ask for less") from error
        if isinstance(error.orig, UNFIT):
            raise Refused("this cannot be computed: a value does not fit its function") from error
        raise
