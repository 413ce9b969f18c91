"""One table from what went wrong to what the client is told: problem+json (RFC 9457), one line, no input repeated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api import chinese
from api.provider import Unreachable
from twin.db import Lost
from twin.errors import Forbidden, NotFound, Refused, Stale


class Unreadable(ValueError):
    """A request that makes no sense as it stands, in one line."""


class Superseded(Exception):
    """What a change was to be made to is not any more as whoever asks for it has read it."""


STATUS: dict[type[Exception], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unreadable: HTTPStatus.BAD_REQUEST,
    Superseded: HTTPStatus.PRECONDITION_FAILED,
    Stale: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
    Lost: HTTPStatus.SERVICE_UNAVAILABLE,
    Unreachable: HTTPStatus.BAD_GATEWAY,
}
PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "one line"},
    },
}
# What any route may say instead of its answer, for the definition of the interface.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status.value: {"description": text, "content": {"application/problem+json": {"schema": PROBLEM}}}
    for status, text in {
        HTTPStatus.BAD_REQUEST: "the request cannot be read",
        HTTPStatus.UNAUTHORIZED: "nobody has signed in",
        HTTPStatus.FORBIDDEN: "not for this role",
        HTTPStatus.NOT_FOUND: "there is no such thing",
        HTTPStatus.CONFLICT: "somebody was quicker, or it has changed",
        HTTPStatus.PRECONDITION_FAILED: "it has changed since it was read: If-Match names another state",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is too large",
        HTTPStatus.UNPROCESSABLE_ENTITY: "what is asked cannot be done, and why",
        HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
        HTTPStatus.SERVICE_UNAVAILABLE: "the database does not answer",
    }.items()
}
# Texts that come from a driver or a server may hold what a client should not see.
FIXED = {
    HTTPStatus.SERVICE_UNAVAILABLE: "the database does not answer",
    HTTPStatus.BAD_GATEWAY: "the sign-in provider does not answer",
}


class Problem(JSONResponse):
    """A refusal as RFC 9457 writes it, in Chinese where the request's Accept-Language says so."""

    media_type = "application/problem+json"

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        self.line = " ".join(detail.split())
        content = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": self.line}
        super().__init__(content, status.value, {"Content-Language": "en", "Vary": "Accept-Language"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        wanted = chinese.is_wanted(Headers(scope=scope).get("accept-language", ""))
        detail = chinese.in_chinese(self.line) if wanted else None
        if detail is not None:
            title = chinese.title(self.status_code) or HTTPStatus(self.status_code).phrase
            self.body = self.render(
                {"type": "about:blank", "title": title, "status": self.status_code, "detail": detail}
            )
            self.headers["Content-Language"] = "zh"
            self.headers["Content-Length"] = str(len(self.body))
        await super().__call__(scope, receive, send)


def problem(status: HTTPStatus, detail: str) -> Problem:
    """Write one refusal."""
    return Problem(status, detail)


def install(app: FastAPI) -> None:
    """Teach the app the table, and to say what is wrong with an input without repeating it."""
    for kind, status in STATUS.items():
        app.add_exception_handler(kind, _handler(status))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)


def _handler(status: HTTPStatus) -> Callable[[Request, Exception], Awaitable[Problem]]:
    async def answer(_: Request, error: Exception) -> Problem:
        return problem(status, FIXED.get(status) or str(error))

    return answer


async def _invalid(_: Request, error: Exception) -> Problem:
    """Name the field and the rule; the value stays out, for it may be NaN, huge or someone's secret."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][:4])[:100]
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['msg'][:200]}")


async def _plain(_: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    answer = problem(HTTPStatus(error.status_code), str(error.detail))
    answer.headers.update(error.headers or {})
    return answer
