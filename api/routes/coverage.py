"""Coverage: who reaches a service, by age, grid and building, as certain and possible."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from numpy.typing import NDArray

from api import counts
from api.asked import Db, Question, ThePlace
from api.community import said
from simulations.community import Community
from simulations.coverage import Coverage
from simulations.coverage import coverage as simulate
from twin import grids
from twin.db import Connection

router = APIRouter()

Ints = NDArray[np.int64]


@router.get("/api/coverage")
def coverage(request: Request, connection: Db, place: ThePlace, asked: Annotated[Question, Query()]) -> dict[str, Any]:
    """Compute the coverage of the present; people of a group whose number nobody knows are counted "if needed"."""
    shelf = request.app.state.shelf
    with shelf.lock:
        community = shelf.take(connection, place)
        found = simulate(community, said(connection, community), asked.service, asked.group, limit_s=asked.minutes * 60)
    return {
        "service": asked.service,
        "group": asked.group,
        "minutes": asked.minutes,
        "if_needed": found.counts_if_needed,
        "total": _row(*(int(column.sum()) for column in (found.residents, found.certain, found.possible))),
        "bands": _bands(found),
        "grids": _grids(connection, community, found),
        "buildings": _buildings(community, found),
    }


def _row(residents: int, certain: int, possible: int) -> dict[str, Any]:
    low, high = counts.pair(certain, possible)
    shares = {"share": counts.share(certain, residents), "share_possible": counts.share(possible, residents)}
    return {"residents": counts.count(residents), "certain": low, "possible": high, **shares}


def _bands(found: Coverage) -> list[dict[str, Any]]:
    sums = [column.sum(axis=0).tolist() for column in (found.residents, found.certain, found.possible)]
    return [{"band": band, **_row(*numbers)} for band, *numbers in zip(found.bands, *sums, strict=True)]


def _grids(connection: Connection, community: Community, found: Coverage) -> list[dict[str, Any]]:
    """Add up the lowest level's grids; one where nobody lives has no share."""
    every = grids.load(connection, community.place.id)
    answer = []
    for row in np.flatnonzero(np.array(every.levels) == "grid").tolist():
        inside = community.buildings.grid_ids == every.ids[row]
        sums = [int(column[inside].sum()) for column in (found.residents, found.certain, found.possible)]
        names = {"name": every.names[row], "name_zh": every.names_zh[row], "code": every.codes[row]}
        answer.append({"id": int(every.ids[row]), **names, **_row(*sums)})
    return answer


def _buildings(community: Community, found: Coverage) -> list[dict[str, Any]]:
    """Give the buildings people live in: a share in quarters, which tells nothing of how many they are."""
    residents, certain = found.residents.sum(axis=1), found.certain.sum(axis=1)
    lived_in = np.flatnonzero(residents)
    quarters = np.round(certain[lived_in] / residents[lived_in] * 4) / 4
    seconds = found.building_s[lived_in]
    rows = zip(community.buildings.ids[lived_in].tolist(), quarters.tolist(), seconds.tolist(), strict=True)
    return [{"id": i, "share": share, "seconds": round(s) if np.isfinite(s) else None} for i, share, s in rows]
