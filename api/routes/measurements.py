"""Measurements on the spot and their photos: what an auditor enters on a telephone."""

from __future__ import annotations

import asyncio
import hashlib
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from api import once
from api.asked import Db, ThePlace
from api.definition import file_of
from api.paging import Page, Pages
from twin import acting, measurable, measurements, photos
from twin.measurements import Kept, Measured
from twin.photos import Photo

router = APIRouter()

LINE = r"^[^\x00-\x1f\x7f]*$"
TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
HASH = r"^[0-9a-f]{64}$"
WHY = "measured on the spot"
SENT = ("image/jpeg", "image/png", "image/webp")

Hash = Annotated[str, InPath(pattern=HASH)]


class Entered(BaseModel):
    """What was measured of which element, in which unit, or which word; photo: the hash of one that was sent before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    element: str = Field(min_length=3, max_length=200, pattern=LINE)
    kind: str = Field(min_length=1, max_length=40, pattern=LINE)
    measured_at: AwareDatetime
    value: FiniteFloat | None = None
    unit: str = Field(default="", max_length=8, pattern=LINE)
    word: str | None = Field(default=None, max_length=40, pattern=LINE)
    note: str = Field(default="", max_length=500, pattern=TEXT)
    photo: str | None = Field(default=None, pattern=HASH)


class Spot(BaseModel):
    """Near which spot, or under which name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    text: str = Field(default="", max_length=100, pattern=LINE)

    @model_validator(mode="after")
    def _whole(self) -> Spot:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("a spot has lon and lat")
        return self


@router.get("/api/measurable")
def find(connection: Db, place: ThePlace, spot: Annotated[Spot, Query()]) -> dict[str, Any]:
    """Give the elements near a spot, or with a name, that may be measured; and what may be measured of each."""
    if spot.lon is not None and spot.lat is not None:
        found = measurable.near(connection, place.id, spot.lon, spot.lat)
    else:
        found = measurable.named(connection, place.id, spot.text)
    return {"elements": msgspec.to_builtins(found)}


@router.get("/api/measurements")
def listed(connection: Db, place: ThePlace, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the measurements of the place, the latest written first."""
    found = pages.of(measurements.kept(connection, place.id), page, lambda one: (one.id,), int, descending=True)
    return {"measurements": [_line(one) for one in found.rows], "next": found.next}


@router.post("/api/measurements", status_code=HTTPStatus.CREATED)
def enter(connection: Db, place: ThePlace, entered: Entered) -> dict[str, Any]:
    """Keep a measurement, and let the element be as measured from now on."""
    acting.acting(connection, acting.actor(connection, None) or "nobody", WHY)
    measured = Measured(**entered.model_dump())
    number = measurements.put(connection, place.id, measured)
    kept = measurements.kept(connection, place.id, [entered.element])
    return _line(next(one for one in kept if one.id == number))


@router.post("/api/photos", status_code=HTTPStatus.CREATED, openapi_extra={"requestBody": file_of(*SENT)})
async def send(request: Request) -> Any:
    """Take a JPEG, PNG or WebP, the body as it is; give the hash and size of the picture that is kept of it."""
    try:
        async with asyncio.timeout(request.app.state.settings.upload_s):
            sent = await _body(request)
    except TimeoutError:
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the photo did not come in time") from None
    async with request.app.state.turns:
        kept = await run_in_threadpool(once.begin, request, hashlib.sha256(sent).digest())
    if kept is not None:
        return kept
    drawn = await run_in_threadpool(photos.draw, sent)
    async with request.app.state.turns:
        await run_in_threadpool(_put, request, drawn)
    return {"photo": drawn.hash, "width": drawn.width, "height": drawn.height, "bytes": len(drawn.content)}


@router.get("/api/photos/{photo}.jpg", response_class=Response, responses={200: file_of("image/jpeg")})
def show(connection: Db, photo: Hash) -> Response:
    """Give a photo; 404 where it was taken away."""
    headers = {"Content-Disposition": "inline", "Cache-Control": "private, max-age=600"}
    return Response(photos.content(connection, photo), media_type="image/jpeg", headers=headers)


@router.delete("/api/photos/{photo}.jpg", status_code=HTTPStatus.NO_CONTENT)
def remove(connection: Db, photo: Hash) -> None:
    """Take a photo away, for somebody is to be seen on it."""
    photos.remove(connection, photo)


async def _body(request: Request) -> bytes:
    pieces, count = [], 0
    async for piece in request.stream():
        count += len(piece)
        if count > photos.MOST_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {photos.MOST_BYTES} bytes")
        pieces.append(piece)
    return b"".join(pieces)


def _put(request: Request, drawn: Photo) -> None:
    with request.app.state.engine.begin() as connection:
        photos.put(connection, drawn)
        once.made(request, connection)


def _line(one: Kept) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    return found | {"measured_at": one.measured_at.isoformat()}
