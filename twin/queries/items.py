"""Read features of a collection: filtered, sorted, a page at a time, as GeoJSON, as columns, or as a vector tile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, Subquery

from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.history import revision_at
from twin.queries import cql2
from twin.queries.collections import Collection, Past, Shown
from twin.queries.expressions import Kind
from twin.queries.reference import CRS84, Reference
from twin.queries.typed import TYPES, Typed
from twin.tables import LayerVersion

__all__ = ["Page", "Rows", "Wanted", "columns", "features", "one", "past", "version"]

Bounds = tuple[float, float, float, float]
TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which features, and how; `bbox` and the filter's geometries are in their own CRS, `moment` None ends are open."""

    limit: int = 1_000
    offset: int = 0
    bbox: Bounds | None = None
    bbox_crs: Reference = CRS84
    moment: tuple[datetime | None, datetime | None] | None = None
    equal: Mapping[str, str] = field(default_factory=dict)
    filter: Any = None  # CQL2's JSON
    filter_crs: Reference = CRS84
    order: tuple[tuple[str, bool], ...] = ()  # (property, is descending)
    names: tuple[str, ...] | None = None
    crs: Reference = CRS84


@dataclass(frozen=True, slots=True)
class Page:
    """GeoJSON features as JSON texts, and how many there are with all pages."""

    features: list[str]
    matched: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Features as columns: ids, shapes as WKB in the CRS asked for with x east, and each property's values."""

    ids: list[int]
    shapes: list[bytes | None]
    values: dict[str, list[Any]]


def features(connection: Connection, shown: Shown, wanted: Wanted) -> Page:
    """Read one page as GeoJSON; axes stand in the order that the CRS gives them. Raises Refused."""
    chosen = _choose(shown, wanted)
    page = _paged(shown.rows, sa.select(_feature(shown, wanted)).where(chosen), wanted)
    return Page(list(connection.scalars(page)), _matched(connection, shown.rows, chosen))


def columns(connection: Connection, shown: Shown, wanted: Wanted) -> Rows:
    """Read one page as columns; shapes have x (east) first, as files of them have. Raises Refused."""
    names, rows = _names(shown, wanted), shown.rows
    shape = sa.func.ST_AsBinary(_projected(rows.c.geom, wanted.crs))
    asked = sa.select(rows.c.id, shape, *(rows.c[name] for name in names)).where(_choose(shown, wanted))
    found = connection.execute(_paged(rows, asked, wanted)).all()
    by_column = list(zip(*found, strict=True)) or [()] * (2 + len(names))
    values = {name: list(column) for name, column in zip(names, by_column[2:], strict=True)}
    return Rows(list(by_column[0]), [None if one is None else bytes(one) for one in by_column[1]], values)


def _matched(connection: Connection, rows: Subquery, chosen: ColumnElement[bool]) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(rows).where(chosen)) or 0)


def one(connection: Connection, shown: Shown, key: int, crs: Reference) -> str:
    """Read one feature as GeoJSON. Raises NotFound."""
    found = connection.scalar(sa.select(_feature(shown, Wanted(crs=crs))).where(shown.rows.c.id == key))
    if found is None:
        raise NotFound(f"{shown.collection.id} has no feature {key}")
    return str(found)


def past(connection: Connection, collection: Collection, wanted: Wanted) -> Past | None:
    """Give the past that a collection that stands for a moment is asked for: the end of `datetime`; None: now."""
    end = None if wanted.moment is None else wanted.moment[1]
    if not collection.is_kept or end is None or end >= datetime.now(UTC):
        return None
    return Past(end, revision_at(connection, end))


def version(connection: Connection, collection: Collection) -> str:
    """Give a text that changes with each change to a collection. Raises NotFound where there is none."""
    own = sa.select(sa.cast(LayerVersion.version, sa.Text)).where(LayerVersion.layer == collection.id)
    found = connection.scalar(sa.text(collection.version) if collection.version else own)
    if found is None:
        raise NotFound(f"{collection.id} has no version")
    return str(found)


def _names(shown: Shown, wanted: Wanted) -> tuple[str, ...]:
    return tuple(shown.collection.properties) if wanted.names is None else wanted.names


