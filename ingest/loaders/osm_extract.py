"""Read what linli needs of an OpenStreetMap extract, in one pass: tagged nodes, ways and areas near a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import osmium
import shapely

from ingest.loaders.osm_tags import Tags
from twin.errors import Refused
from twin.shapes import polygons

__all__ = ["Area", "Box", "Extract", "Node", "Way", "read"]

Box = tuple[float, float, float, float]  # west, south, east, north [degrees]
Progress = Callable[[str], None]

FACILITY_KEYS = ("amenity", "shop", "healthcare", "social_facility", "leisure", "public_transport")
NODE_KEYS = frozenset(("highway", "barrier", "kerb", "entrance", *FACILITY_KEYS))
WAY_KEYS = frozenset(("highway", "railway", "waterway", "natural", "man_made"))
AREA_KEYS = frozenset(("building", "landuse", "place", *FACILITY_KEYS, *WAY_KEYS))
SAY_EVERY = 500_000  # elements


@dataclass(frozen=True, slots=True)
class Node:
    """A node with a tag of interest; degrees."""

    id: int
    lon: float
    lat: float
    tags: Tags


@dataclass(frozen=True, slots=True)
class Way:
    """A line: the node ids and their degrees, all of one length; nodes that the extract lacks are left out.

    source is w and the way's id, or r and the relation's where the line is a ring of a multipolygon. gaps are the
    positions before which nodes are missing. is_area says that the line is the border of a walkable area.
    """

    source: str
    refs: tuple[int, ...]
    lon: tuple[float, ...]
    lat: tuple[float, ...]
    tags: Tags
    gaps: frozenset[int] = frozenset()
    is_area: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A closed way or a multipolygon relation; its shape in degrees, and the nodes on its border."""

    source: str
    tags: Tags
    geom: shapely.MultiPolygon
    refs: frozenset[int]


@dataclass(slots=True)
class Extract:
    """What was read; read counts the elements of the whole file, state is the time the header says.

    broken counts the lines in the box that reach out of the extract: some of their nodes are not in it.
    """

    nodes: list[Node] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    broken: int = 0
    read: int = 0
    state: datetime | None = None


def read(path: Path, box: Box, coast_box: Box, progress: Progress) -> Extract:
    """Read the tagged elements that touch the box, and the coastlines that touch the wider coast_box.

    Refuses a file that is missing, that osmium cannot read to its end, or that has nothing in the box.
    """
    if not path.is_file():
        raise Refused(f"no such file: {path}")
    extract = Extract()
    try:
        extract.state = _state(path)
        for element in osmium.FileProcessor(str(path)).with_areas().with_filter(osmium.filter.EmptyTagFilter()):
            extract.read += 1
            if extract.read % SAY_EVERY == 0:
                progress(f"{extract.read:,} tagged elements read")
            _take(extract, element, box, coast_box)
    except RuntimeError as error:  # what osmium raises, whatever is wrong with a file
        raise Refused(f"{path.name} is no readable OpenStreetMap extract: {error}") from error
    if not (extract.nodes or extract.ways or extract.areas):
        raise Refused(f"{path.name} has nothing inside the boundary")
    return extract


def _state(path: Path) -> datetime | None:
    """Read the time of the data from the header; many extracts have none."""
    with osmium.io.Reader(str(path)) as reader:
        said = reader.header().get("osmosis_replication_timestamp")
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        return None


def _take(extract: Extract, element: Any, box: Box, coast_box: Box) -> None:
    """Keep an element where it is of interest. osmium's objects live only until the next one."""
    keys = {tag.k for tag in element.tags}
    if element.is_node():
        if keys & NODE_KEYS and _inside(element.lon, element.lat, box):
            extract.nodes.append(Node(element.id, element.lon, element.lat, dict(element.tags)))
    elif element.is_way():
        if keys & WAY_KEYS:
            _take_line(extract, element, box, coast_box)
    elif element.is_area() and keys & AREA_KEYS:
        _take_area(extract, element, box)


def _take_line(extract: Extract, way: Any, box: Box, coast_box: Box) -> None:
    source, tags = f"w{way.id}", dict(way.tags)
    is_coast = tags.get("natural") == "coastline"
    placed = [(node.ref, node.location.lon, node.location.lat) if node.location.valid() else None for node in way.nodes]
    known = [point for point in placed if point]
    if len(known) < 2 or not _touches(known, coast_box if is_coast else box):  # noqa: PLR2004 a line has two ends
        return
    extract.broken += len(known) < len(placed)
    gaps, count = set(), 0
    for point in placed:
        if point is None:
            gaps.add(count)
        count += point is not None
    refs, lon, lat = zip(*known, strict=True)
    is_area = tags.get("area") == "yes" and refs[0] == refs[-1]
    extract.ways.append(Way(source, refs, lon, lat, tags, frozenset(gaps - {0, count}), is_area))


def _take_area(extract: Extract, area: Any, box: Box) -> None:
    source = ("w" if area.from_way() else "r") + str(area.orig_id())
    rings = [ring for outer in area.outer_rings() for ring in (outer, *area.inner_rings(outer))]
    if not rings or not any(_touches([(n.ref, n.lon, n.lat) for n in ring], box) for ring in rings):
        return
    shape = polygons(shapely.from_wkb(FACTORY.create_multipolygon(area)))
    tags = dict(area.tags)
    extract.areas.append(Area(source, tags, shape, frozenset(node.ref for ring in rings for node in ring)))
    if "highway" in tags and not area.from_way():
        for ring in rings:
            refs, lon, lat = zip(*((node.ref, node.lon, node.lat) for node in ring), strict=True)
            extract.ways.append(Way(source, refs, lon, lat, tags, is_area=True))


def _inside(lon: float, lat: float, box: Box) -> bool:
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def _touches(points: list[tuple[int, float, float]], box: Box) -> bool:
    """Tell whether the bounding box of the points meets the box."""
    lon, lat = [point[1] for point in points], [point[2] for point in points]
    return min(lon) <= box[2] and max(lon) >= box[0] and min(lat) <= box[3] and max(lat) >= box[1]


FACTORY = osmium.geom.WKBFactory()
