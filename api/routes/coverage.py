"""Coverage: who reaches a service, by age, grid and building, as certain and possible."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray

from api.asked import Db, PastQuestion, ThePlace
from api.community import said
from simulations.community import Community
from simulations.coverage import Coverage
from simulations.coverage import coverage as simulate
from twin import counts, grids
from twin.db import Connection
from twin.history import revision_at

router = APIRouter()

Ints = NDArray[np.int64]


@router.get("/api/coverage")
def coverage(
    request: Request, connection: Db, place: ThePlace, asked: Annotated[PastQuestion, Query()]
) -> dict[str, Any]:
    """Compute the coverage of now or of a moment; a group whose number nobody knows is counted "if needed"."""
    shelf = request.app.state.shelf
    with shelf.lock:
        community = shelf.take(connection, place, asked.at)
        states = said(connection, community, asked.at)
        found = simulate(community, states, asked.service, asked.group, limit_s=asked.minutes * 60)
    return {
        "service": asked.service,
        "group": asked.group,
        "minutes": asked.minutes,
        "if_needed": found.counts_if_needed,
        "total": _row(*(int(column.sum()) for column in (found.residents, found.certain, found.possible))),
        "bands": _bands(found),
        "grids": _grids(connection, community, found, asked.at),
        "buildings": _buildings(community, found),
    }


def _row(residents: int, certain: int, possible: int) -> dict[str, Any]:
    return {
        "residents": counts.count(residents),
        "certain": counts.count(certain),
        "possible": counts.count(possible),
        "share": counts.share(certain, residents),
        "share_possible": counts.share(possible, residents),
    }


def _bands(found: Coverage) -> list[dict[str, Any]]:
    sums = zip(
        *(column.sum(axis=0).tolist() for column in (found.residents, found.certain, found.possible)), strict=True
    )
    return [{"band": band, **_row(*numbers)} for band, numbers in zip(found.bands, sums, strict=True)]


def _grids(connection: Connection, community: Community, found: Coverage, at: datetime | None) -> list[dict[str, Any]]:
    """Add up the lowest level's grids; one where nobody lives has no share."""
    every = grids.load(connection, community.place.id, None if at is None else revision_at(connection, at))
    lowest = np.flatnonzero(np.array(every.levels) == "grid").tolist()
    sums = []
    for row in lowest:
        inside = community.buildings.grid_ids == every.ids[row]
        residents, certain, possible = (int(c[inside].sum()) for c in (found.residents, found.certain, found.possible))
        sums.append((residents, certain, possible))
    names = [{"id": int(every.ids[row]), "name": every.names[row], "name_zh": every.names_zh[row]} for row in lowest]
    codes = [{"code": every.codes[row]} for row in lowest]
    return [name | code | _row(*numbers) for name, code, numbers in zip(names, codes, sums, strict=True)]


def _buildings(community: Community, found: Coverage) -> list[dict[str, Any]]:
    """Give the buildings people live in, each with its share in quarters."""
    residents, certain = found.residents.sum(axis=1), found.certain.sum(axis=1)
    lived_in = np.flatnonzero(residents)
    quarters = np.round(certain[lived_in] / residents[lived_in] * 4) / 4
    seconds = found.building_s[lived_in]
    rows = zip(community.buildings.ids[lived_in].tolist(), quarters.tolist(), seconds.tolist(), strict=True)
    return [{"id": i, "share": share, "seconds": round(s) if np.isfinite(s) else None} for i, share, s in rows]
