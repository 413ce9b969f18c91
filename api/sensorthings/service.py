"""Answer one request to SensorThings, alone or of a batch: choose who answers, and say what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from fastapi.responses import Response

from api.errors import problem
from api.sensorthings import answers, bulk, writes
from api.sensorthings.answers import Request
from twin import places
from twin.db import Connection
from twin.errors import NotFound, Refused, Stale

__all__ = ["CLOSED", "STATUS", "answer", "refusal"]

CLOSED = "writing is off: serve.sensorthings_writing turns it on where linli is asked from this machine alone"
CREATE_OBSERVATIONS = "CreateObservations"
# What SensorThings says of what cannot be done; outside of it a Refused is 422.
STATUS: dict[type[Exception], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.BAD_REQUEST,
    Stale: HTTPStatus.CONFLICT,
    RecursionError: HTTPStatus.BAD_REQUEST,
}


def answer(
    connection: Connection, request: Request, *, place: str | None, is_writable: bool, brokers: Sequence[str] = ()
) -> Response:
    """Answer; what is wrong is raised, so that nothing of it stays in the database."""
    if request.method in ("GET", "HEAD"):
        return answers.get(connection, request, is_writable=is_writable, brokers=brokers)
    if not is_writable:
        return problem(HTTPStatus.FORBIDDEN, CLOSED)
    place_id = places.get(connection, place).id
    path = request.path.strip("/")
    match request.method:
        case "POST" if path == CREATE_OBSERVATIONS:
            return bulk.create_observations(connection, request, place_id)
        case "POST":
            return writes.post(connection, request, place_id)
        case "DELETE":
            return writes.delete(connection, request)
        case _:
            return writes.change(connection, request, place_id)


def refusal(error: Exception) -> Response:
    """Say what is wrong."""
    if isinstance(error, RecursionError):
        return problem(HTTPStatus.BAD_REQUEST, "too many levels inside one another")
    return problem(STATUS[type(error)], str(error))
