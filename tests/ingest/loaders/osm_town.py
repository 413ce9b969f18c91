"""Small towns written by hand as OpenStreetMap XML, and what linli makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely

from ingest.loaders import osm_network
from ingest.loaders.osm_extract import Extract, read
from ingest.loaders.osm_network import WalkingNetwork
from twin import crs
from twin.network import EdgeRow
from twin.projection import to_metric
from twin.shapes import polygons

# The towns lie at 31.2 N, 121.4 E, in metres east and north of this corner.
LON, LAT, SRID = 121.4, 31.2, 4549
Tags = Mapping[str, str]
Nodes = Mapping[int, tuple[Any, ...]]  # metres east and north, and tags where there are any
Ways = Mapping[int, tuple[Sequence[int], Tags]]


def degrees(east_m: float, north_m: float) -> tuple[float, float]:
    """Give lon and lat of a point of the town."""
    x, y = crs.project(SRID, LON, LAT)
    lon, lat = crs.unproject(SRID, x + east_m, y + north_m)
    return float(lon), float(lat)


def write(path: Path, nodes: Nodes, ways: Ways) -> Path:
    """Write a town: nodes by id at metres east and north, ways by id. No element has a time or a version."""
    lines = ['<osm version="0.6">']
    for number, (east_m, north_m, *tagged) in nodes.items():
        lon, lat = degrees(east_m, north_m)
        lines.append(f'<node id="{number}" lon="{lon:.9f}" lat="{lat:.9f}">{_tags(*tagged)}</node>')
    for number, (refs, tags) in ways.items():
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        lines.append(f'<way id="{number}">{members}{_tags(tags)}</way>')
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def _tags(tags: Tags = MappingProxyType({})) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def town(
    west_m: float = -300, south_m: float = -300, east_m: float = 300, north_m: float = 300
) -> shapely.MultiPolygon:
    """Give a boundary around the corner of the town, in degrees."""
    corners = [(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m)]
    return polygons(shapely.Polygon([degrees(*corner) for corner in corners]))


def extract(path: Path) -> Extract:
    """Read all of a town."""
    box = (LON - 0.1, LAT - 0.1, LON + 0.1, LAT + 0.1)
    return read(path, box, box, lambda _: None)


def network(path: Path) -> WalkingNetwork:
    """Build the walking network of a town."""
    return osm_network.build(extract(path), SRID, polygons(to_metric(SRID, town())))


def edges(found: WalkingNetwork) -> list[tuple[str, str, str, str, int]]:
    """Name the edges: source id, tail, head, kind and whole metres."""
    return sorted((e.source_id, e.tail, e.head, e.kind.value, round(e.length_m)) for e in found.edges)


def edge(found: WalkingNetwork, source_id: str) -> EdgeRow:
    """Give one edge."""
    return next(row for row in found.edges if row.source_id == source_id)


def reachable(found: WalkingNetwork, start: str, *, closed: Sequence[str] = ()) -> set[str]:
    """Give the nodes that a walker reaches from a node when the edges closed are closed."""
    reached, todo = {start}, [start]
    while todo:
        node = todo.pop()
        for row in found.edges:
            if row.source_id in closed:
                continue
            steps = [(row.tail, row.head)] + ([] if row.one_way else [(row.head, row.tail)])
            for tail, head in steps:
                if tail == node and head not in reached:
                    reached.add(head)
                    todo.append(head)
    return reached


def geodesic_m(row: EdgeRow) -> float:
    """Give the length of an edge on the ellipsoid."""
    from pyproj import Geod

    lon, lat = np.array(row.points).T
    return float(Geod(ellps="WGS84").line_length(lon, lat))
