"""Features of a user's layer, read in a confined process: properties, a geometry as the file has it, or a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from ingest.loaders import confined
from twin import datum

__all__ = ["SUFFIXES", "Feature", "Layer", "Want", "read", "stated_datum"]

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp", ".zip")
SURE = 70  # percent; how well a .prj must agree with EPSG's definition to be called by its code
Want = Literal["areas", "points", "vertices"]
Value = str | int | float | bool | None


class Feature(msgspec.Struct, array_like=True, frozen=True):
    """One feature: its number counted from 1; where `why` is not "", it cannot be taken for that reason.

    mended: its outline crossed or touched itself, and the area is what it encloses.
    """

    number: int
    properties: dict[str, Value]
    wkb: bytes | None
    why: str
    mended: bool = False

    @property
    def shape(self) -> shapely.Geometry:
        """The geometry in the file's own coordinates; only where there is no reason against it."""
        assert self.wkb is not None, self.why
        return shapely.from_wkb(self.wkb)


class Layer(msgspec.Struct, array_like=True, frozen=True):
    """The features of a file, and the CRS it states (EPSG code or WKT), None where it states none."""

    features: list[Feature]
    stated: str | None


def read(path: Path, want: Want, *, cpu_s: int = confined.CPU_S) -> Layer:
    """Read a layer; of each feature its area, a point on it, or all its vertices.

    Raises FileNotFoundError, and RefusedFile where the file is not what its name says, or not safe.
    """
    return confined.run(f"vector_reader:{want}", path, kind=Layer, cpu_s=cpu_s)


def stated_datum(layer: Layer) -> str | None:
    """Give the CRS that the file states as a datum to parse, None where it states none that has an EPSG code."""
    if layer.stated is None:
        return None
    try:
        code = CRS.from_user_input(layer.stated).to_epsg(min_confidence=SURE)
    except CRSError:
        return None
    name = None if code is None else f"EPSG:{code}"
    return name if name is None else datum.parse(name).name
