"""A coverage as the screens show it: in total, by age, by grid and by building."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from simulations.community import Community
from simulations.coverage import Coverage
from twin import counts
from twin.grids import Grids

__all__ = ["parts"]


def parts(community: Community, found: Coverage, every: Grids) -> Mapping[str, Any]:
    """Give the rows; every: the grids of the place, at the coverage's moment."""
    return {
        "total": _row(*(int(column.sum()) for column in (found.residents, found.certain, found.possible))),
        "bands": _bands(found),
        "grids": _grids(community, found, every),
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


def _grids(community: Community, found: Coverage, every: Grids) -> list[dict[str, Any]]:
    """Add up the lowest level's grids; one where nobody lives has no share."""
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
