"""Coverage: who reaches a service, by age, grid and building, as certain and possible."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import covered
from api.asked import Db, PastQuestion, ThePlace
from api.community import said
from simulations.coverage import coverage as simulate
from twin import grids
from twin.history import revision_at

router = APIRouter()


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
    revision = None if asked.at is None else revision_at(connection, asked.at)
    every = grids.load(connection, place.id, revision)
    return {
        "service": asked.service,
        "group": asked.group,
        "minutes": asked.minutes,
        "if_needed": found.counts_if_needed,
        **covered.parts(community, found, every),
    }
