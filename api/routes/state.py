"""The present: the whole board once, and as a stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import board, past
from api.asked import Db, Moment, ThePlace
from api.live import Stream

router = APIRouter()


@router.get("/api/state")
def state(request: Request, connection: Db, place: ThePlace, asked: Annotated[Moment, Query()]) -> dict[str, Any]:
    """Give every section of the board as the stream would begin with it, or as it was at a moment."""
    if asked.at is not None:
        return past.asked(request, connection, place, asked.at)
    sections = {name: read(connection, place) for name, read in board.SECTIONS.items()}
    return {"at": datetime.now(UTC).isoformat(), **sections}


@router.get("/api/things")
def things(connection: Db, place: ThePlace) -> dict[str, Any]:
    """Give the devices in the open with their newest readings, state and what they close."""
    return {"things": list(board.things(connection, place).values())}


async def live(request: Request) -> Stream:
    """Stream the board: first whole, then each row that changes."""
    return Stream(request.app.state.hub)


router.add_route("/live", live, methods=["GET"], include_in_schema=False)  # type: ignore[arg-type]
