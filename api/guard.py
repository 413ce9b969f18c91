"""What every request passes before any route: size and time of the body, the page it comes from, the answer's headers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, problem

# Nothing from elsewhere, nothing inline: a name that became markup could still run nothing.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "media-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
HSTS = "max-age=31536000"
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
STREAMED = {"/api/imports", "/api/photos"}  # their routes read the body piece by piece, and count it
MOST_IN_HAND = 600  # requests at once, of which 500 may be streams


class Guard:
    """The outermost layer; a body is read whole here, but for large files, so that a slow or endless one holds no worker."""

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str], body_bytes: int, body_s: float) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.body_bytes = body_bytes
        self.body_s = body_s
        self.in_hand = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on with the body in hand and the headers added."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.in_hand += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.in_hand -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope.get("scheme", "http") == "https":
                    headers.setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        refused = self._refusal(scope)
        if refused is not None or scope["method"] not in CHANGING or scope["path"] in STREAMED:
            await (refused or self.app)(scope, receive, headed)
            return
        try:
            async with asyncio.timeout(self.body_s):
                body = await self._body(receive)
        except TimeoutError:
            await problem(HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time")(scope, receive, headed)
            return
        if body is None:
            detail = f"the body is larger than {self.body_bytes} bytes"
            await problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)(scope, receive, headed)
            return
        await self.app(scope, replayed(body, receive), headed)

    def _refusal(self, scope: Scope) -> Problem | None:
        """Refuse by what is known before the body: how many are here, the name asked for, and the page that asks."""
        headers = Headers(scope=scope)
        if self.in_hand > MOST_IN_HAND:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "too many ask at once; try again in a moment")
        if _name(headers.get("host", "")) not in self.hosts:
            return problem(HTTPStatus.BAD_REQUEST, "the page is not served under this name")
        if scope["method"] in CHANGING and not _is_own_page(headers):
            return problem(HTTPStatus.FORBIDDEN, "the request comes from another site's page")
        return None

    async def _body(self, receive: Receive) -> bytes | None:
        """Read the body; None where it is too large."""
        body: bytes = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > self.body_bytes:
                return None
            if not message.get("more_body", False):
                return body


def _name(host: str) -> str | None:
    """Give the name of a Host header: without the port, and of `[::1]:8080` what is in the brackets."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_own_page(headers: Headers) -> bool:
    """A browser names the page that asks; other clients name none."""
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give the body that has been read, then what the client sends next: its going away."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay
