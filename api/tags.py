"""ETag and If-Match (RFC 9110): who reads one thing learns its state, and who changes it may say which state is meant.

A route gets them by a dependency that names a kind of `twin.versions.TAGGED` and the path's parameter:
`dependencies=[shown("alarm", "alarm_id")]` where it gives one, `[matched("alarm", "alarm_id")]` where it changes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute

from api.asked import Db
from api.errors import Superseded
from twin import versions

__all__ = ["MATCHED", "SHOWN", "Unchanged", "install", "is_marked", "matched", "shown"]

SHOWN, MATCHED = "shows a tag", "takes If-Match"
ANY = "*"


class Unchanged(Exception):
    """Whoever asks has the thing as it is: If-None-Match."""


def shown(kind: str, parameter: str) -> Any:
    """Give the thing's state as ETag; 304 where whoever asks has it already."""

    def show(request: Request, response: Response, connection: Db) -> None:
        version = versions.version(connection, kind, request.path_params[parameter])
        if version is None:
            return  # the route says what is wrong
        tag = f'"{version}"'
        if tag in _tags(request.headers.get("if-none-match", "").replace("W/", "")):
            raise Unchanged(tag)
        response.headers["ETag"] = tag
        response.headers["Cache-Control"] = "no-cache"

    return Depends(_marked(show, SHOWN))


def matched(kind: str, parameter: str) -> Any:
    """Let the change be made only where If-Match names the thing's state, or is not sent; 412 otherwise.

    The thing is held until the change is made: of two that read the same state, one is told.
    """

    def match(request: Request, connection: Db) -> None:
        wanted = _tags(request.headers.get("if-match", ANY))
        if ANY in wanted:
            return
        version = versions.version(connection, kind, request.path_params[parameter], hold=True)
        # what is not there, or not to be seen, is of no state either
        if version is None or f'"{version}"' not in wanted:
            raise Superseded("it has changed since it was read: read it again")

    return Depends(_marked(match, MATCHED))


def is_marked(route: APIRoute, mark: str) -> bool:
    """Tell whether a route shows a tag, or takes one."""
    return any(getattr(each.dependency, "mark", None) == mark for each in route.dependencies)


def install(app: FastAPI) -> None:
    """Teach the app to answer 304."""

    async def unchanged(_: Request, error: Exception) -> Response:
        return Response(status_code=304, headers={"ETag": str(error), "Cache-Control": "no-cache"})

    app.add_exception_handler(Unchanged, unchanged)


def _marked(dependency: Callable[..., None], mark: str) -> Callable[..., None]:
    dependency.mark = mark  # type: ignore[attr-defined]
    return dependency


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}
