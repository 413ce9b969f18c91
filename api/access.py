"""Who may do what: the one table of routes and roles, and the layer that asks it of every request.

A route that is not in RIGHTS is nobody's: it answers 403, and a test that walks all routes fails. What of a route's
answer each role sees is the database's affair (`twin.roles`): the transaction that makes it is of whoever asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import Problem, problem
from api.rates import Rates
from api.settings import ServeSettings
from twin import accounts, audit, roles
from twin.db import Engine, Lost
from twin.roles import NOBODY, Role, Who
from viz.screens import SCREENS

COOKIE = "linli_session"
SIGNING_IN = Who("linli", Role.SIGN_IN)
READER = Who("linli", Role.OPERATOR)
SIGN_IN = "/signin"
PAGES = frozenset(SCREENS)  # who is not signed in is sent to sign in, and comes back
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}

STAFF = frozenset({Role.OPERATOR, Role.PLANNER, Role.AUDITOR, Role.CARE, Role.INTEGRATOR})
FIELD = STAFF | {Role.GRID_WORKER}
SIGNED_IN = frozenset(Role) - {Role.PUBLIC, Role.SIGN_IN}
EVERYBODY = SIGNED_IN | {Role.PUBLIC}
ACTING = frozenset({Role.OPERATOR, Role.CARE, Role.GRID_WORKER})
PLANNING = frozenset({Role.OPERATOR, Role.PLANNER, Role.CARE})
MEASURING = frozenset({Role.OPERATOR, Role.PLANNER, Role.AUDITOR})
INTEGRATING = frozenset({Role.INTEGRATOR})
KEEPING = frozenset({Role.OPERATOR, Role.INTEGRATOR})  # who keeps the devices going
ADMINISTERING = frozenset({Role.ADMINISTRATOR})
SYSTEM = frozenset({Role.ADMINISTRATOR, Role.SECURITY_AUDITOR})

REGISTERS = ("facilities", "people", "area", "staff", "sizes", "grids", "sensing", "devices", "layers")

# By path and then by method; `*` is every method that is not named. Of a path that stands for many, the longest counts.
RIGHTS: Mapping[str, Mapping[str, frozenset[Role]]] = {
    "/": {"GET": STAFF},
    "/static/{version}/{path:path}": {"GET": EVERYBODY},
    SIGN_IN: {"GET": EVERYBODY, "POST": EVERYBODY},
    f"{SIGN_IN}/oidc": {"GET": EVERYBODY},
    f"{SIGN_IN}/oidc/back": {"GET": EVERYBODY},
    "/signout": {"POST": SIGNED_IN},
    "/api/health": {"GET": EVERYBODY},
    "/api/openapi.json": {"GET": EVERYBODY},
    "/ready": {"GET": EVERYBODY},
    "/metrics": {"GET": frozenset({Role.OPERATOR, Role.INTEGRATOR, Role.ADMINISTRATOR, Role.SECURITY_AUDITOR})},
    "/near": {"GET": EVERYBODY},
    "/notices": {"GET": ACTING, "POST": ACTING},
    "/api/notices": {"GET": EVERYBODY, "POST": ACTING},
    "/api/notices/{notice_id}": {"GET": EVERYBODY},
    "/api/notices/{notice_id}/withdraw": {"POST": ACTING},
    "/api/addresses": {"GET": EVERYBODY},
    "/api/ways": {"GET": EVERYBODY},
    "/audit": {"GET": PLANNING | {Role.AUDITOR}},
    "/api/audits/{run}/lines": {"GET": STAFF},
    "/api/audits/{run}/report.pdf": {"GET": STAFF},
    "/api/lift-months": {"GET": STAFF},
    "/api/measurable": {"GET": STAFF},
    "/api/measurements": {"GET": STAFF, "POST": MEASURING},
    "/api/photos": {"POST": MEASURING},
    "/api/photos/{photo}.jpg": {"GET": STAFF, "DELETE": MEASURING},
    "/api/spoken/near/wav": {"GET": EVERYBODY},
    "/api/spoken/{about}/text": {"GET": STAFF},
    "/api/spoken/{about}/wav": {"GET": STAFF},
    "/api/place": {"GET": FIELD},
    "/api/search": {"GET": FIELD},
    "/api/inside/{kind}/{key}": {"GET": FIELD},
    "/api/state": {"GET": FIELD},
    "/api/things": {"GET": FIELD},
    "/devices": {"GET": KEEPING | SYSTEM},
    "/grid": {"GET": frozenset({Role.GRID_WORKER})},
    "/api/account": {"GET": STAFF},
    "/api/account/minutes": {"GET": INTEGRATING},
    "/api/account/balance": {"GET": INTEGRATING},
    "/api/quarantine/reasons": {"GET": INTEGRATING},
    "/api/quarantine/messages": {"GET": INTEGRATING},
    "/api/quarantine/messages/{message_id}": {"GET": INTEGRATING},
    "/api/quarantine/retries": {"GET": INTEGRATING, "POST": INTEGRATING},
    "/api/quarantine/retries/{retry_id}": {"GET": INTEGRATING},
    "/api/mappings": {"GET": KEEPING, "POST": INTEGRATING},
    "/api/mappings/preview": {"POST": INTEGRATING},
    "/api/mappings/draft": {"POST": INTEGRATING},
    "/api/mappings/{mapping_id}": {"GET": KEEPING, "*": INTEGRATING},
    "/api/mappings/{mapping_id}/history": {"GET": KEEPING},
    "/api/offers/refused": {"GET": KEEPING},
    **{f"/api/offers/{{key:path}}/{act}": {"POST": INTEGRATING} for act in ("enrol", "refuse", "reconsider")},
    "/api/credentials": {"GET": INTEGRATING},
    "/api/credentials/{key:path}": {"POST": INTEGRATING, "DELETE": INTEGRATING},
    "/api/receipts": {"GET": INTEGRATING},
    "/api/receipts/{receipt_id}": {"GET": INTEGRATING},
    "/api/receipts/{receipt_id}/undo": {"POST": INTEGRATING},
    "/api/quarantine": {"GET": STAFF},
    "/api/coverage": {"GET": STAFF},
    "/api/what-if": {"POST": PLANNING},
    "/api/simulate/{name}": {"POST": PLANNING | {Role.AUDITOR}},
    "/api/runs": {"GET": STAFF},
    "/api/runs/{run}": {"GET": STAFF},
    "/plan": {"GET": PLANNING},
    "/api/plan/runs": {"GET": STAFF},
    "/api/plan/runs/{run}/sides": {"GET": STAFF},
    "/api/plan/runs/{run}/tables": {"GET": STAFF},
    "/api/plan/runs/{run}/tables/{name}.{suffix}": {"GET": STAFF},
    "/api/runs/{run}/stop": {"POST": PLANNING | {Role.AUDITOR}},
    "/api/devices/health": {"GET": KEEPING},
    "/api/devices/offered": {"GET": KEEPING},
    "/api/devices/{key:path}/readings": {"GET": STAFF},
    "/api/devices/{key:path}/states": {"GET": STAFF},
    "/api/alarms": {"GET": FIELD},
    "/api/alarms/{alarm_id}": {"GET": FIELD},
    "/api/alarms/acknowledge": {"POST": ACTING},
    **{f"/api/alarms/{{alarm_id}}/{act}": {"POST": ACTING} for act in ("acknowledge", "assign", "note", "close")},
    "/api/alarm-rules": {"GET": STAFF, "POST": KEEPING},
    "/api/alarm-rules/{rule_id}": {"GET": STAFF, "PATCH": KEEPING, "DELETE": KEEPING},
    "/api/alarm-rules/{rule_id}/history": {"GET": STAFF},
    "/api/alarm-rules/{rule_id}/switch": {"POST": frozenset({Role.OPERATOR, Role.INTEGRATOR})},
    "/api/away": {"POST": frozenset({Role.CARE})},
    "/api/exports/{name}.{suffix}": {"GET": FIELD},
    "/api/registers": {"GET": STAFF},
    "/api/imports": {"GET": INTEGRATING, "POST": INTEGRATING},
    "/api/imports/{job_id}": {"GET": INTEGRATING},
    **{f"/api/registers/{name}": {"GET": STAFF} for name in REGISTERS},
    "/api/welfare": {"GET": frozenset({Role.CARE})},
    "/api/me": {"GET": SIGNED_IN},
    "/api/me/tokens": {"POST": SIGNED_IN},
    "/api/users": {"GET": SYSTEM, "POST": ADMINISTERING},
    "/api/users/grids": {"GET": ADMINISTERING},
    "/api/users/{name}": {"PATCH": ADMINISTERING},
    **{f"/api/users/{{name}}/{act}": {"POST": ADMINISTERING} for act in ("password", "revoke")},
    "/api/audit": {"GET": frozenset({Role.SECURITY_AUDITOR})},
    "/live": {"GET": STAFF},
    "/viz/scene": {"GET": FIELD},
    "/map/{layer}.geojson": {"GET": FIELD},
    "/ogc": {"GET": FIELD},
    "/sta/v1.1": {"GET": FIELD, "*": STAFF},
}
# Whole interfaces, by what their paths begin with: their own parts decide what is read and written.
INTERFACES = ("/sta/v1.1", "/ogc", "/api/registers")
# What linli says of itself, which it reads by its own right, whoever asks.
OF_ITSELF = {"/api/health", "/ready", "/metrics"}
# POST where nothing is changed: a question with a body.
ASKING = {"/api/what-if", "/api/simulate/{name}", "/api/mappings/preview", "/api/mappings/draft"}


@dataclass(frozen=True, slots=True)
class Known:
    """Who asks, and by what."""

    who: Who
    by_cookie: bool = False


def every_route(routes: Iterable[Any]) -> Iterator[BaseRoute]:
    """Give every route of an application, those of routers in routers too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from every_route(inner.routes)


