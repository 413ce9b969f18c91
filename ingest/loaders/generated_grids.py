"""Generate the streets, communities and grids of a place that has none, from its streets and buildings.

A grid holds 300 to 500 households, the size that governance grids have (domain notes, norm grid_size: GB/T 34300-2017
and local practice); at most 12 of them make a community, and at most 36 a street. Codes have the shape of real ones: 6
digits of the prefix, 3 of the street, 3 of the community, 3 of the grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.loaders import blocks, regions
from ingest.loaders.receipt import Receipt
from twin import grids, places, residents
from twin.db import Connection
from twin.projection import to_degrees, to_metric
from twin.rounding import apportion

__all__ = ["BAND", "generate", "homes"]

BAND = regions.Band(300, 500)  # households
BLOCK_MOST = 120  # households; larger blocks are split, so that grids can be cut to size
COMMUNITY_GRIDS, STREET_GRIDS = 12, 36
SEED = 2021  # any: the same place gives the same grids
TITLES = {
    "street": ("{} area", "{} 街道"),
    "community": ("{} community", "{} 社区"),
    "grid": ("{}", "{} 网格"),
}

Geometries = NDArray[np.object_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Streets:
    """Pieces of street, their names beside them, in the metric CRS."""

    names: list[str | None]
    lines: Geometries


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The grids' shapes in the metric CRS, their households, and the cell of each building, -1 outside the boundary."""

    shapes: Geometries
    households: Ints
    building: Ints


def generate(connection: Connection, place: places.Place, *, code_prefix: str = "990000") -> Receipt:
    """Cut a place into streets, communities and grids, and put each building inside its boundary into one grid.

    Households are those that the official total gives each dwelling by floor area. The same data give the same grids.
    """
    found = grids.footprints(connection, place.id)
    pieces = grids.streets(connection, place.id)
    lines = to_metric(place.metric_srid, [piece.line for piece in pieces])
    streets = _Streets([piece.name for piece in pieces], lines)
    cells = _cells(connection, place, found, lines)
    codes = _codes(code_prefix, cells.shapes)
    rows = [row for i, level in enumerate(grids.LEVELS) for row in _rows(level, codes[i], cells, streets)]
    degrees = to_degrees(place.metric_srid, [row.geom for row in rows])
    rows = [replace(row, geom=geom) for row, geom in zip(rows, degrees, strict=True)]
    merged = grids.store(connection, place.id, rows)
    inside = np.flatnonzero(cells.building >= 0)
    members = {int(found.ids[i]): codes[-1][cells.building[i]] for i in inside}
    moved = grids.assign(connection, place.id, members)
    few, many = int(cells.households.min()), int(cells.households.max())
    fit = int(np.count_nonzero(BAND.excess(cells.households.astype(np.float64)) == 0))
    notes = (
        f"{fit} of {len(cells.shapes)} generated grids hold {BAND} households; the smallest {few}, the largest {many}",
        f"{len(inside)} of {len(found.ids)} buildings lie in a grid, {moved} in another than before",
    )
    return Receipt("grids", len(rows), merged.added, merged.changed, merged.removed, notes=notes)


def _cells(connection: Connection, place: places.Place, found: grids.Footprints, lines: Geometries) -> _Cells:
    """Cut the place into grids."""
    boundary = to_metric(place.metric_srid, [places.boundary(connection, place.id)])[0]
    outlines = to_metric(place.metric_srid, found.outlines)
    points = shapely.point_on_surface(outlines)
    # a building across the boundary whose entrance is inside is one of the place's too
    points = np.where(shapely.covers(boundary, points), points, to_metric(place.metric_srid, found.points))
    houses = blocks.Houses(outlines, points, homes(connection, place, found.ids))
    cut = blocks.cut(boundary, lines, houses, most=BLOCK_MOST)
    sizes = (STREET_GRIDS, COMMUNITY_GRIDS)
    region = regions.join(cut.households, cut.border_m, BAND, np.random.default_rng(SEED), group_sizes=sizes)
    return _Cells(
        shapes=np.array([shapely.coverage_union_all(cut.polygons[region == i]) for i in range(region.max() + 1)]),
        households=np.bincount(region, weights=cut.households).astype(np.int64),
        building=np.where(cut.building >= 0, region[cut.building], -1),
    )


