"""What if these elements stop, or are mended: people by age and service, against the present."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from api.asked import Db, ThePlace
from api.community import said
from simulations import answers
from simulations.community import Community
from simulations.failures import Change, Outcome, what_if
from simulations.held import Tracks
from simulations.states import element, shut
from twin import counts
from twin.errors import Refused
from twin.terms import ElementKind, MobilityGroup, Service

router = APIRouter()

MOST_ELEMENTS = 50
LARGEST_ID = 2**31 - 1


class Part(BaseModel):
    """One element of the twin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ElementKind
    id: Annotated[StrictInt, Field(ge=1, le=LARGEST_ID)]


class Scenario(BaseModel):
    """What to close and what to mend; service, group and minutes None: all, and each service's own limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    close: list[Part] = Field(default=[], max_length=MOST_ELEMENTS)
    mend: list[Part] = Field(default=[], max_length=MOST_ELEMENTS)
    service: Service | None = None
    group: MobilityGroup | None = None
    minutes: Annotated[StrictInt, Field(ge=1, le=60)] | None = None
    choices: bool = False  # told too: people by how many facilities they have within the norm, before and after


@router.post("/api/what-if")
def ask(request: Request, connection: Db, place: ThePlace, scenario: Scenario) -> dict[str, Any]:
    """Answer in people who would lose a service by closing, or have it back by mending; nothing is written."""
    if not (scenario.close or scenario.mend):
        raise Refused("nothing to close or mend")
    shelf = request.app.state.shelf
    with shelf.lock:
        community = shelf.take(connection, place)
        now = said(connection, community)
        closing, mending = (
            [element(community, part.kind, part.id) for part in parts] for parts in (scenario.close, scenario.mend)
        )
        found = what_if(
            community,
            now,
            close=closing,
            mend=mending,
            services=[scenario.service] if scenario.service else None,
            groups=[scenario.group] if scenario.group else None,
            limit_s=scenario.minutes * 60 if scenario.minutes else None,
            tracks=_tracks(request, community),
            choices=scenario.choices,
        )
    closed = shut(now, MobilityGroup.ADULT, unknown_closed=False)
    lost = _side(community, found, gained=False)
    back = _side(community, found, gained=True)
    chosen = {"choices": answers.of_choices(found.outcomes)} if scenario.choices else {}
    return {"already_closed": bool(closing) and set(closing) <= closed, "lost": lost, "gained": back, **chosen}


def _tracks(request: Request, community: Community) -> Tracks:
    """Give the fields kept for this community, or begin to keep them; called with the shelf's lock held."""
    state = request.app.state
    held: Tracks | None = getattr(state, "tracks", None)
    if held is None or held.community is not community:
        held = state.tracks = Tracks(community)
    return held


def _side(community: Community, found: Change, *, gained: bool) -> dict[str, Any]:
    """Gather one direction: the rows, the people each once by age, and the buildings."""
    sides = [
        (one, *((one.gained, one.gained_possible) if gained else (one.lost, one.lost_possible)))
        for one in found.outcomes
    ]
    touched = [side for side in sides if side[2].any()]
    rows = [_row(community, *side) for side in touched]
    rows.sort(key=lambda row: (row["if_needed"], not row["certain"], -row.pop("order")))
    once = (found.gained, found.gained_possible) if gained else (found.lost, found.lost_possible)
    certain, possible = ([people.get(band, 0) for band in community.residents.bands] for people in once)
    return {
        "people": counts.count(sum(certain)),
        "people_possible": counts.count(sum(possible)),
        "bands": [
            {"band": band, "certain": counts.count(low), "possible": counts.count(high)}
            for band, low, high in zip(community.residents.bands, certain, possible, strict=True)
        ],
        "rows": rows,
        "buildings": sorted({building for row in rows for building in row["buildings"]}),
    }


def _row(community: Community, one: Outcome, sure: NDArray[np.int64], maybe: NDArray[np.int64]) -> dict[str, Any]:
    people = sure if sure.any() else maybe
    here = people.sum(axis=1) > 0
    by_band = people.sum(axis=0).tolist()
    walked = here & np.isfinite(one.before_s) & np.isfinite(one.after_s)
    extra = one.after_s[walked] - one.before_s[walked]
    next_best = one.facility_after[here & (one.facility_after >= 0)]
    best = int(np.bincount(next_best).argmax()) if len(next_best) else -1
    return {
        "service": one.service,
        "group": one.group,
        "certain": bool(sure.any()),
        "if_needed": one.counts_if_needed,
        "people": counts.count(sum(by_band)),
        "order": sum(by_band),
        "bands": [{"band": band, "count": counts.count(n)} for band, n in zip(one.bands, by_band, strict=True) if n],
        "since": None,
        "causes": [],
        "next_best": {"name": community.facilities.names[best], "name_zh": community.facilities.names_zh[best]}
        if best >= 0
        else None,
        "extra_s": round(float(extra.max())) if len(extra) else None,
        "unreached": bool(np.isinf(one.after_s[here]).any()),
        "limit_s": one.limit_s,
        "buildings": community.buildings.ids[maybe.sum(axis=1) > 0].tolist(),
    }
