"""Notices to those who live somewhere: put up and taken down by who looks after them, by script or by a form."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from api import notice_form
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from api.tags import matched, shown
from twin import notices
from twin.notices import Notice, Words

router = APIRouter()

LARGEST_ID = 2**31 - 1
LINES = r"^[^\x00-\x09\x0b-\x1f\x7f]*$"

Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Said = Annotated[str, Field(max_length=notices.LONGEST, pattern=LINES)]


class Written(BaseModel):
    """A notice: in one language or both, for a grid, a building or, with neither, the whole place."""

    model_config = ConfigDict(extra="forbid")

    text: Said = ""
    text_zh: Said = ""
    from_at: AwareDatetime
    until_at: AwareDatetime
    grid: StrictInt | None = Field(default=None, ge=1, le=LARGEST_ID)
    building: StrictInt | None = Field(default=None, ge=1, le=LARGEST_ID)


async def _body(request: Request) -> bytes:
    """Take the body, which the guard has read."""
    return await request.body()


@router.get("/api/notices")
def coming(connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """List the notices that are up now or will be, the soonest first."""
    rows = [_row(one) for one in notices.coming(connection, place.id, datetime.now(UTC))]
    found = pages.of(rows, page, lambda row: (row["from_at"], row["id"]), str, int)
    return {"notices": found.rows, "next": found.next}


@router.post("/api/notices", status_code=HTTPStatus.CREATED)
def write(request: Request, connection: Db, place: ThePlace, written: Written) -> dict[str, Any]:
    """Put up a notice."""
    words = Words(
        text=written.text,
        text_zh=written.text_zh,
        begins_at=written.from_at,
        ends_at=written.until_at,
        grid_id=written.grid,
        building_id=written.building,
    )
    return _row(notices.write(connection, place.id, words, request.state.who.name))


@router.get("/api/notices/{notice_id}", dependencies=[shown("notice", "notice_id")])
def one(connection: Db, place: ThePlace, notice_id: Id) -> dict[str, Any]:
    """Give a notice, also one that is over or was taken down."""
    return _row(notices.get(connection, place.id, notice_id))


@router.post("/api/notices/{notice_id}/withdraw", dependencies=[matched("notice", "notice_id")])
def withdraw(request: Request, connection: Db, place: ThePlace, notice_id: Id) -> dict[str, Any]:
    """Take a notice down."""
    return _row(notices.withdraw(connection, place.id, notice_id, request.state.who.name))


@router.get("/notices", response_class=HTMLResponse, include_in_schema=False)
def page(request: Request, connection: Db, place: ThePlace) -> HTMLResponse:
    """Show the notices and the form for a new one."""
    return notice_form.shown(request, connection, place)


@router.post("/notices", response_class=HTMLResponse, include_in_schema=False)
def sent(request: Request, connection: Db, place: ThePlace, body: Annotated[bytes, Depends(_body)]) -> Response:
    """Take the form: put a notice up or take one down, and show them all."""
    return notice_form.sent(request, connection, place, body)


def _row(one: Notice) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": one.text,
        "text_zh": one.text_zh,
        "from_at": one.begins_at.isoformat(),
        "until_at": one.ends_at.isoformat(),
        "grid": one.grid_id,
        "building": one.building_id,
        "written_by": one.written_by,
        "withdrawn_at": None if one.withdrawn_at is None else one.withdrawn_at.isoformat(),
    }
