"""Read the features of a GeoJSON file, GeoPackage or Shapefile; run in a confined process (ingest/loaders/confined.py).

The kind follows from the file's name and must agree with its first bytes: GDAL would take a VRT called .geojson for
what it is, and follow it into other files and the network.
"""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from ingest.loaders import archive, encodings
from ingest.loaders.features import Feature, Layer
from ingest.loaders.refusal import RefusedFile
from twin.shapes import polygons

__all__ = ["MOST_BYTES", "MOST_DEPTH", "MOST_VERTICES", "areas", "depth", "points", "vertices"]

GEOJSON, ZIP = (".geojson", ".json"), ".zip"
KINDS = (*GEOJSON, ".gpkg", ".shp", ZIP)
MOST_BYTES = 256 * 2**20
MOST_FEATURES = 200_000
MOST_VERTICES = 5_000_000
MOST_DEPTH = 100  # a geometry of a feature needs 8
STRINGS, NOT_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL), re.compile(rb"[^][{}]+")
# What a file of the kind starts with: SQLite's header, and the file code 9994 of a Shapefile.
MAGIC = {".gpkg": (b"SQLite format 3\0", "GPKG"), ".shp": (b"\0\0\x27\x0a", "ESRI Shapefile")}
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
PLAIN = (str, int, float, bool, type(None))

Shaped = Callable[[shapely.Geometry], shapely.Geometry]


def areas(path: Path) -> Layer:
    """Read polygons, made valid; a feature without area has a reason instead."""
    return _read(path, _area)


def points(path: Path) -> Layer:
    """Read points; of what is larger, a point on it."""
    return _read(path, _point)


def vertices(path: Path) -> Layer:
    """Read the vertices of whatever there is, as multipoints."""
    return _read(path, lambda shape: shapely.MultiPoint(shapely.get_coordinates(shape)))


