"""OGC SensorThings API 1.1 at /sta/v1.1."""

from __future__ import annotations

import functools
from typing import Annotated

import fastapi
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from api.sensorthings import batch, service
from api.sensorthings.answers import Request
from api.sensorthings.batch import Desk
from twin.errors import Refused
from twin.roles import Role

router = APIRouter(prefix="/sta/v1.1", include_in_schema=False)

METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"]
BATCH = "$batch"


async def _body(request: fastapi.Request) -> bytes:
    """Take the body, which the guard has read."""
    return await request.body()


@router.api_route("", methods=METHODS)
@router.api_route("/{path:path}", methods=METHODS)
def sensorthings(request: fastapi.Request, body: Annotated[bytes, Depends(_body)], path: str = "") -> Response:
    """Read and, where the settings allow it, write things, datastreams, observations and what belongs to them."""
    asked = Request(
        request.method,
        f"{str(request.base_url).rstrip('/')}/sta/v1.1",
        path,
        request.scope["query_string"],
        body,
        request.headers.get("content-type", ""),
    )
    settings, engine = request.app.state.settings, request.app.state.engine
    is_writable = settings.sensorthings_writing or request.state.who.role is Role.INTEGRATOR
    answer = functools.partial(service.answer, place=settings.place, is_writable=is_writable, brokers=settings.mqtt)
    try:
        if path.strip("/") == BATCH and request.method == "POST":
            return _batch(asked, Desk(engine.begin, answer))
        with engine.begin() as connection:
            return answer(connection, asked)
    except tuple(service.STATUS) as error:
        return service.refusal(error)


def _batch(asked: Request, desk: Desk) -> Response:
    media_type = asked.media_type.split(";")[0].strip().lower()
    if media_type == "application/json":
        return batch.answer_json(asked, desk)
    if media_type != "multipart/mixed":
        raise Refused("a batch is multipart/mixed with a boundary, or JSON")
    return batch.answer_multipart(asked, desk)
