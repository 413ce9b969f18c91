"""Make the buildings of an extract: their use, floors, lift and entrance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median_low

import shapely

from ingest.loaders.osm_extract import Area, Extract, Node
from ingest.loaders.osm_tags import Tags, floors, metres, table
from twin.buildings import BuildingRow
from twin.projection import to_metric

__all__ = ["build", "is_building"]

# The door that residents use, best first; other values of entrance are taken after these.
ENTRANCES = ("main", "yes", "home", "residence", "staircase", "entrance")
NO_ENTRANCE = ("no", "exit", "emergency", "service", "garage", "parking")
ANSWERS = {"yes": True, "no": False}
FEWEST_TO_TAKE_THE_MEDIAN = 5  # buildings of a kind with tagged floors; with fewer, all kinds' median is taken


def is_building(tags: Tags) -> bool:
    """Tell whether something stands there."""
    return "building" in tags and tags["building"] not in table()["buildings"]["not_standing"]


def build(
    extract: Extract, srid: int, window: shapely.MultiPolygon, boundary: shapely.MultiPolygon
) -> tuple[list[BuildingRow], list[tuple[str, str]]]:
    """Build the rows of the buildings in the window; only those inside the boundary can be dwellings.

    window and boundary are shapes in degrees. Floors that are not tagged are the median of the kind in this place.
    Also gives what could not be taken, with the reason.
    """
    entrances = {node.id: node for node in extract.nodes if node.tags.get("entrance", "no") not in NO_ENTRANCE}
    shapely.prepare([window, boundary])
    rows: list[BuildingRow] = []
    rejected: list[tuple[str, str]] = []
    for area in extract.areas:
        if not is_building(area.tags):
            continue
        if area.geom.is_empty:
            rejected.append((area.source, "a building without area"))
        elif window.intersects(area.geom):
            rows.append(_row(area, entrances, srid, boundary))
    return _with_floors(rows), rejected


def _row(area: Area, entrances: Mapping[int, Node], srid: int, boundary: shapely.MultiPolygon) -> BuildingRow:
    """Make the row of a building; floors 0 stands for not tagged until all are known."""
    tags = area.tags
    inside = area.geom.representative_point()
    footprint_m2 = float(shapely.area(to_metric(srid, area.geom)))
    tagged = floors(tags.get("building:levels"))
    height_m = metres(tags.get("height"))
    from_height = max(1, round(height_m / table()["buildings"]["floor_height_m"])) if height_m else 0
    return BuildingRow(
        source_id=area.source,
        kind=tags["building"],
        residential=_is_dwelling(tags, footprint_m2) and boundary.intersects(inside),
        floors=tagged or min(from_height, table()["buildings"]["most_floors"]),
        floors_assumed=tagged is None,
        footprint_m2=footprint_m2,
        point=_entrance(area, entrances) or inside,
        geom=area.geom,
        lift=ANSWERS.get(tags.get("elevator", tags.get("building:elevator", ""))),
        name=tags.get("name"),
        address=_address(tags),
    )


def _is_dwelling(tags: Tags, footprint_m2: float) -> bool:
    buildings = table()["buildings"]
    if footprint_m2 < buildings["smallest_dwelling_m2"]:
        return False
    if tags["building"] in buildings["residential"]:
        return True
    return tags["building"] in buildings["of_unknown_use"] and not any(
        tags.get(key, "no") != "no" for key in buildings["use"]
    )


def _entrance(area: Area, entrances: Mapping[int, Node]) -> shapely.Point | None:
    """Give the best of the entrances mapped on a building's outline."""
    doors = [entrances[ref] for ref in sorted(area.refs & entrances.keys())]
    ranks = {value: rank for rank, value in enumerate(ENTRANCES)}
    best = min(doors, key=lambda door: ranks.get(door.tags["entrance"], len(ranks)), default=None)
    return shapely.Point(best.lon, best.lat) if best else None


def _address(tags: Tags) -> str | None:
    parts = [tags[key] for key in ("addr:housenumber", "addr:street") if key in tags]
    return " ".join(parts) or tags.get("addr:full")


def _with_floors(rows: Sequence[BuildingRow]) -> list[BuildingRow]:
    """Fill floors that are not known with the median of those tagged on buildings of the kind."""
    tagged: dict[str, list[int]] = {}
    for row in rows:
        if not row.floors_assumed:
            tagged.setdefault(row.kind, []).append(row.floors)
    every = [count for counts in tagged.values() for count in counts]
    usual = median_low(every) if every else table()["buildings"]["floors_where_none_is_tagged"]
    of_kind = {kind: median_low(counts) for kind, counts in tagged.items() if len(counts) >= FEWEST_TO_TAKE_THE_MEDIAN}
    return [replace(row, floors=row.floors or of_kind.get(row.kind, usual)) for row in rows]
