"""Load facilities from a table: CSV, XLSX, or the points of a GeoJSON file, GeoPackage or Shapefile.

Columns: id, service, name, lon, lat; and name_zh, opening_hours, step_free (yes, no or empty: not known), capacity
[people], source, which may be missing or empty. lon and lat are of the datum that is declared, x and y in a plane
system; in a layer they are its points. The source says where the facility is
from (demo: invented); without it that is the file's name. The file is the whole of what its sources say: a facility of
theirs that is not in it any more is removed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import shapely

from ingest.loaders import positions, table
from ingest.loaders.receipt import Receipt
from twin import crs, facilities, places
from twin.attachment import attach
from twin.datum import Datum
from twin.db import Connection
from twin.errors import Refused
from twin.facilities import FacilityRow
from twin.projection import to_metric
from twin.terms import Service

__all__ = ["load", "read"]

RIM_M = 1000.0  # so far outside the boundary a facility may serve people inside it
NEEDED = ("id", "service", "name", "lon", "lat")
OPTIONAL = ("name_zh", "opening_hours", "step_free", "capacity", "source")
STEP_FREE = {"": None, "yes": True, "no": False}
OSM = "osm"  # the source of what the map's loader writes
MOST_LAT = 90
MOST_CAPACITY = 2**31 - 1  # what the column holds

Distance = Callable[[float, float], float]


def load(connection: Connection, path: Path, *, place: places.Place, datum: Datum, partial: bool = False) -> Receipt:
    """Load the facilities of a file into a place, hang them on its network, and count the network version up on a change.

    Raises Refused where the file is no such table, and where a row is refused and partial is not said: nothing is
    loaded then.
    """
    known = facilities.sources(connection, place.id)
    found = read(path, datum=datum, distance_m=_distance(connection, place), known=known)
    if not partial:
        found.refuse_rejected()
    merged = facilities.store(connection, place.id, list(found.taken.values()))
    receipt = Receipt(
        "facilities",
        read=found.count,
        added=merged.added,
        changed=merged.changed,
        removed=merged.removed,
        rejected=found.receipt_rows(),
        notes=positions.notes(datum),
    )
    if receipt.changes:
        attach(connection, place.id, "facility")
        places.bump(connection, place.id)
    return receipt


def read(
    path: Path, *, datum: Datum, distance_m: Distance, known: dict[tuple[str, str], str]
) -> table.Table[FacilityRow]:
    """Read a facility file.

    distance_m gives how far outside the place a point is [m], 0 inside; known is the source of each facility that is in
    the twin already, by source id and service.
    """

    def parse(fields: table.Row) -> FacilityRow:
        row = _facility(fields, path.stem, datum)
        owner = known.get((row.source_id, row.service), row.source)
        if owner != row.source:
            raise Refused(f"{row.service} {row.source_id} is one of {owner}'s")
        _check_place(fields, row, datum, distance_m)
        return row

    return table.read(path, parse, needed=NEEDED, optional=OPTIONAL, key=lambda row: (row.source_id, row.service))


def _facility(fields: table.Row, stem: str, datum: Datum) -> FacilityRow:
    """Make a facility of one row; raises Refused with the reason."""
    if fields["service"] not in list(Service):
        raise Refused(f"unknown service {fields['service']!r}; there are {', '.join(Service)}")
    if fields.get("source") == OSM:
        raise Refused(f"source {OSM} is the map's own")
    step_free = fields.get("step_free", "")
    if step_free not in STEP_FREE:
        raise Refused(f"step_free {step_free!r} is neither yes nor no nor empty")
    lon, lat = positions.position(fields["lon"], fields["lat"], datum)
    return FacilityRow(
        source_id=fields["id"],
        service=Service(fields["service"]),
        name=table.text(fields, "name") or "",
        name_zh=table.text(fields, "name_zh"),
        opening_hours=table.text(fields, "opening_hours"),
        step_free=STEP_FREE[step_free],
        capacity=_capacity(fields.get("capacity", "")),
        source=table.text(fields, "source") or stem,
        lon=lon,
        lat=lat,
    )


def _capacity(stated: str) -> int | None:
    if not stated:
        return None
    if not (stated.isascii() and stated.isdecimal() and int(stated) <= MOST_CAPACITY):
        raise Refused(f"capacity {stated[:40]!r} is not a whole number of people")
    return int(stated)


def _check_place(fields: table.Row, row: FacilityRow, datum: Datum, distance_m: Distance) -> None:
    away_m = distance_m(row.lon, row.lat)
    if away_m <= RIM_M:
        return
    where = f"lon {fields['lon']}, lat {fields['lat']}"
    x, y = positions.numbers(fields["lon"], fields["lat"])
    lon, lat = (float(value) for value in datum.degrees(y, x))
    if abs(lat) <= MOST_LAT and distance_m(lon, lat) <= RIM_M:
        raise Refused(f"{where} are the wrong way round")
    raise Refused(f"{where} is {away_m / 1000:.1f} km outside the place")


def _distance(connection: Connection, place: places.Place) -> Distance:
    boundary = to_metric(place.metric_srid, [places.boundary(connection, place.id)])[0]
    shapely.prepare(boundary)

    def distance_m(lon: float, lat: float) -> float:
        x, y = (float(value) for value in crs.project(place.metric_srid, lon, lat))
        # far away the projection may have no answer: infinite, and so is the distance
        return float(shapely.distance(boundary, shapely.Point(x, y))) if x < float("inf") else float("inf")

    return distance_m
