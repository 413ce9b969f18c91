"""The rows of a table as fields by column, from a CSV file, a sheet or a layer of features."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import shapely

from ingest.loaders import confined, encodings, features
from ingest.loaders.refusal import RefusedFile
from ingest.loaders.sheet_reader import FORMULA
from twin.errors import Refused

__all__ = ["FORMULA", "Fields", "Rows", "read"]

# By column; under None stands what is wrong with the row as a whole, "" where it has more fields than columns.
Fields = Mapping[str | None, str]

HEADINGS = Path(__file__).with_name("headings.toml")  # other names for the columns, Chinese ones above all
SHEET = ".xlsx"
MOST_BYTES = 256 * 2**20
MOST_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows with their numbers as the file's editor numbers them, and what it calls them."""

    word: str
    rows: Iterator[tuple[int, Fields]]
    notes: tuple[str, ...] = ()


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
    if path.stat().st_size > MOST_BYTES:
        raise RefusedFile("too-large", path, size=path.stat().st_size, most=MOST_BYTES)
    encoding = encodings.of_text(path)
    notes = ("read as GB18030: it is not UTF-8, and no .cpg says what it is",) if encoding == encodings.GB18030 else ()
    return Rows("line", _csv(path, encoding, needed, optional), notes)


def _csv(
    path: Path, encoding: str, needed: Sequence[str], optional: Sequence[str] | None
) -> Iterator[tuple[int, Fields]]:
    """Give the rows of a CSV file, by the line where each ends, fields without blanks around them."""
    try:
        with path.open(encoding=encoding, newline="") as file:
            table = csv.DictReader(file, strict=True)
            names = list(table.fieldnames or ())
            table.fieldnames = _names(path, names, needed, optional)
            for number, fields in enumerate(table, start=1):
                if number > MOST_ROWS:
                    raise RefusedFile("too-many", path, most=MOST_ROWS, what="rows")
                values = {name: str(value or "").strip() for name, value in fields.items()}
                yield table.line_num, {**values, None: ""} if None in fields else values
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
    same = _headings()
    known = [name if name in wanted else next((n for n in same.get(name, ()) if n in wanted), name) for name in names]
    if missing := [name for name in needed if name not in known]:
        raise Refused(f"{path}: no column {', '.join(missing)}")
    if optional is not None and (strange := [name for name in known if name not in wanted]):
        raise Refused(f"{path}: unknown column {', '.join(strange)}; there are {', '.join(wanted)}")
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise Refused(f"{path}: two columns {', '.join(twice)}")
    return known


@cache
def _headings() -> dict[str, tuple[str, ...]]:
    """Read what the other names of columns may stand for."""
    table: dict[str, list[str]] = tomllib.loads(HEADINGS.read_text(encoding="utf-8"))
    others = sorted({other for each in table.values() for other in each})
    return {other: tuple(name for name, each in table.items() if other in each) for other in others}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).strip()