def rights(path: str) -> Mapping[str, frozenset[Role]]:
    """Give who may use a route, by method; empty where it is not declared."""
    if path in RIGHTS:
        return RIGHTS[path]
    return next((RIGHTS[begin] for begin in INTERFACES if path.startswith(f"{begin}/")), {})


def allowed(path: str, method: str) -> frozenset[Role]:
    """Give the roles that may use a route with a method; HEAD is GET."""
    declared = rights(path)
    return declared.get("GET" if method == "HEAD" else method, declared.get("*", frozenset()))


def home(role: Role) -> str:
    """Give the first screen that a role may open."""
    return next(address for address in SCREENS if role in allowed(address, "GET"))


class Access:
    """Find out who asks, whether they may, and let all that follows be in their name."""

    def __init__(self, app: ASGIApp, *, of: Starlette, settings: ServeSettings) -> None:
        self.app = app
        self.of = of
        self.settings = settings
        self.rates = Rates(settings.asks_per_minute)
        self._routes: list[Route] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, 403 or 429, or pass on."""
        path = self._path(scope) if scope["type"] == "http" else None
        if path is None:
            await self.app(scope, receive, send)  # no such route: it is said below, to whoever asks
            return
        try:
            known = await self._known(scope)
            refused = self._refusal(known, scope, path)
            if refused is None and scope["method"] in CHANGING and path not in ASKING:
                await run_in_threadpool(self._write_down, known.who, scope["method"], path)
        except Lost:
            refused = problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer")
            await refused(scope, receive, send)
            return
        if refused is not None:
            await refused(scope, receive, send)
            return
        scope.setdefault("state", {})["who"] = known.who
        with roles.asking(READER if path in OF_ITSELF else known.who):
            await self.app(scope, receive, send)

    def _path(self, scope: Scope) -> str | None:
        """Give the path template of the route that will answer; None where there is none."""
        if self._routes is None:
            self._routes = [route for route in every_route(self.of.routes) if isinstance(route, Route)]
        partial = None
        for route in self._routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                return route.path
            if match is Match.PARTIAL:
                partial = partial or route.path
        return partial

    async def _known(self, scope: Scope) -> Known:
        headers = Headers(scope=scope)
        kind, _, token = headers.get("authorization", "").partition(" ")
        cookie = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
        if kind.lower() == "bearer" and token:
            async with self.of.state.turns:
                owner = await run_in_threadpool(self._of_token, token)
            return Known(owner or NOBODY)
        if cookie:
            async with self.of.state.turns:
                found = await run_in_threadpool(self._of_session, cookie)
            if found is not None:
                return Known(found, by_cookie=True)
        if self.settings.open_as is not None:
            return Known(Who("anybody here", self.settings.open_as))
        return Known(NOBODY)

    def _refusal(self, known: Known, scope: Scope, path: str) -> Problem | RedirectResponse | None:
        who, method = known.who, scope["method"]
        address = scope["client"][0] if scope.get("client") else ""
        counted = f"account {who.account_id}" if who.account_id is not None else f"address {address}"
        if self.settings.open_as is None and not self.rates.take(counted):
            return problem(HTTPStatus.TOO_MANY_REQUESTS, "too many requests in a minute; wait a little")
        if who.role not in allowed(path, method):
            return self._turned_away(who, scope, path)
        if known.by_cookie and method in CHANGING and "origin" not in Headers(scope=scope):
            return problem(HTTPStatus.FORBIDDEN, "a change by a browser names the page it comes from")
        if not who.writes and method in CHANGING and path not in ASKING:
            return problem(HTTPStatus.FORBIDDEN, "this token may only read")
        return None

    def _turned_away(self, who: Who, scope: Scope, path: str) -> Problem | RedirectResponse:
        if who is not NOBODY and path == "/":
            query = scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{home(who.role)[1:]}{'?' if query else ''}{query}", HTTPStatus.SEE_OTHER)
        if who is not NOBODY:
            return problem(HTTPStatus.FORBIDDEN, f"the role {who.role} may not do this")
        if path in PAGES and scope["method"] == "GET":
            back = [("to", path[1:])] if path != "/" else []
            query = urlencode([*parse_qsl(scope["query_string"].decode("latin-1")), *back])
            return RedirectResponse(f"signin{'?' if query else ''}{query}", HTTPStatus.SEE_OTHER)
        answer = problem(HTTPStatus.UNAUTHORIZED, "sign in first")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer

    @property
    def _engine(self) -> Engine:
        engine: Engine = self.of.state.engine
        return engine

    def _of_token(self, secret: str) -> Who | None:
        with roles.asking(SIGNING_IN), self._engine.begin() as connection:
            return accounts.from_token(connection, secret)

    def _of_session(self, secret: str) -> Who | None:
        idle, longest = timedelta(minutes=self.settings.idle_minutes), timedelta(hours=self.settings.session_hours)
        with roles.asking(SIGNING_IN), self._engine.begin() as connection:
            return accounts.from_session(connection, secret, idle=idle, longest=longest)

    def _write_down(self, who: Who, method: str, path: str) -> None:
        """Put a change on record before it is tried."""
        with roles.asking(who), self._engine.begin() as connection:
            audit.append(connection, "asked for", method=method, route=path)
