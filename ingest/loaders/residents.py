"""Load residents: estimated from official totals, or given by building.

Estimated (a place's description, TOML): the official total is spread over the residential buildings inside the boundary
in proportion to their floor area, footprint times floors (the median of the known where not tagged), and the age bands
by the official shares.
Given (CSV): columns building (source id), age_band (as 65-79 or 80+) and residents, one row a building and band; the
file is all that is known, and a building that is not in it has no residents.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from ingest.loaders import place as descriptions
from ingest.loaders import table
from ingest.loaders.receipt import Receipt
from twin import places, residents
from twin.db import Connection
from twin.errors import Refused
from twin.terms import AgeBand

__all__ = ["estimate", "given"]

NEEDED = ("building", "age_band", "residents")
MOST = 100_000  # people in one building and band; more is a mistake in the file
Count = tuple[str, str, int]  # building, age band, residents


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
    return _store(connection, place, where.ids, found, method, read=int(np.count_nonzero(found.residents)))


def given(connection: Connection, path: Path, *, place: places.Place, partial: bool = False) -> Receipt:
    """Load counts by building and age band as a file gives them; households are spread in proportion.

    Raises Refused where the file is no such table, and where a row is refused and partial is not said: nothing is
    loaded then. Residents of the official total whom the file does not locate are on the receipt.
    """
    where = residents.dwellings(connection, place.id)
    index = {source_id: position for position, source_id in enumerate(where.source_ids)}

    def parse(fields: table.Row) -> Count:
        if fields["building"] not in index:
            raise Refused(f"no residential building {fields['building']!r} in {place.code}")
        return fields["building"], _band(fields["age_band"]), _count(fields["residents"])

    found = table.read(path, parse, needed=NEEDED, key=lambda count: count[:2])
    if not partial:
        found.refuse_rejected()
    bands = _bands(path, {band for _, band, _ in found.taken.values()})
    counts = np.zeros((len(where.ids), len(bands)), dtype=np.int64)
    for building, band, people in found.taken.values():
        counts[index[building], bands.index(band)] = people
    people = counts.sum(axis=1)
    households = residents.split_households(people, place.households if people.any() else 0)
    located = residents.Counts(bands, counts, households)
    method = (
        f"given by building and age band in {path.name}: {int(people.sum())} of {place.residents} residents located"
    )
    return _store(connection, place, where.ids, located, method, read=found.count, rejected=found.receipt_rows())


def _store(
    connection: Connection,
    place: places.Place,
    ids: residents.Ints,
    found: residents.Counts,
    method: str,
    *,
    read: int,
    rejected: tuple[tuple[str, str], ...] = (),
) -> Receipt:
    merged = residents.store(connection, place.id, ids, found, method=method)
    if merged.added or merged.changed or merged.removed:
        places.bump(connection, place.id)
    lived_in = int(np.count_nonzero(found.residents.sum(axis=1)))
    note = f"{int(found.residents.sum())} residents in {lived_in} buildings; {method}"
    return Receipt("residents", read, merged.added, merged.changed, merged.removed, rejected=rejected, notes=(note,))


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
