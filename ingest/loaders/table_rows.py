"""The rows of a table as fields by column, from a CSV file, a sheet or a layer of features."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from ingest.loaders import confined, features
from ingest.loaders.sheet_reader import FORMULA
from twin.errors import Refused

__all__ = ["FORMULA", "Fields", "Rows", "read"]

# By column; under None stands what is wrong with the row as a whole, "" where it has more fields than columns.
Fields = Mapping[str | None, str]

SAME = {"x": "lon", "y": "lat", "经度": "lon", "纬度": "lat"}  # what a plane system calls the same two columns
SHEET = ".xlsx"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with their numbers as the file's editor numbers them, and what it calls them."""

    word: str
    rows: Iterator[tuple[int, Fields]]


def read(path: Path, *, needed: Sequence[str], optional: Sequence[str] | None = ()) -> Rows:
    """Open a table; x and y may stand for lon and lat. With optional None it may have any other columns.

    Raises Refused where it is no table or lacks a column, or has one that is not known; FileNotFoundError where it is
    not there.
    """
    suffix = path.suffix.lower()
    if suffix == SHEET:
        return Rows("row", _sheet(path, needed, optional))
    if suffix in features.SUFFIXES:
        return Rows("feature", _features(path, needed, optional))
    return Rows("line", _csv(path, needed, optional))


def _csv(path: Path, needed: Sequence[str], optional: Sequence[str] | None) -> Iterator[tuple[int, Fields]]:
    """Give the rows of a CSV file in UTF-8, by the line where each ends, fields without blanks around them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file, strict=True)
            names = list(table.fieldnames or ())
            table.fieldnames = _names(path, names, needed, optional)
            for fields in table:
                values = {name: str(value or "").strip() for name, value in fields.items()}
                yield table.line_num, {**values, None: ""} if None in fields else values
    except UnicodeDecodeError as error:
        raise Refused(f"{path}: not UTF-8 text (byte {error.start})") from None
    except csv.Error as error:
        raise Refused(f"{path}: after line {table.line_num}: {error}") from None


def _sheet(path: Path, needed: Sequence[str], optional: Sequence[str] | None) -> Iterator[tuple[int, Fields]]:
    head, *rest = confined.run("sheet_reader:rows", path, kind=list[tuple[int, list[str]]])
    names = _names(path, head[1], needed, optional)
    for number, cells in rest:
        fields: dict[str | None, str] = dict(zip(names, cells + [""] * (len(names) - len(cells)), strict=False))
        yield number, {**fields, None: ""} if len(cells) > len(names) else fields


def _features(path: Path, needed: Sequence[str], optional: Sequence[str] | None) -> Iterator[tuple[int, Fields]]:
    """Give the features as rows, a point of each as lon and lat, in the file's own coordinates."""
    layer = features.read(path, "points")
    names = list(dict.fromkeys(name for feature in layer.features for name in feature.properties))
    of = dict(zip(names, _names(path, [*names, "lon", "lat"], needed, optional), strict=False))
    for feature in layer.features:
        fields: dict[str | None, str] = dict.fromkeys((*of.values(), "lon", "lat"), "")
        fields |= {of[name]: _text(value) for name, value in feature.properties.items()}
        if feature.why:
            fields[None] = feature.why
        elif isinstance(shape := feature.shape, shapely.Point):
            fields |= {"lon": repr(shape.x), "lat": repr(shape.y)}
        yield feature.number, fields


def _names(path: Path, names: Sequence[str], needed: Sequence[str], optional: Sequence[str] | None) -> list[str]:
    """Give the columns' names as linli calls them; raises Refused where they are not the needed and optional ones."""
    wanted = (*needed, *(optional or ()))
    known = [name if name in wanted else SAME.get(name, name) for name in names]
    if missing := [name for name in needed if name not in known]:
        raise Refused(f"{path}: no column {', '.join(missing)}")
    if optional is not None and (strange := [name for name in known if name not in wanted]):
        raise Refused(f"{path}: unknown column {', '.join(strange)}; there are {', '.join(wanted)}")
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise Refused(f"{path}: two columns {', '.join(twice)}")
    return known


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()
