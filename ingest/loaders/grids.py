"""Load grids from a GeoJSON file, GeoPackage or Shapefile, with a report on their topology.

Polygons of the datum that is declared; a GeoPackage or Shapefile may declare it itself. Properties: code, level (street,
community or grid), name; and parent (the code of what it lies in), name_zh, valid_from, valid_to and successor, which
may be missing. A code of 9, 12 or 15 digits is a national one, and checked; one whose valid_to is past is revoked. The file is the whole
hierarchy of its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.loaders import features, grid_codes, positions
from ingest.loaders.blocks import owner
from ingest.loaders.features import Feature, Layer
from ingest.loaders.generated_grids import BAND, homes
from ingest.loaders.receipt import Receipt
from ingest.loaders.refusal import RefusedFile
from ingest.loaders.topology import addresses, findings
from twin import code_validity, codes, grids, places, zones
from twin.code_validity import Validity
from twin.datum import EXAMPLES, Bounds, Datum
from twin.db import Connection
from twin.errors import Refused
from twin.grids import LEVELS, GridRow
from twin.projection import to_metric
from twin.shapes import polygons

__all__ = ["load", "read"]

RIM = 0.2  # degrees; a grid so far from its place is of another place, or of another datum
LEVEL_ABOVE = {"street": None, "community": "street", "grid": "community"}


def load(connection: Connection, path: Path, *, place: places.Place, datum: Datum | None) -> Receipt:
    """Load the grids of a file into a place, in the stead of those it has, and put each building into one.

    Overlaps, gaps and grids outside the band of households are on the receipt and loaded as they are; of two grids that
    hold a building, the one whose code comes first gets it. datum None: what the file itself states. Raises Refused where the file is no such collection or a
    feature in it cannot be taken: nothing is loaded then.
    """
    rows, known, validities, mended = read(path, datum=datum, within=_around(place.bounds))
    found = grids.footprints(connection, place.id)
    leaves = [row for row in rows if row.level == LEVELS[-1]]
    shapes = to_metric(place.metric_srid, [leaf.geom for leaf in leaves])
    points = shapely.point_on_surface(to_metric(place.metric_srid, found.outlines))
    own = owner(shapes, points)
    inside = np.flatnonzero(own >= 0)
    codes = [leaf.code for leaf in leaves]
    households = np.zeros(len(leaves))
    np.add.at(households, own[inside], _homes(connection, place, found.ids)[inside])
    merged = grids.store(connection, place.id, _with_households(rows, dict(zip(codes, households, strict=True))))
    moved = grids.assign(connection, place.id, {int(found.ids[i]): codes[own[i]] for i in inside})
    boundary = to_metric(place.metric_srid, [places.boundary(connection, place.id)])[0]
    revoked = sum(validity.is_revoked(datetime.now(UTC).date()) for validity in validities)
    stored = code_validity.store(connection, place.id, validities)
    notes = [
        *positions.notes(known),
        *(f"feature {number}: its outline crosses itself: mended" for number in mended),
        *findings(boundary, shapes, codes, households, BAND),
        *addresses(shapes, points[found.residential], [*compress(found.source_ids, found.residential.tolist())]),
        *_foreign_codes(rows),
        f"{len(inside)} of {len(own)} buildings lie in a grid, {moved} in another than before",
    ]
    if validities:
        notes.append(f"{len(validities)} codes hold for a time, {revoked} of them no longer; {stored} of that is new")
    return Receipt("grids", len(rows), merged.added, merged.changed, merged.removed, notes=tuple(notes))


def _homes(connection: Connection, place: places.Place, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the households of each building as they are known, or by floor area where no residents are loaded."""
    known = zones.households(connection, place.id)
    if not known:
        return homes(connection, place, ids)
    return np.array([known.get(building, 0) for building in ids.tolist()], np.int64)


class Read(NamedTuple):
    """The grids of a file, from the largest to the smallest, its datum, and the codes that hold for a time only.

    mended are the numbers of the features whose outline crossed itself.
    """

    rows: list[GridRow]
    datum: Datum
    validities: list[Validity]
    mended: list[int]


