"""Find the facilities of an extract by the tag table."""

from __future__ import annotations

import shapely

from ingest.loaders.osm_extract import Extract
from ingest.loaders.osm_tags import Tags, is_closed_to_walkers, services
from twin.facilities import FacilityRow
from twin.terms import Service

__all__ = ["build"]

SOURCE = "osm"
# limited: one step of up to 7 cm (wiki, Key:wheelchair), so not step-free
STEP_FREE = {"yes": True, "designated": True, "limited": False, "no": False}


def build(extract: Extract, window: shapely.MultiPolygon) -> tuple[list[FacilityRow], list[tuple[str, str]]]:
    """Build the rows of the facilities in the window (a shape in degrees), one a service.

    Also gives what was not taken, with the reason.
    """
    shapely.prepare(window)
    rows: list[FacilityRow] = []
    rejected: list[tuple[str, str]] = []
    places = [(f"n{node.id}", node.tags, shapely.Point(node.lon, node.lat)) for node in extract.nodes]
    places += [(area.source, area.tags, area.geom.representative_point()) for area in extract.areas]
    for source_id, tags, point in places:
        given = services(tags)
        if not given or point.is_empty or not window.covers(point):
            continue
        if is_closed_to_walkers(tags):
            rejected.append((source_id, f"{given[0]}: not open to the public"))
            continue
        rows += [_row(source_id, service, tags, point) for service in given]
    return rows, rejected


def _row(source_id: str, service: Service, tags: Tags, point: shapely.Point) -> FacilityRow:
    capacity = tags.get("capacity", "")
    return FacilityRow(
        source_id=source_id,
        service=service,
        name=next((tags[key] for key in ("name", "brand", "operator", "ref") if key in tags), ""),
        name_zh=next((tags[key] for key in ("name:zh", "name:zh-Hans", "name:zh-Hant") if key in tags), None),
        opening_hours=tags.get("opening_hours"),
        step_free=STEP_FREE.get(tags.get("wheelchair", "")),
        capacity=int(capacity) if capacity.isdecimal() else None,
        source=SOURCE,
        lon=point.x,
        lat=point.y,
    )
