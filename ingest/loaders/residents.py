"""Load residents: estimated from official totals, or given by building, grid or cell.

Estimated (a place's description, TOML): the official total is spread over the residential buildings inside the boundary
in proportion to their floor area, footprint times floors (the median of the known where not tagged), and the age bands
by the official shares.
Given (a table): columns age_band (as 65-79 or 80+), residents, and one of building (source id), grid (a code of any
level), cell (an H3 index or an INSPIRE square) or lon and lat (the lower left corner of a square in a plane system);
`registered` (yes or no) may say whether they are registered here: both count. Where a place is coarser than a building,
its people are spread over the dwellings in it by floor area. Rows whose place is empty, and areas without a dwelling,
are people who are not located: they stay in the denominator. The file is all that is known: a building of which it
says nothing has no residents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ingest.loaders import place as descriptions
from ingest.loaders import positions, table
from ingest.loaders.areas import AREAS, Area, Areas
from ingest.loaders.receipt import Receipt
from twin import places, residents, unlocated, zones
from twin.datum import Datum
from twin.db import Connection
from twin.errors import Refused
from twin.terms import AgeBand

__all__ = ["SQUARE_M", "estimate", "given", "suppressions"]

SQUARE_M = 250.0  # side of a square that is given by its corner
NEEDED = ("age_band", "residents")
OPTIONAL = (*AREAS, "lon", "lat", "registered")
REGISTERED = {"": True, "yes": True, "no": False, "是": True, "否": False}
MOST = 1_000_000  # people of one row; more is a mistake in the file


@dataclass(frozen=True, slots=True)
class Count:
    """One row: where, the age band, and how many; people None where the count is suppressed and nothing is put for it."""

    area: Area | None
    band: str
    people: int | None
    registered: bool
    suppressed: bool


def estimate(connection: Connection, path: Path, *, place: places.Place) -> Receipt:
    """Spread the official totals of a description over the place's dwellings.

    The residents of a grid are within 2 of their share in each age band. Raises Refused where the place has no
    dwelling to put them in, or the description is another place's.
    """
    official = descriptions.read(path)
    if official.code != place.code:
        raise Refused(f"{path} describes {official.code}, not {place.code}")
    where = residents.dwellings(connection, place.id)
    totals = official.residents
    if totals.total and not where.floor_area_m2.sum() > 0:
        raise Refused(
            f"{place.code} has no residential building to put {totals.total} residents in: load its map first"
        )
    found = residents.estimate(
        where,
        residents=totals.total,
        households=totals.households,
        shares=totals.shares,
        order=sorted(range(len(where.ids)), key=lambda i: (where.grid_codes[i], where.source_ids[i])),
    )
    method = (
        f"{totals.total} residents ({totals.source}) over {len(where.ids)} residential buildings by floor area, "
        f"footprint x floors (median where not tagged), largest remainder; age bands by official shares. "
        f"Error: {totals.error}. {totals.households} households: {totals.households_source}"
    )
    return _store(
        connection,
        place,
        ids=where.ids,
        found=found,
        away={},
        method=method,
        read=int(np.count_nonzero(found.residents)),
    )


def given(
    connection: Connection,
    path: Path,
    *,
    place: places.Place,
    partial: bool = False,
    suppressed: Mapping[str, int | None] | None = None,
    datum: Datum | None = None,
    square_m: float = SQUARE_M,
) -> Receipt:
    """Load counts by age band as a file gives them; households are spread in proportion.

    suppressed says of each code that stands for a suppressed count what to put for it, None: nothing; what is not
    declared so is a number. datum and square_m [m] are those of squares given by their corner. Raises Refused where
    the file is no such table, and where a row is refused and partial is not said: nothing is loaded then.
    """
    where = residents.dwellings(connection, place.id)
    areas = Areas.of(connection, place, where, datum=datum, square_m=square_m)
    found = _read(path, areas, suppressed or {})
    if not partial:
        found.refuse_rejected()
    rows = list(found.taken.values())
    bands = _bands(path, {row.band for row in rows})
    spread = zones.spread_zones(areas.zone_of(_areas_of(rows)), where.floor_area_m2, _by_zone(rows, bands), len(bands))
    away = _away(rows, spread, bands)
    people = spread.residents.sum(axis=1)
    households = residents.split_households(people, place.households if people.any() else 0)
    return _store(
        connection,
        place,
        ids=where.ids,
        found=residents.Counts(bands, spread.residents, households),
        away=away,
        method=_method(path, rows, located=int(people.sum()), away=sum(away.values()), official=place.residents),
        read=_counted(rows, spread, found),
        rejected=found.receipt_rows(),
        notes=(*found.notes, *(positions.notes(datum) if datum else ()), *_notes(rows, spread, areas)),
    )


def suppressions(said: list[str]) -> dict[str, int | None]:
    """Read declarations of suppressed codes: `99` (nothing is put for it) or `99=2` (2 people are put for each)."""
    found: dict[str, int | None] = {}
    for each in said:
        code, equals, people = each.rpartition("=") if "=" in each else (each, "", "")
        if not code or (equals and not (people.isascii() and people.isdecimal() and int(people) <= MOST)):
            raise Refused(f"suppressed {each[:40]!r} is neither a code nor a code=PEOPLE")
        found[code] = int(people) if equals else None
    return found


def _read(path: Path, areas: Areas, codes: Mapping[str, int | None]) -> table.Table[Count]:
    def parse(fields: table.Row) -> Count:
        registered = fields.get("registered", "")
        if registered not in REGISTERED:
            raise Refused(f"registered {registered[:40]!r} is neither yes nor no")
        is_code = fields["residents"] in codes
        people = codes[fields["residents"]] if is_code else _count(fields["residents"])
        return Count(areas.area(fields), _band(fields["age_band"]), people, REGISTERED[registered], is_code)

    return table.read(
        path, parse, needed=NEEDED, optional=OPTIONAL, key=lambda row: (row.area, row.band, row.registered)
    )


def _counted(rows: list[Count], spread: zones.Spread, found: table.Table[Count]) -> int:
    """Count what was read as the twin keeps it: rows, or where areas were spread, counts of buildings."""
    if any(row.area is not None and row.area.kind != "building" for row in rows):
        return int(np.count_nonzero(spread.residents)) + len(found.rejected)
    return found.count


def _areas_of(rows: list[Count]) -> list[Area]:
    """Give the areas that the rows name, each once."""
    return list(dict.fromkeys(row.area for row in rows if row.area is not None))


def _by_zone(rows: list[Count], bands: tuple[str, ...]) -> dict[str, residents.Ints]:
    counts: dict[str, residents.Ints] = {}
    for row in rows:
        if row.area is not None and row.people:
            counts.setdefault(row.area.name, np.zeros(len(bands), np.int64))[bands.index(row.band)] += row.people
    return counts


def _away(rows: list[Count], spread: zones.Spread, bands: tuple[str, ...]) -> dict[str, int]:
    """Count who is not located, by band: rows without a place, and areas without a dwelling."""
    away = Counter(dict.fromkeys(bands, 0))
    for row in rows:
        if row.area is None:
            away[row.band] += row.people or 0
    for people in spread.unlocated.values():
        away.update(dict(zip(bands, people.tolist(), strict=True)))
    return {band: n for band, n in away.items() if n}


def _method(path: Path, rows: list[Count], *, located: int, away: int, official: int) -> str:
    """Say how the counts came about, for whoever reads a result."""
    kinds = sorted({row.area.kind for row in rows if row.area is not None})
    said = f"given by {' and '.join(kinds) or 'nothing'} and age band in {path.name}"
    if set(kinds) - {"building"}:
        said += ", spread over the dwellings of each by floor area, footprint x floors, largest remainder"
    said += f": {located} of {official} residents located"
    if away:
        said += f", {away} more not located"
    if floating := sum(row.people or 0 for row in rows if not row.registered):
        said += f"; {floating} of them are not registered here"
    return said


def _notes(rows: list[Count], spread: zones.Spread, areas: Areas) -> list[str]:
    notes = []
    if any(row.area is not None and row.area.kind != "building" for row in rows):
        notes.append(f"{len(rows)} rows of areas became {np.count_nonzero(spread.residents)} counts of buildings")
    hidden = [row for row in rows if row.suppressed]
    if hidden:
        put = sum(row.people or 0 for row in hidden)
        notes.append(f"{len(hidden)} counts are suppressed, {put} people were put for them as declared")
    if spread.unlocated:
        people = sum(int(each.sum()) for each in spread.unlocated.values())
        notes.append(f"{len(spread.unlocated)} areas with {people} people have no dwelling: they are not located")
    if over := areas.over_the_boundary(_areas_of(rows)):
        notes.append(f"{over} cells reach over the boundary: all their people are put inside it")
    return notes


def _store(
    connection: Connection,
    place: places.Place,
    *,
    ids: residents.Ints,
    found: residents.Counts,
    away: Mapping[str, int],
    method: str,
    read: int,
    rejected: tuple[tuple[str, str], ...] = (),
    notes: tuple[str, ...] = (),
) -> Receipt:
    merged = residents.store(connection, place.id, ids, found, method=method)
    moved = unlocated.store(connection, place.id, away)
    if merged.added or merged.changed or merged.removed or moved:
        places.bump(connection, place.id)
    lived_in = int(np.count_nonzero(found.residents.sum(axis=1)))
    note = f"{int(found.residents.sum())} residents in {lived_in} buildings; {method}"
    return Receipt("residents", read, merged.added, merged.changed, merged.removed, rejected, (note, *notes))


def _band(stated: str) -> str:
    try:
        AgeBand.parse(stated)
    except ValueError as error:
        raise Refused(str(error)) from None
    return stated


def _count(stated: str) -> int:
    if not (stated.isascii() and stated.isdecimal() and int(stated) <= MOST):
        raise Refused(f"residents {stated[:40]!r} is not a whole number from 0 to {MOST}")
    return int(stated)


def _bands(path: Path, stated: set[str]) -> tuple[str, ...]:
    """Sort the bands from the youngest; raises Refused where two overlap: people would count twice."""
    bands = sorted(stated, key=lambda band: AgeBand.parse(band).start)
    for one, other in pairwise(bands):
        to = AgeBand.parse(one).to
        if to is None or to >= AgeBand.parse(other).start:
            raise Refused(f"{path}: age bands {one} and {other} overlap")
    return tuple(bands)
