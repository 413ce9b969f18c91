"""Load a place from its description: a TOML file that names the boundary and the official totals.

The boundary is a GeoJSON file of the datum that the description declares for all its files. All the polygons in it together are the place:
rings that touch or cross themselves are made valid, and lines and points left by that or given beside them are left
out. The file itself stays as its source gave it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import numpy as np
import shapely

from ingest.loaders import confined
from ingest.loaders.receipt import Receipt
from twin import datum as datums
from twin import places
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.terms import AgeBand

__all__ = ["Description", "Official", "load", "read", "read_boundary"]


class Official(msgspec.Struct, forbid_unknown_fields=True):
    """Official totals and their sources; shares [any unit] by age band need not add up to 1."""

    total: int
    source: str
    households: int
    households_source: str
    error: str
    shares: dict[str, float]
    year: int | None = None


class GridSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What generated grids are called: the first six digits of their codes."""

    code_prefix: str = "990000"  # 99 is no division of GB/T 2260


class Description(msgspec.Struct, forbid_unknown_fields=True):
    """A place and the files that hold it, named relative to the description."""

    code: str
    name: str
    name_zh: str
    timezone: str
    datum: str  # of the boundary, the facilities and the devices; an extract of OpenStreetMap is in WGS 84
    attribution: str
    boundary: str
    extract: str
    residents: Official
    facilities: list[str] = []
    devices: list[str] = []
    grids: GridSettings = msgspec.field(default_factory=GridSettings)


def load(connection: Connection, path: Path) -> Receipt:
    """Add the place that a description describes, or bring it up to date.

    Raises Refused where the description or the boundary cannot be taken, FileNotFoundError where one is not there.
    """
    what = read(path)
    boundary = read_boundary(path.parent / what.boundary, datum=datums.parse(what.datum))
    before = _known(connection, what.code)
    place_id = places.put(
        connection,
        code=what.code,
        name=what.name,
        name_zh=what.name_zh,
        boundary=boundary,
        timezone=what.timezone,
        residents=what.residents.total,
        households=what.residents.households,
        attribution=what.attribution,
    )
    after = _known(connection, what.code)
    assert after is not None, place_id
    return Receipt("place", read=1, added=int(before is None), changed=int(before is not None and before != after))


def read(path: Path) -> Description:
    """Read a description; raises Refused with what is wrong with it."""
    try:
        what = msgspec.toml.decode(path.read_bytes(), type=Description)
    except (msgspec.ValidationError, msgspec.DecodeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: {error}") from None
    try:
        ZoneInfo(what.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise Refused(f"{path}: unknown timezone {what.timezone!r}") from None
    try:
        datums.parse(what.datum)
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}") from None
    _check_totals(path, what.residents)
    return what


def read_boundary(path: Path, *, datum: datums.Datum = datums.WGS_84) -> shapely.MultiPolygon:
    """Read the polygons of a GeoJSON file as one boundary, in WGS 84 unless another datum is said (RFC 7946).

    Raises Refused where there is no area in it, or where it is not safe to read.
    """
    shape = shapely.from_wkb(confined.run("boundary_reader:area", path, kind=bytes))
    try:
        return places.as_areas(_moved(shape, datum))
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}") from None


def _moved(shape: shapely.Geometry, datum: datums.Datum) -> shapely.Geometry:
    """Move a shape to WGS 84."""
    if datum is datums.WGS_84:
        return shape
    return shapely.transform(shape, lambda at: np.column_stack(datum.locate(at[:, 0], at[:, 1])))


def _check_totals(path: Path, official: Official) -> None:
    if official.total < 0 or official.households < 0:
        raise Refused(f"{path}: residents and households must not be negative")
    for band, share in official.shares.items():
        try:
            AgeBand.parse(band)
        except ValueError as error:
            raise Refused(f"{path}: {error}") from None
        if not 0 <= share < float("inf"):
            raise Refused(f"{path}: share {share} of {band} is no share")
    if official.total and not sum(official.shares.values()) > 0:
        raise Refused(f"{path}: no shares by age band")


def _known(connection: Connection, code: str) -> tuple[places.Place, bytes] | None:
    """Give a place and its boundary as they are in the twin, None where it is not there."""
    try:
        place = places.get(connection, code)
    except NotFound:
        return None
    return place, shapely.to_wkb(places.boundary(connection, place.id))
