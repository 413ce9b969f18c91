"""What machines ask of the server: its metrics, and whether it is ready to answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.asked import Db, ThePlace
from api.measures import MEDIA_TYPE, Measures
from twin import db, places
from twin.errors import NotFound

router = APIRouter()


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request, connection: Db, place: ThePlace) -> Response:
    """Give the metrics in Prometheus's text format."""
    measures: Measures = request.app.state.measures
    return Response(measures.text(connection, place), media_type=MEDIA_TYPE)


@router.get("/ready", responses={503: {"description": "not ready, and why"}})
def ready(request: Request, connection: Db) -> JSONResponse:
    """Say whether requests can be answered: the tables are of this version and there is a place; else 503."""
    missing = db.missing(connection)
    if missing:
        return JSONResponse({"ready": False, "why": f"linli migrate has not applied {', '.join(missing)}"}, 503)
    try:
        places.get(connection, request.app.state.settings.place)
    except NotFound as error:
        return JSONResponse({"ready": False, "why": str(error)}, 503)
    return JSONResponse({"ready": True, "why": None})