def _choose(shown: Shown, wanted: Wanted) -> ColumnElement[bool]:
    collection, rows = shown.collection, shown.rows
    conditions: list[ColumnElement[bool]] = [_equals(collection, rows, *one) for one in wanted.equal.items()]
    if wanted.bbox is not None:
        conditions.append(sa.func.ST_Intersects(rows.c.geom, _box(wanted.bbox, wanted.bbox_crs), type_=sa.Boolean))
    if wanted.moment is not None and collection.interval is not None:
        start, end = (rows.c[name] for name in collection.interval)
        conditions.append(_during(start, end, wanted.moment))
    if wanted.filter is not None:
        conditions.append(
            cql2.condition(wanted.filter, shown.typed(), lambda shape: _brought(shape, wanted.filter_crs))
        )
    return sa.and_(sa.true(), *conditions)


def _equals(collection: Collection, rows: Subquery, name: str, text: str) -> ColumnElement[bool]:
    """Compare a property with a text from the query; a number or truth value that it is not is refused."""
    kind, column = collection.properties[name], rows.c[name]
    try:
        match kind:
            case Kind.NUMBER:
                value: Any = float(text)
            case Kind.TRUTH:
                value = TRUTHS[text]
            case Kind.TIME:
                value = datetime.fromisoformat(text)
            case _:
                value = text
    except (ValueError, KeyError):
        raise Refused(f"{name} is a {kind}") from None
    if "\0" in text:
        raise Refused(f"{name} is a {kind}")
    return column == sa.cast(sa.literal(value, TYPES[kind]), TYPES[kind])


def _box(bounds: Bounds, crs: Reference) -> ColumnElement[Any]:
    """Draw a box in WGS 84; one that runs over the 180th meridian is two."""
    west, south, east, north = bounds
    if crs.is_geographic and not crs.is_flipped and west > east:
        return sa.func.ST_Collect(_box((west, south, 180.0, north), crs), _box((-180.0, south, east, north), crs))
    envelope = Typed(Kind.SHAPE, sa.func.ST_MakeEnvelope(west, south, east, north, 4326))
    return _brought(envelope, crs).sql


def _brought(shape: Typed, crs: Reference) -> Typed:
    """Take a shape that has a CRS's coordinates (and says it has WGS 84's) to WGS 84."""
    if crs == CRS84:
        return shape
    sql = sa.func.ST_FlipCoordinates(shape.sql) if crs.is_flipped else shape.sql
    return Typed(Kind.SHAPE, sa.func.ST_Transform(sa.func.ST_SetSRID(sql, crs.srid), 4326))


def _projected(geom: ColumnElement[Any], crs: Reference) -> ColumnElement[Any]:
    return geom if crs.srid == CRS84.srid else sa.func.ST_Transform(geom, crs.srid)


def _during(
    start: ColumnElement[Any], end: ColumnElement[Any], moment: tuple[datetime | None, datetime | None]
) -> ColumnElement[bool]:
    """Say that a time from start to end (null: it lasts) meets the moment."""
    first, last = moment
    begins = sa.true() if last is None else start <= last
    ends = sa.true() if first is None else sa.or_(end.is_(None), end >= first)
    return sa.and_(begins, ends)


def _paged(rows: Subquery, asked: Select[Any], wanted: Wanted) -> Select[Any]:
    order = [rows.c[name].desc().nulls_last() if down else rows.c[name].nulls_last() for name, down in wanted.order]
    return asked.order_by(*order, rows.c.id).limit(wanted.limit).offset(wanted.offset)


def _feature(shown: Shown, wanted: Wanted) -> ColumnElement[str]:
    """Build one feature as GeoJSON writes it, in the CRS and with the properties asked for."""
    columns = shown.rows.c
    shape = _projected(columns.geom, wanted.crs)
    turned = sa.func.ST_FlipCoordinates(shape) if wanted.crs.is_flipped else shape
    properties = [part for name in _names(shown, wanted) for part in (sa.literal(name), columns[name])]
    built = sa.func.json_build_object(
        *("type", "Feature", "id", columns.id),
        *("geometry", sa.cast(sa.func.ST_AsGeoJSON(turned, wanted.crs.decimals, 0), sa.JSON)),
        *("properties", sa.func.json_build_object(*properties)),
    )
    return sa.cast(built, sa.Text)
