"""Where a user's file says that things are: by its declared datum, in WGS 84."""

from __future__ import annotations

import math
from pathlib import Path

from ingest.loaders import table
from ingest.loaders.refusal import RefusedFile
from twin import datum, local_fit
from twin.datum import Datum
from twin.errors import Refused

__all__ = ["declared", "notes", "numbers", "position"]

LOCAL = "local:"
CONTROLS = ("x", "y", "lon", "lat")
MOST = {"lon": 180.0, "lat": 90.0}


def declared(said: str | None, path: Path) -> Datum:
    """Give the datum that is declared for a file; raises Refused where none is, or one that is not known.

    `local:CONTROL.csv` fits a local system on the control points of that file: x (east), y (north) in it, and lon, lat
    in WGS 84 or CGCS2000.
    """
    if not said:
        raise RefusedFile("no-datum", path, examples=datum.EXAMPLES)
    if said.startswith(LOCAL):
        return _fitted(Path(said.removeprefix(LOCAL)))
    return datum.parse(said)


def notes(known: Datum) -> tuple[str, ...]:
    """Give what a receipt says of a datum: nothing for WGS 84."""
    if known is datum.WGS_84:
        return ()
    return (f"coordinates read as {known.name}", *((known.warning,) if known.warning else ()))


def numbers(x: str, y: str) -> tuple[float, float]:
    """Give the coordinates of a row as the file has them; raises Refused where one is no finite number."""
    values = []
    for name, stated in (("lon", x), ("lat", y)):
        try:
            values.append(float(stated))
        except ValueError:
            raise Refused(f"{name} {stated[:40]!r} is not a number") from None
        if not math.isfinite(values[-1]):
            raise Refused(f"{name} {stated[:40]} is no {name} on the earth")
    return values[0], values[1]


def position(x: str, y: str, known: Datum) -> tuple[float, float]:
    """Give the WGS 84 degrees (lon, lat) of a row's coordinates; raises Refused with what is wrong with them."""
    east, north = numbers(x, y)
    there = known.degrees(east, north)
    lon, lat = float(there[0]), float(there[1])
    if abs(lon) <= MOST["lon"] and abs(lat) <= MOST["lat"] and known.covers(*there):
        return lon, lat
    if known.area == datum.WGS_84.area:
        # NaN compares false: it is named too
        name, stated = ("lat", y) if abs(lon) <= MOST["lon"] else ("lon", x)
        raise Refused(f"{name} {stated} is no {name} on the earth")
    if known.covers(*known.degrees(north, east)):
        raise Refused(f"lon {x}, lat {y} are the wrong way round")
    raise Refused(f"lon {x}, lat {y} is no place that {known.name} is used in")


def _fitted(path: Path) -> Datum:
    def point(fields: table.Row) -> tuple[float, float, float, float]:
        x, y = numbers(fields["x"], fields["y"])
        return x, y, *position(fields["lon"], fields["lat"], datum.WGS_84)

    found = table.read(path, point, needed=CONTROLS, key=lambda row: row)
    found.refuse_rejected()
    if not found.taken:
        raise Refused(f"{path}: no control points")
    try:
        return datum.fitted(local_fit.fit(*zip(*found.taken.values(), strict=True)))
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}") from None
