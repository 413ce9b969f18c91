"""Load facilities from a table: CSV, XLSX, or the points of a GeoJSON file, GeoPackage or Shapefile.

Columns: id, service and name; a place: lon and lat (x and y in a plane system; the points of a layer), or building
(source id), or the address of a building that is in the twin; and what may be missing or empty: NAMED below. service is
one of linli's, or a name in facility_kinds.toml or a table of the user's own. The source says where the facility is
from (demo: invented); without it that is the file's name. The file is the whole of what its sources say: a facility of
theirs that is not in it any more is removed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import shapely

from ingest.loaders import hours, positions, table
from ingest.loaders.receipt import Receipt
from ingest.loaders.refusal import RefusedFile
from twin import buildings, codes, crs, facilities, places
from twin.attachment import attach
from twin.buildings import Spot
from twin.datum import EXAMPLES, WGS_84, Datum
from twin.db import Connection
from twin.errors import Refused
from twin.facilities import FacilityRow
from twin.projection import to_metric
from twin.terms import Service

__all__ = ["Known", "kinds", "load", "read"]

RIM_M = 1000.0  # so far outside the boundary a facility may serve people inside it
KINDS = Path(__file__).with_name("facility_kinds.toml")
NEEDED = ("id", "service", "name")
WHERE = ("lon", "lat", "building", "address", "floor", "entrance_lon", "entrance_lat")
AREAS = ("office_m2", "service_m2", "activity_m2", "emergency_m2")
NAMED = ("name_zh", "opening_hours", "step_free", "capacity", "staff", "organisation", "source")
OPTIONAL = (*WHERE, *NAMED, *AREAS)
STEP_FREE = {"": None, "yes": True, "no": False, "是": True, "否": False, "有": True, "无": False}
OSM = "osm"  # the source of what the map's loader writes
MOST_LAT = 90
MOST_PEOPLE = 2**31 - 1  # what the column holds
MOST_M2 = 1_000_000.0
FLOOR = re.compile(r"(?:(B|地下|负|-)\s*)?(\d{1,3})(?:F|层|楼)?", re.IGNORECASE)
FLOORS = (-9, 200)

Distance = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class Known:
    """What the twin and the user's tables know already.

    distance_m gives how far outside the place a point is [m], 0 inside; owners the source of each facility, by source
    id and service; services what each name of a service means; spots the buildings by source id, addresses by address
    where only one has it.
    """

    distance_m: Distance
    owners: Mapping[tuple[str, str], str]
    services: Mapping[str, Service]
    spots: Mapping[str, Spot]
    addresses: Mapping[str, Spot | None]


def load(
    connection: Connection,
    path: Path,
    *,
    place: places.Place,
    datum: Datum | None,
    partial: bool = False,
    own_kinds: Path | None = None,
) -> Receipt:
    """Load the facilities of a file into a place, hang them on its network, and count the network version up on a change.

    datum is that of their coordinates, None where none has any; own_kinds a table like facility_kinds.toml. Raises
    Refused where the file is no such table, and where a row is refused and partial is not said: nothing is loaded then.
    """
    found = read(path, datum=datum, known=_known(connection, place, own_kinds))
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
        notes=(*found.notes, *(positions.notes(datum) if datum else ())),
    )
    if receipt.changes:
        attach(connection, place.id, "facility")
        places.bump(connection, place.id)
    return receipt


def kinds(own: Path | None = None) -> dict[str, Service]:
    """Read what each name of a service means: linli's names, the table beside this module, and the user's over both."""
    meaning = {service.value: service for service in Service}
    for path in (KINDS, *((own,) if own else ())):
        try:
            table_of: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Refused(f"{path}: {error}") from None
        for service, names in table_of.items():
            if service not in list(Service) or not isinstance(names, list):
                raise Refused(f"{path}: {service} is no service with a list of names; there are {', '.join(Service)}")
            meaning |= {str(name): Service(service) for name in names}
    return meaning


def read(path: Path, *, datum: Datum | None, known: Known) -> table.Table[FacilityRow]:
    """Read a facility file; RefusedFile where it has coordinates and no datum is declared."""
    placed: list[str] = []

    def parse(fields: table.Row) -> FacilityRow:
        placed.extend(fields.get(name, "") for name in ("lon", "lat", "entrance_lon", "entrance_lat"))
        row = _facility(fields, path.stem, datum or WGS_84, known)
        owner = known.owners.get((row.source_id, row.service), row.source)
        if owner != row.source:
            raise Refused(f"{row.service} {row.source_id} is one of {owner}'s")
        if fields.get("lon") or fields.get("lat"):
            _check_place(fields, row, datum or WGS_84, known.distance_m)
        return row

    found = table.read(path, parse, needed=NEEDED, optional=OPTIONAL, key=lambda row: (row.source_id, row.service))
    if datum is None and any(placed):
        raise RefusedFile("no-datum", path, examples=EXAMPLES)
    return found


def _facility(fields: table.Row, stem: str, datum: Datum, known: Known) -> FacilityRow:
    """Make a facility of one row; raises Refused with the reason."""
    if fields["service"] not in known.services:
        raise Refused(f"unknown service {fields['service']!r}; there are {', '.join(Service)}")
    if fields.get("source") == OSM:
        raise Refused(f"source {OSM} is the map's own")
    step_free = fields.get("step_free", "")
    if step_free not in STEP_FREE:
        raise Refused(f"step_free {step_free!r} is neither yes nor no nor empty")
    lon, lat, inside = _place(fields, datum, known)
    stated_hours = table.text(fields, "opening_hours")
    organisation = table.text(fields, "organisation")
    return FacilityRow(
        source_id=fields["id"],
        service=known.services[fields["service"]],
        name=table.text(fields, "name") or "",
        name_zh=table.text(fields, "name_zh"),
        opening_hours=hours.as_openstreetmap(stated_hours) if stated_hours else None,
        step_free=STEP_FREE[step_free],
        capacity=_people(fields, "capacity"),
        source=table.text(fields, "source") or stem,
        lon=lon,
        lat=lat,
        organisation=codes.check_organisation(organisation) if organisation else None,
        floor=_floor(fields.get("floor", "")),
        address=table.text(fields, "address") or (inside.address if inside else None),
        building=inside.source_id if inside else None,
        entrance=_entrance(fields, datum, known.distance_m),
        staff=_people(fields, "staff"),
        **{name: _area(fields, name) for name in AREAS},
    )


def _place(fields: table.Row, datum: Datum, known: Known) -> tuple[float, float, Spot | None]:
    """Find where a facility is: at its own coordinates, else at its building, by id or address."""
    building, address = fields.get("building", ""), fields.get("address", "")
    inside = known.spots.get(building)
    if building and inside is None:
        raise Refused(f"no building {building[:40]!r} in the place")
    if fields.get("lon") or fields.get("lat"):
        lon, lat = positions.position(fields.get("lon", ""), fields.get("lat", ""), datum)
        return lon, lat, inside
    if inside is None and address:
        if address not in known.addresses:
            raise Refused(f"no building with the address {address[:60]!r}")
        inside = known.addresses[address]
        if inside is None:
            raise Refused(f"several buildings with the address {address[:60]!r}: say which by building")
    if inside is None:
        raise Refused("no place: lon and lat, building, or address")
    return inside.lon, inside.lat, inside


def _entrance(fields: table.Row, datum: Datum, distance_m: Distance) -> tuple[float, float] | None:
    x, y = fields.get("entrance_lon", ""), fields.get("entrance_lat", "")
    if not (x or y):
        return None
    lon, lat = positions.position(x, y, datum)
    if distance_m(lon, lat) > RIM_M:
        raise Refused(f"the entrance, lon {x}, lat {y}, is outside the place")
    return lon, lat


def _people(fields: table.Row, column: str) -> int | None:
    stated = fields.get(column, "")
    if not stated:
        return None
    if not (stated.isascii() and stated.isdecimal() and int(stated) <= MOST_PEOPLE):
        raise Refused(f"{column} {stated[:40]!r} is not a whole number of people")
    return int(stated)


def _area(fields: table.Row, column: str) -> float | None:
    stated = fields.get(column, "")
    if not stated:
        return None
    try:
        area_m2 = float(stated)
    except ValueError:
        area_m2 = -1.0
    if not 0 <= area_m2 <= MOST_M2:
        raise Refused(f"{column} {stated[:40]!r} is no floor area from 0 to {MOST_M2:.0f} m²")
    return area_m2


def _floor(stated: str) -> int | None:
    if not stated:
        return None
    found = FLOOR.fullmatch(stated)
    floor = 0 if found is None else -int(found[2]) if found[1] else int(found[2])
    if floor == 0 or not FLOORS[0] <= floor <= FLOORS[1]:
        raise Refused(f"floor {stated[:40]!r} is no floor: 1 is the ground floor, -1 the first below it")
    return floor


def _check_place(fields: table.Row, row: FacilityRow, datum: Datum, distance_m: Distance) -> None:
    away_m = distance_m(row.lon, row.lat)
    if away_m <= RIM_M:
        return
    east, north = fields["lon"], fields["lat"]
    x, y = positions.numbers(east, north)
    lon, lat = (float(value) for value in datum.degrees(y, x))
    if abs(lat) <= MOST_LAT and distance_m(lon, lat) <= RIM_M:
        raise Refused(f"lon {east}, lat {north} are the wrong way round")
    raise Refused(f"lon {east}, lat {north} is {away_m / 1000:.1f} km outside the place")


def _known(connection: Connection, place: places.Place, own_kinds: Path | None) -> Known:
    spots = buildings.spots(connection, place.id)
    addresses: dict[str, Spot | None] = {}
    for spot in spots:
        if spot.address:
            addresses[spot.address] = None if spot.address in addresses else spot
    return Known(
        distance_m=_distance(connection, place),
        owners=facilities.sources(connection, place.id),
        services=kinds(own_kinds),
        spots={spot.source_id: spot for spot in spots},
        addresses=addresses,
    )


def _distance(connection: Connection, place: places.Place) -> Distance:
    boundary = to_metric(place.metric_srid, [places.boundary(connection, place.id)])[0]
    shapely.prepare(boundary)

    def distance_m(lon: float, lat: float) -> float:
        x, y = (float(value) for value in crs.project(place.metric_srid, lon, lat))
        # far away the projection may have no answer: infinite, and so is the distance
        return float(shapely.distance(boundary, shapely.Point(x, y))) if x < float("inf") else float("inf")

    return distance_m
