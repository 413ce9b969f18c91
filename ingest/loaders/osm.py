"""Load an OpenStreetMap extract into a place: walking network, buildings, facilities and base map.

Taken is what lies inside the boundary and a rim around it: people walk through the next town and to its pharmacy.
The rest of the file is not looked at, however far away it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import shapely

from ingest.loaders import osm_buildings, osm_facilities, osm_features, osm_network
from ingest.loaders.osm_extract import Box, Extract, read
from ingest.loaders.osm_lifts import Lift
from ingest.loaders.receipt import Receipt
from twin import buildings, crs, facilities, features, network, places
from twin.attachment import FARTHEST_M, attach
from twin.db import Connection
from twin.errors import Refused
from twin.projection import to_degrees, to_metric
from twin.shapes import polygons
from twin.staging import Merged

__all__ = ["ATTRIBUTION", "RIM_M", "load_osm"]

ATTRIBUTION = "© OpenStreetMap contributors (ODbL)"

RIM_M = 400.0  # ours: a ten-minute walk of an old person that turns back, or the way round a closed street
COAST_RIM_M = 6_000.0  # the sea and the land are drawn this far out, so that a wall map has no edge
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Windows:
    """The place and its surroundings: boundary and rim in degrees, rim and coast in metres of the CRS srid."""

    srid: int
    boundary: shapely.MultiPolygon
    rim: shapely.MultiPolygon
    rim_m: shapely.MultiPolygon
    coast_m: shapely.Polygon
    box: Box
    coast_box: Box


def load_osm(
    connection: Connection, place_id: int, extract: Path, boundary: shapely.Geometry, progress: Progress
) -> tuple[Receipt, ...]:
    """Make a place's network, buildings, OpenStreetMap facilities and base map those of an extract.

    boundary is in degrees, WGS 84. Loading the same file again changes nothing. The receipts are for the network with
    its lifts, the buildings, the facilities and the base map, in this order. Raises Refused where the file or the boundary cannot be
    taken, before anything is written; the transaction is the caller's.
    """
    around = _windows(places.as_areas(boundary))
    progress(f"reading {extract.name}")
    found = read(extract, around.box, around.coast_box, progress)
    progress("building the walking network")
    walking = osm_network.build(found, around.srid, around.rim_m)
    if not walking.edges:
        raise Refused(f"{extract.name} has no walkable way inside the boundary")
    receipts = [
        _put_network(connection, place_id, found, walking),
        _put_buildings(connection, place_id, found, around, progress),
        _put_facilities(connection, place_id, found, around, progress),
        _put_map(connection, place_id, found, around, progress),
    ]
    receipts[1] = _attached(connection, place_id, "building", receipts[1])
    receipts[2] = _attached(connection, place_id, "facility", receipts[2])
    if found.state:
        places.date(connection, place_id, found.state)
    if any(receipt.changes for receipt in receipts):
        places.bump(connection, place_id)
    return tuple(receipts)


def _windows(boundary: shapely.MultiPolygon) -> Windows:
    srid = crs.metric_srid(boundary.centroid.x, boundary.centroid.y)
    rim_m = polygons(shapely.buffer(to_metric(srid, boundary), RIM_M))
    west, south, east, north = rim_m.bounds
    coast_m = shapely.box(west - COAST_RIM_M, south - COAST_RIM_M, east + COAST_RIM_M, north + COAST_RIM_M)
    rim = polygons(to_degrees(srid, rim_m))
    coast = polygons(to_degrees(srid, coast_m))
    return Windows(srid, boundary, rim, rim_m, coast_m, rim.bounds, coast.bounds)


def _put_network(connection: Connection, place_id: int, found: Extract, walking: osm_network.WalkingNetwork) -> Receipt:
    nodes, edges = network.store(connection, place_id, walking.nodes, walking.edges)
    stored = network.load(connection, place_id)
    part = network.components(stored)
    main = Counter(part.tolist())[0]
    kinds = Counter(row.kind.value for row in walking.edges)
    notes = (
        f"{found.read} tagged elements in the file",
        f"nodes: {len(walking.nodes)}, {nodes.added} added, {nodes.changed} moved, {nodes.removed} removed",
        f"edges: {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}",
        f"{main / len(part):.1%} of the nodes hang together; {part.max()} smaller parts are kept",
        *_lift_notes(walking.lifts),
        *((f"{found.broken} lines reach out of the extract",) if found.broken else ()),
        *(f"{source}: {reason}" for source, reason in walking.rejected),
        *_kept_notes(edges),
    )
    return _receipt("network", len(walking.edges), edges, notes=notes)


def _lift_notes(lifts: Sequence[Lift]) -> tuple[str, ...]:
    """Say what became of the lifts; those that join nothing, one by one, are the ones to map better."""
    ways = Counter(lift.found for lift in lifts)
    dead = [lift for lift in lifts if lift.found in ("dead end", "not on a walkable way", "closed")]
    return (
        f"{len(lifts)} lifts: " + (", ".join(f"{count} {found}" for found, count in ways.most_common()) or "none"),
        *(f"lift {lift.source} {lift.name or '—'}: {lift.found}" for lift in dead),
    )


def _put_buildings(
    connection: Connection, place_id: int, found: Extract, around: Windows, progress: Progress
) -> Receipt:
    rows, rejected = osm_buildings.build(found, around.srid, around.rim, around.boundary)
    progress(f"storing {len(rows)} buildings")
    homes = [row for row in rows if row.residential]
    assumed = sum(row.floors_assumed for row in homes)
    notes = (f"{len(homes)} taken as dwellings; the floors of {assumed} of them are assumed",)
    merged = buildings.store(connection, place_id, rows)
    return _receipt("buildings", len(rows), merged, rejected, (*notes, *_kept_notes(merged)))


def _put_facilities(
    connection: Connection, place_id: int, found: Extract, around: Windows, progress: Progress
) -> Receipt:
    rows, rejected = osm_facilities.build(found, around.rim)
    progress(f"storing {len(rows)} facilities")
    merged = facilities.store(connection, place_id, rows)
    count = Counter(row.service.value for row in rows)
    notes = ("services: " + (", ".join(f"{n} {service}" for service, n in count.most_common()) or "none"),)
    return _receipt("facilities", len(rows), merged, rejected, (*notes, *_kept_notes(merged)))


def _put_map(connection: Connection, place_id: int, found: Extract, around: Windows, progress: Progress) -> Receipt:
    rows = osm_features.build(found, around.srid, around.rim_m, around.coast_m)
    progress(f"storing {len(rows)} features of the base map")
    added, removed = features.store(connection, place_id, rows)
    return Receipt("base map", read=len(rows), added=added, changed=0, removed=removed)


def _attached(
    connection: Connection, place_id: int, table: Literal["building", "facility"], receipt: Receipt
) -> Receipt:
    """Hang the rows of a table on the network, and note it."""
    hung = attach(connection, place_id, table)
    note = f"{hung.attached} hang on the network, at most {hung.farthest_m:.0f} m from it"
    if hung.too_far:
        note += f"; {hung.too_far} are farther than {FARTHEST_M:.0f} m from any walkable way"
    return replace(receipt, notes=(*receipt.notes, note))


def _kept_notes(merged: Merged) -> tuple[str, ...]:
    """Say how many elements stay though the extract has them no longer."""
    if not merged.kept:
        return ()
    return (f"{merged.kept} are gone from the extract and kept: corrected by hand, or watched by a sensor",)


def _receipt(
    what: str,
    taken: int,
    merged: Merged,
    rejected: Sequence[tuple[str, str]] = (),
    notes: tuple[str, ...] = (),
) -> Receipt:
    return Receipt(
        what,
        read=taken + len(rejected),
        added=merged.added,
        changed=merged.changed,
        removed=merged.removed,
        rejected=tuple(rejected),
        notes=notes,
    )