def _read(path: Path, shaped: Shaped) -> Layer:
    suffix = path.suffix.lower()
    if suffix not in KINDS:
        raise RefusedFile("unknown-kind", suffix=suffix or "without a name", kinds=", ".join(KINDS))
    if not path.is_file():
        raise RefusedFile("no-file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise RefusedFile("too-large", size=size, most=MOST_BYTES)
    if suffix in GEOJSON:
        return _geojson(path, shaped)
    if suffix == ZIP:
        return _zipped(path, shaped)
    return _gdal(path, suffix, shaped)


def _geojson(path: Path, shaped: Shaped) -> Layer:
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    if content.lstrip()[:1] == b"<":
        raise RefusedFile("wrong-kind", kind="GeoJSON")
    if depth(content) > MOST_DEPTH:
        raise RefusedFile("too-deep")
    try:
        whole = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedFile("not-json", why=error) from None
    found = whole.get("features") if isinstance(whole, dict) and whole.get("type") == "FeatureCollection" else None
    if not isinstance(found, list) or not found:
        raise RefusedFile("no-features")
    if len(found) > MOST_FEATURES:
        raise RefusedFile("too-many", most=MOST_FEATURES, what="features")
    return Layer([_feature(number, each, shaped) for number, each in enumerate(found, start=1)], stated=None)


def depth(content: bytes) -> int:
    """Count how deep a JSON text is nested; how deep the decoder itself goes depends on the Python."""
    brackets = np.frombuffer(NOT_BRACKETS.sub(b"", STRINGS.sub(b"", content)), dtype=np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    return int(np.cumsum(np.where(opens, 1, -1), dtype=np.int32).max(initial=0))


def _feature(number: int, said: object, shaped: Shaped) -> Feature:
    if not isinstance(said, dict) or not isinstance(said.get("properties"), dict):
        return Feature(number, {}, None, "no feature with properties")
    properties = {str(name): _plain(value) for name, value in said["properties"].items()}
    geometry = said.get("geometry")
    if geometry is None:
        return Feature(number, properties, None, "no geometry")
    try:
        shape = shapely.from_geojson(msgspec.json.encode(geometry))
    except (shapely.GEOSException, ValueError) as error:
        return Feature(number, properties, None, f"its geometry cannot be read: {error}")
    return _shaped(number, properties, shape, shaped)


def _shaped(
    number: int, properties: dict[str, Any], shape: shapely.Geometry | None, shaped: Shaped, *, why: str = ""
) -> Feature:
    """Make a feature of a shape as it was read; with the reason where it cannot be one."""
    if shape is None or shapely.is_empty(shape):
        return Feature(number, properties, None, why or "no geometry")
    coordinates = shapely.get_coordinates(shape)
    if len(coordinates) > MOST_VERTICES:
        return Feature(number, properties, None, f"more than {MOST_VERTICES} vertices")
    if not (abs(coordinates) < float("inf")).all():
        return Feature(number, properties, None, "a coordinate is no finite number")
    made = shaped(shapely.force_2d(shape))
    if shapely.is_empty(made):
        return Feature(number, properties, None, "its geometry has no area")
    return Feature(number, properties, shapely.to_wkb(made), "", not shapely.is_valid(shape))


def _area(shape: shapely.Geometry) -> shapely.Geometry:
    return polygons(shape)


def _point(shape: shapely.Geometry) -> shapely.Geometry:
    return shape if isinstance(shape, shapely.Point) else shapely.point_on_surface(shapely.make_valid(shape))


def _zipped(path: Path, shaped: Shaped) -> Layer:
    """Read the one Shapefile in a zip."""
    archive.check(path)
    with tempfile.TemporaryDirectory() as folder:
        parts = archive.unpack(path, Path(folder), SHAPEFILE)
        shapes = [part for part in parts if part.suffix.lower() == ".shp"]
        if len(shapes) != 1:
            raise RefusedFile("zip-layers", count=len(shapes))
        return _gdal(shapes[0], ".shp", shaped)


def _gdal(path: Path, suffix: str, shaped: Shaped) -> Layer:
    import pyogrio  # here: half of the time that a GeoJSON file takes is not spent on GDAL
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    magic, driver = MAGIC[suffix]
    with path.open("rb") as file:
        if file.read(len(magic)) != magic:
            raise RefusedFile("wrong-kind", kind=driver)
    encoding = _encoding(path) if suffix == ".shp" else None
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(layers) != 1:
            raise RefusedFile("layers", count=len(layers), names=", ".join(layers[:5]))
        about = pyogrio.read_info(path, layer=layers[0])
        if about["driver"] != driver:
            raise RefusedFile("wrong-kind", kind=driver)
        return _features(path, layers[0], encoding, shaped)
    except (DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, CRSError, ValueError) as error:
        if isinstance(error, RefusedFile):
            raise
        raise RefusedFile("unreadable", why=str(error).splitlines()[0][:200]) from None


def _features(path: Path, layer: str, encoding: str | None, shaped: Shaped) -> Layer:
    meta, _, geometries, columns = _raw(path, layer, encoding)
    names = [str(name) for name in meta["fields"]]
    if len(geometries) > MOST_FEATURES:
        raise RefusedFile("too-many", most=MOST_FEATURES, what="features")
    if not len(geometries):
        raise RefusedFile("no-features")
    rows = zip(*(column.tolist() for column in columns), strict=True) if columns else ((),) * len(geometries)
    found = []
    for number, (wkb, row) in enumerate(zip(geometries, rows, strict=True), start=1):
        properties = {name: _plain(value) for name, value in zip(names, row, strict=True)}
        shape, why = _from_wkb(wkb)
        found.append(_shaped(number, properties, shape, shaped, why=why))
    return Layer(found, stated=meta["crs"])


def _raw(path: Path, layer: str, encoding: str | None) -> Any:
    """Read a layer by GDAL; of a Shapefile that says no encoding, UTF-8 is tried before GB18030."""
    from pyogrio.raw import read

    tried = [encoding] if encoding else ["utf-8", "gb18030"] if path.suffix.lower() == ".shp" else [None]
    for each in tried:
        try:
            return read(path, layer=layer, encoding=each, max_features=MOST_FEATURES + 1, force_2d=True)
        except UnicodeDecodeError as error:
            why = error
    raise RefusedFile("text-encoding", why=why)


def _encoding(path: Path) -> str | None:
    """Give the encoding that a Shapefile's .cpg declares, None where there is none."""
    for part in (".shx", ".dbf"):
        if not any(path.with_suffix(each).is_file() for each in (part, part.upper())):
            raise RefusedFile("missing-part", name=path.with_suffix(part).name)
    return encodings.declared(path)


def _from_wkb(wkb: bytes | None) -> tuple[shapely.Geometry | None, str]:
    try:
        return (None, "") if wkb is None else (shapely.from_wkb(wkb), "")
    except shapely.GEOSException as error:
        return None, f"its geometry cannot be read: {error}"


def _plain(value: object) -> str | int | float | bool | None:
    """Give a value as JSON would have it: NaN is what GDAL gives for an empty number."""
    if isinstance(value, float):
        return None if value != value else int(value) if value.is_integer() else value  # noqa: PLR0124
    return value if isinstance(value, PLAIN) else str(value)
