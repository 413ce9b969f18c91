"""One way to load any kind of file into a place that is there: for files that come without a command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.loaders import devices, elevation, facilities, grids, osm, positions, residents, welfare
from ingest.loaders.receipt import Receipt
from twin import places
from twin.datum import Datum
from twin.db import Connection
from twin.errors import Refused
from twin.imports import ImportKind
from twin.places import Place

__all__ = ["Wish", "load"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be loaded and how: the datum as declared, and what suppressed counts stand for."""

    kind: ImportKind
    datum: str | None = None
    partial: bool = False
    suppressed: tuple[str, ...] = ()


Loader = Callable[[Connection, Path, Place, Wish, Progress], tuple[Receipt, ...]]


def load(connection: Connection, path: Path, *, place: Place, wish: Wish, progress: Progress) -> tuple[Receipt, ...]:
    """Load a file of a kind; raises Refused with what is wrong. The transaction is the caller's."""
    progress(f"reading {path.name}")
    return LOADERS[wish.kind](connection, path, place, wish, progress)


def _datum(path: Path, wish: Wish) -> Datum | None:
    """Give the declared datum; a local one is fitted on a file of the server's, so it is not taken here."""
    if wish.datum and wish.datum.startswith(positions.LOCAL):
        raise Refused("a local system is fitted on control points: load it by the command line")
    return positions.declared(wish.datum, path) if wish.datum else None


def _osm(connection: Connection, path: Path, place: Place, _: Wish, progress: Progress) -> tuple[Receipt, ...]:
    return osm.load_osm(connection, place.id, path, places.boundary(connection, place.id), progress)


def _grids(connection: Connection, path: Path, place: Place, wish: Wish, _: Progress) -> tuple[Receipt, ...]:
    return (grids.load(connection, path, place=place, datum=_datum(path, wish)),)


def _facilities(connection: Connection, path: Path, place: Place, wish: Wish, _: Progress) -> tuple[Receipt, ...]:
    return (facilities.load(connection, path, place=place, datum=_datum(path, wish), partial=wish.partial),)


def _residents(connection: Connection, path: Path, place: Place, wish: Wish, _: Progress) -> tuple[Receipt, ...]:
    codes = residents.suppressions(list(wish.suppressed))
    known = _datum(path, wish)
    return (residents.given(connection, path, place=place, partial=wish.partial, suppressed=codes, datum=known),)


def _welfare(connection: Connection, path: Path, place: Place, wish: Wish, _: Progress) -> tuple[Receipt, ...]:
    return (welfare.load(connection, path, place=place, partial=wish.partial),)


def _devices(connection: Connection, path: Path, place: Place, wish: Wish, _: Progress) -> tuple[Receipt, ...]:
    return (devices.load(connection, path, place=place, datum=_datum(path, wish), partial=wish.partial),)


def _elevation(connection: Connection, path: Path, place: Place, _: Wish, __: Progress) -> tuple[Receipt, ...]:
    return (elevation.load(connection, path, place=place),)


LOADERS: dict[ImportKind, Loader] = {
    ImportKind.OSM: _osm,
    ImportKind.GRIDS: _grids,
    ImportKind.FACILITIES: _facilities,
    ImportKind.RESIDENTS: _residents,
    ImportKind.WELFARE: _welfare,
    ImportKind.DEVICES: _devices,
    ImportKind.ELEVATION: _elevation,
}
