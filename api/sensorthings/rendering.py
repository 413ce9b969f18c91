"""Write entities as SensorThings JSON.

Source: OGC 18-088, 8 (entities) and 9.2 (control information); dataArray: 13.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from twin.queries.entities import ENTITIES, Entity, Id
from twin.queries.expressions import Expand, Kind, Query
from twin.queries.reading import Page, Row

__all__ = ["arrays", "collection", "entity", "link", "references", "value", "when"]

IDENTITY = frozenset({"id", "@iot.id"})
PAGING = ("$skip", "$skiptoken")


def link(root: str, of: Entity, identity: Id) -> str:
    """Give the address of an entity."""
    written = str(identity) if isinstance(identity, int) else "'" + identity.replace("'", "''") + "'"
    return f"{root}/{of.set}({written})"


def when(moment: datetime) -> str:
    """Write a time in UTC, with as many digits of a second as it has."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def value(kind: Kind, given: Any) -> Any:
    """Write the value of a property; null where it has none."""
    if isinstance(given, tuple):
        start, end = given
        return None if start is None or end is None else f"{when(start)}/{when(end)}"
    if kind is Kind.TIME and given is not None:
        return when(given)
    if kind is Kind.SHAPE and given is not None:
        return msgspec.Raw(given.encode())
    return given


def entity(row: Row, query: Query, root: str) -> dict[str, Any]:
    """Write one entity with its links, or what was expanded in their place."""
    here = link(root, row.entity, row.id)
    written: dict[str, Any] = {}
    if query.select is None or not IDENTITY.isdisjoint(query.select):
        written = {"@iot.id": row.id, "@iot.selfLink": here}
    for name, given in row.values.items():
        written[name] = value(row.entity.properties[name].kind, given)
    inside = {one.navigation: one for one in query.expand}
    for name in row.entity.navigations:
        if name in inside:
            written |= _inside(row, inside[name], here, root)
        if (query.select is None and name not in inside) or (query.select is not None and name in query.select):
            written[f"{name}@iot.navigationLink"] = f"{here}/{name}"
    return written


def _inside(row: Row, expand: Expand, here: str, root: str) -> dict[str, Any]:
    """Write what was expanded: one entity, or a page with its count and the link to the next."""
    name, found = expand.navigation, row.expanded[expand.navigation]
    if not isinstance(found, Page):
        return {name: None if found is None else entity(found, expand.query, root)}
    written: dict[str, Any] = {}
    if found.count is not None:
        written[f"{name}@iot.count"] = found.count
    written[name] = [entity(one, expand.query, root) for one in found.rows]
    if found.is_more and found.rows:
        written[f"{name}@iot.nextLink"] = _next(f"{here}/{name}", found, expand.query)
    return written


def collection(page: Page, query: Query, root: str, here: str) -> dict[str, Any]:
    """Write a page of a set; `here` is the set's address without options."""
    return _headed(page, query, here) | {"value": [entity(row, query, root) for row in page.rows]}


def references(page: Page, query: Query, root: str, here: str) -> dict[str, Any]:
    """Write a page of a set as addresses alone."""
    addresses = [{"@iot.selfLink": link(root, row.entity, row.id)} for row in page.rows]
    return _headed(page, query, here) | {"value": addresses}


def arrays(page: Page, query: Query, root: str, here: str) -> dict[str, Any]:
    """Write a page of observations as arrays, those of one datastream together."""
    names = [name for name in page.entity.properties if query.select is None or name in query.select]
    has_id = query.select is None or not IDENTITY.isdisjoint(query.select)
    rows: dict[int, list[list[Any]]] = {}
    for row in page.rows:
        fields = [value(page.entity.properties[name].kind, row.values[name]) for name in names]
        rows.setdefault(row.keys["datastream_id"], []).append([row.id, *fields] if has_id else fields)
    streams = [
        {
            "Datastream@iot.navigationLink": link(root, ENTITIES["Datastreams"], datastream_id),
            "components": ["id", *names] if has_id else names,
            "dataArray@iot.count": len(found),
            "dataArray": found,
        }
        for datastream_id, found in rows.items()
    ]
    return _headed(page, query, here) | {"value": streams}


def _headed(page: Page, query: Query, here: str) -> dict[str, Any]:
    head: dict[str, Any] = {}
    if page.count is not None:
        head["@iot.count"] = page.count
    if page.is_more and page.rows:
        head["@iot.nextLink"] = _next(here, page, query)
    return head


def _next(here: str, page: Page, query: Query) -> str:
    """Give the address of the next page: in the order of ids after the last, which is quick; else by number."""
    fields = [(name, text) for name, text in query.written if name not in PAGING]
    if query.orderby or query.skip:
        fields.append(("$skip", str(query.skip + len(page.rows))))
    else:
        fields.append(("$skiptoken", str(page.rows[-1].id)))
    return f"{here}?{_encoded(tuple(fields))}"


@functools.lru_cache(maxsize=1_000)
def _encoded(fields: tuple[tuple[str, str], ...]) -> str:
    """Write fields as a query string; the entities of a page mostly have the same."""
    return urlencode(fields, safe="$,()/:", quote_via=quote)