def homes(connection: Connection, place: places.Place, ids: Ints) -> Ints:
    """Estimate the households of each building by floor area from the place's totals; shape of ids."""
    where = residents.dwellings(connection, place.id)
    if not where.floor_area_m2.sum() > 0:
        return np.zeros(len(ids), dtype=np.int64)  # no map is loaded yet, or nobody lives in it
    people = apportion(place.residents, where.floor_area_m2)
    known = dict(zip(where.ids.tolist(), residents.split_households(people, place.households).tolist(), strict=True))
    return np.array([known.get(building, 0) for building in ids.tolist()], dtype=np.int64)


def _codes(prefix: str, cells: Geometries) -> list[list[str]]:
    """Give each cell its code on each level, numbered from west to east within the level above."""
    x = shapely.get_x(shapely.centroid(cells))
    codes, levels = [prefix] * len(cells), []
    for group in (
        regions.group(len(cells), STREET_GRIDS),
        regions.group(len(cells), COMMUNITY_GRIDS),
        np.arange(len(cells)),
    ):
        mean_x = np.bincount(group, weights=x) / np.bincount(group)
        serial: dict[str, int] = {}
        code_of: dict[int, str] = {}
        for number in np.argsort(mean_x, kind="stable").tolist():
            above = codes[int(np.flatnonzero(group == number)[0])]
            serial[above] = serial.get(above, 0) + 1
            code_of[number] = f"{above}{serial[above]:03}"
        codes = [code_of[number] for number in group.tolist()]
        levels.append(codes)
    return levels


def _rows(level: grids.Level, codes: list[str], cells: _Cells, streets: _Streets) -> list[grids.GridRow]:
    """Make the rows of one level, in the metric CRS; codes has the code of each cell on it."""
    members = {code: np.array([other == code for other in codes]) for code in sorted(set(codes))}
    shapes = [shapely.coverage_union_all(cells.shapes[inside]) for inside in members.values()]
    title, title_zh = TITLES[level]
    rows = []
    for (code, inside), shape, street in zip(members.items(), shapes, _main_streets(shapes, streets), strict=True):
        name = street or code[-3:]
        rows.append(
            grids.GridRow(
                code=code,
                level=level,
                parent=None if level == "street" else code[:-3],
                name=title.format(name),
                name_zh=title_zh.format(name),
                households=int(cells.households[inside].sum()),
                generated=True,
                geom=shapely.MultiPolygon(shapely.get_parts(shape).tolist()),
            )
        )
    return rows


def _main_streets(shapes: Sequence[shapely.Geometry], streets: _Streets) -> list[str | None]:
    """Name each shape by the street with the greatest length in it that no other shape is named by.

    Where all its streets are taken it is named by the longest and a number from 2; None: it has no street with a name.
    """
    areas = np.array(shapes, dtype=np.object_)
    line, shape = shapely.STRtree(areas).query(streets.lines, predicate="intersects")
    inside = shapely.length(shapely.intersection(streets.lines[line], areas[shape]))
    length_m: dict[tuple[int, str], float] = {}
    for i, k, metres in zip(line.tolist(), shape.tolist(), inside.tolist(), strict=True):
        name = streets.names[i]
        if name:
            length_m[k, name] = length_m.get((k, name), 0.0) + metres
    by_length = sorted(length_m, key=lambda key: (-length_m[key], key))
    names: list[str | None] = [None] * len(shapes)
    for k, name in by_length:
        if names[k] is None and name not in names:
            names[k] = name
    for k, name in by_length:
        if names[k] is None:
            names[k] = next(f"{name} {i}" for i in range(2, len(shapes) + 2) if f"{name} {i}" not in names)
    return names
