"""Load grids from a GeoJSON file, with a report on their topology.

A FeatureCollection of polygons in WGS 84 degrees (RFC 7946). Properties: code, level (street, community or grid), name;
and parent (the code of what it lies in), name_zh, which may be missing. The file is the whole hierarchy of its place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from ingest.loaders.blocks import owner
from ingest.loaders.generated_grids import BAND, homes
from ingest.loaders.receipt import Receipt
from ingest.loaders.topology import findings
from twin import grids, places
from twin.crs import EARTH
from twin.db import Connection
from twin.errors import Refused
from twin.grids import LEVELS, GridRow
from twin.projection import to_metric
from twin.shapes import polygons

__all__ = ["load", "read"]

LEVEL_ABOVE = {"street": None, "community": "street", "grid": "community"}


def load(connection: Connection, path: Path, *, place: places.Place) -> Receipt:
    """Load the grids of a file into a place, in the stead of those it has, and put each building into one.

    Overlaps, gaps and grids outside the band of households are on the receipt and loaded as they are; of two grids that
    hold a building, the one whose code comes first gets it. Raises Refused where the file is no such collection or a
    feature in it cannot be taken: nothing is loaded then.
    """
    rows = read(path)
    found = grids.footprints(connection, place.id)
    leaves = [row for row in rows if row.level == LEVELS[-1]]
    shapes = to_metric(place.metric_srid, [leaf.geom for leaf in leaves])
    own = owner(shapes, shapely.point_on_surface(to_metric(place.metric_srid, found.outlines)))
    inside = np.flatnonzero(own >= 0)
    codes = [leaf.code for leaf in leaves]
    households = np.zeros(len(leaves))
    np.add.at(households, own[inside], homes(connection, place, found.ids)[inside])
    merged = grids.store(connection, place.id, _with_households(rows, dict(zip(codes, households, strict=True))))
    moved = grids.assign(connection, place.id, {int(found.ids[i]): codes[own[i]] for i in inside})
    boundary = to_metric(place.metric_srid, [places.boundary(connection, place.id)])[0]
    homeless = int(np.count_nonzero(found.residential & (own < 0)))
    notes = [
        *findings(boundary, shapes, codes, households, BAND),
        f"{len(inside)} of {len(own)} buildings lie in a grid, {moved} in another than before",
    ]
    if homeless:
        notes.append(f"{homeless} residential buildings lie in no grid")
    return Receipt("grids", len(rows), merged.added, merged.changed, merged.removed, notes=tuple(notes))


def read(path: Path) -> list[GridRow]:
    """Read a GeoJSON file of grids, from the largest to the smallest; households are not known yet and 0.

    Raises Refused with the number of the feature, counted from 1, and what is wrong with it.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"{path}: not JSON: {error}") from None
    features = whole.get("features") if isinstance(whole, dict) else None
    if not isinstance(features, list) or not features:
        raise Refused(f"{path}: no FeatureCollection with features in it")
    rows: dict[str, GridRow] = {}
    for number, feature in enumerate(features, start=1):
        try:
            row = _row(feature)
        except Refused as refusal:
            raise Refused(f"{path}: feature {number}: {refusal}") from None
        if row.code in rows:
            raise Refused(f"{path}: feature {number}: code {row.code} is there twice")
        rows[row.code] = row
    _check_parents(path, rows)
    return sorted(rows.values(), key=lambda row: (LEVELS.index(row.level), row.code))


def _row(feature: object) -> GridRow:
    """Make a grid of one feature; raises Refused with the reason."""
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise Refused("no feature with properties")
    said: Mapping[str, object] = feature["properties"]
    code, name, level = (_text(said, column) for column in ("code", "name", "level"))
    if not code or not name:
        raise Refused("no code or no name")
    if level not in LEVELS:
        raise Refused(f"level {level!r} is none of {', '.join(LEVELS)}")
    return GridRow(
        code=code,
        level=LEVELS[LEVELS.index(level)],
        parent=_text(said, "parent"),
        name=name,
        name_zh=_text(said, "name_zh") or name,
        households=0,
        generated=False,
        geom=_shape(feature.get("geometry")),
    )


def _text(said: Mapping[str, object], name: str) -> str | None:
    """Give a property as text; None where it is missing or empty. A code may be written as a number."""
    value = said.get(name)
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refused(f"{name} {value!r} is no text")


def _shape(geometry: object) -> shapely.MultiPolygon:
    try:
        shape = polygons(shapely.from_geojson(json.dumps(geometry)))
    except shapely.GEOSException as error:
        raise Refused(f"its geometry cannot be read: {error}") from None
    if shape.is_empty:
        raise Refused("its geometry has no area")
    if not shapely.box(*EARTH).covers(shapely.box(*shape.bounds)):
        raise Refused("its geometry is not in degrees of longitude and latitude")
    return shape


def _check_parents(path: Path, rows: Mapping[str, GridRow]) -> None:
    for row in rows.values():
        if row.parent is None:
            continue
        above = rows.get(row.parent)
        if above is None or above.level != LEVEL_ABOVE[row.level]:
            raise Refused(
                f"{path}: {row.level} {row.code}: its parent {row.parent} is no {LEVEL_ABOVE[row.level]} in it"
            )


def _with_households(rows: Sequence[GridRow], households: Mapping[str, float]) -> list[GridRow]:
    """Give each row the households of the grids in it; of the rows, a parent comes before what lies in it."""
    total = {row.code: int(households.get(row.code, 0)) for row in rows}
    for row in reversed(rows):
        if row.parent:
            total[row.parent] += total[row.code]
    return [replace(row, households=total[row.code]) for row in rows]