def read(path: Path, *, datum: Datum | None, within: Bounds | None = None) -> Read:
    """Read a file of grids; those whose code is revoked are among the validities only.

    Households are not known yet and 0. within is where they must lie [degrees, WGS 84]. Raises Refused with the number
    of the feature, counted from 1, and what is wrong with it.
    """
    layer = features.read(path, "areas")
    known = datum or _stated(path, layer)
    rows: dict[str, GridRow] = {}
    validities: list[Validity] = []
    for feature in layer.features:
        try:
            validity = _validity(feature)
            if validity:
                validities.append(validity)
                if validity.is_revoked(datetime.now(UTC).date()):
                    continue
            row = _row(feature)
            grid_codes.check(row)
        except Refused as refusal:
            raise Refused(f"{path}: feature {feature.number}: {refusal}") from None
        if row.code in rows:
            raise Refused(f"{path}: feature {feature.number}: code {row.code} is there twice")
        rows[row.code] = row
    _check_parents(path, rows)
    ordered = sorted(rows.values(), key=lambda row: (LEVELS.index(row.level), row.code))
    try:
        shapes = _degrees([row.geom for row in ordered], known, within)
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}; linli crs guess may tell the datum") from None
    located = [replace(row, geom=shape) for row, shape in zip(ordered, shapes, strict=True)]
    return Read(located, known, validities, [feature.number for feature in layer.features if feature.mended])


def _around(bounds: Bounds) -> Bounds:
    west, south, east, north = bounds
    return west - RIM, south - RIM, east + RIM, north + RIM


def _stated(path: Path, layer: Layer) -> Datum:
    """Give the datum that the file itself states; raises Refused where it states none."""
    said = features.stated_datum(layer)
    if said is None and layer.stated is not None:
        raise RefusedFile("undecided-datum", path, stated=layer.stated[:80], examples=EXAMPLES)
    return positions.declared(said, path)


def _degrees(shapes: Sequence[shapely.MultiPolygon], known: Datum, within: Bounds | None) -> list[shapely.MultiPolygon]:
    """Move shapes to WGS 84; raises Refused where one lies outside."""

    def moved(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(known.locate(at[:, 0], at[:, 1], within=within))

    found = np.empty(len(shapes), dtype=np.object_)
    found[:] = list(shapes)
    return list(shapely.transform(found, moved))


def _validity(feature: Feature) -> Validity | None:
    """Read how long the code of a feature holds; None where that is not said."""
    code = _text(feature.properties, "code")
    return grid_codes.validity(code, feature.properties) if code else None


def _foreign_codes(rows: Sequence[GridRow]) -> list[str]:
    """Say how many codes cannot be checked."""
    own = sum(not grid_codes.is_national(row.code) for row in rows)
    return [f"{own} codes are not of the national form of 9, 12 or 15 digits, and not checked"] if own else []


def _row(feature: Feature) -> GridRow:
    """Make a grid of one feature, in its own coordinates; raises Refused with the reason."""
    if feature.why and not feature.properties:
        raise Refused(feature.why)
    said = feature.properties
    code, name, level = (_text(said, column) for column in ("code", "name", "level"))
    if not code or not name:
        raise Refused("no code or no name")
    if level not in LEVELS:
        raise Refused(f"level {level!r} is none of {', '.join(LEVELS)}")
    if feature.why:
        raise Refused(feature.why)
    return GridRow(
        code=code,
        level=LEVELS[LEVELS.index(level)],
        parent=_text(said, "parent"),
        name=name,
        name_zh=_text(said, "name_zh") or name,
        households=0,
        generated=False,
        geom=polygons(feature.shape),
    )


def _text(said: Mapping[str, object], name: str) -> str | None:
    """Give a property as text; None where it is missing or empty. A code may be written as a number."""
    value = said.get(name)
    if isinstance(value, str) and codes.has_citizen_number(value):
        raise Refused(f"a citizen's identity number in {name}: linli keeps none")
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refused(f"{name} {value!r} is no text")


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
