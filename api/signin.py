"""Sign in and out with a local account or at a provider; a cookie holds the session's secret and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import COOKIE, PAGES, SIGN_IN, SIGNING_IN, allowed, home
from api.errors import problem
from api.provider import Attempt, Provider
from api.rates import Rates
from twin import accounts, roles
from twin.db import Connection, Engine
from twin.errors import NotFound
from twin.roles import Role, Who
from viz import signin as page
from viz.assets import Assets

TRIES_PER_MINUTE = 10  # from one address, whatever the account
LONGEST_FORM = 4_096  # bytes
ATTEMPT = "linli_attempt"
ATTEMPT_S = 600


def to_provider(request: Request) -> Response:
    """Send a browser to the provider, with an attempt that it keeps until it comes back."""
    provider = _provider(request)
    attempt = Attempt.new()
    answer = RedirectResponse(provider.address(attempt, _back(request)), HTTPStatus.SEE_OTHER)
    is_tls = request.url.scheme == "https"
    # lax: the browser comes back from another site
    path = _seen_at(request)
    answer.set_cookie(ATTEMPT, attempt.packed(), ATTEMPT_S, httponly=True, samesite="lax", secure=is_tls, path=path)
    return answer


def from_provider(request: Request) -> Response:
    """Take a browser back from the provider, and begin its session."""
    rates: Rates = request.app.state.sign_ins
    if not rates.take(request.client.host if request.client else ""):
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "too many tries in a minute; wait a little")
    attempt = Attempt.unpacked(request.cookies.get(ATTEMPT, ""))
    state, code = (request.query_params.get(name, "") for name in ("state", "code"))
    subject = _provider(request).subject(attempt, _back(request), state=state, code=code)
    begun = _begun(request, lambda connection: accounts.from_subject(connection, subject))
    if begun is None:
        return problem(HTTPStatus.FORBIDDEN, "there is no account here for whom the provider says you are")
    # a page and not a redirect: a strict cookie is not sent on a way that began at another site
    answer = HTMLResponse(page.done(request.headers.get("accept-language", ""), home="../../"))
    _keep(request, answer, begun[0])
    answer.delete_cookie(ATTEMPT, path=_seen_at(request), httponly=True, samesite="lax")
    return answer


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound("no provider is set: serve.oidc")
    return provider


def _seen_at(request: Request) -> str:
    """Give the path of the sign-in as the browser has it, below what a proxy takes off."""
    return f"{request.scope.get('root_path', '')}{SIGN_IN}"


def _back(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{SIGN_IN}/oidc/back"


def shown(request: Request, *, wrong: bool = False) -> HTMLResponse:
    """Show the form in the reader's language."""
    assets: Assets = request.app.state.assets
    text = page.page(
        dict(request.query_params),
        request.headers.get("accept-language", ""),
        static=f"static/{assets.version}",
        wrong=wrong,
        is_provided=request.app.state.provider is not None,
    )
    return HTMLResponse(text, HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK)


def tried(request: Request, body: bytes) -> Response:
    """Take a filled form: a new session and the map, or the form again, which never says what was wrong."""
    rates: Rates = request.app.state.sign_ins
    if not rates.take(request.client.host if request.client else ""):
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "too many tries in a minute; wait a little")
    form = parse_qs(body[:LONGEST_FORM].decode("utf-8", "replace"), max_num_fields=10)
    name, password = (form.get(field, [""])[0] for field in ("name", "password"))
    begun = _begun(request, lambda connection: accounts.sign_in(connection, name, password))
    if begun is None:
        return shown(request, wrong=True)
    secret, who = begun
    answer = RedirectResponse(_back_to(request, who.role), HTTPStatus.SEE_OTHER)
    _keep(request, answer, secret)
    return answer


def _back_to(request: Request, role: Role) -> str:
    """Give the relative address of the page that was asked for before signing in, with what its reader had chosen.

    Where the role may not open it, that of the first page that it may.
    """
    asked = dict(request.query_params)
    to = asked.pop("to", "")
    query = f"?{urlencode(asked)}" if asked else ""
    if f"/{to}" not in PAGES:
        to, query = "", ""
    if role not in allowed(f"/{to}", "GET"):
        to = home(role)[1:]
    return f"{to or './'}{query}"


def _begun(request: Request, who: Callable[[Connection], Who | None]) -> tuple[str, Who] | None:
    """Begin the session of whom the database says it is, and give its secret and whose it is; None: nobody's."""
    engine: Engine = request.app.state.engine
    with roles.asking(SIGNING_IN), engine.begin() as connection:
        found = who(connection)
        return (accounts.start_session(connection, found.account_id), found) if found and found.account_id else None


def _keep(request: Request, answer: Response, secret: str) -> None:
    """Give a browser its session: no script reads it, and no other site sends it."""
    is_tls = request.url.scheme == "https"
    answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=is_tls, path="/")


def out(request: Request) -> Response:
    """End the session, here and in the browser."""
    engine: Engine = request.app.state.engine
    secret = request.cookies.get(COOKIE, "")
    with roles.asking(SIGNING_IN), engine.begin() as connection:
        accounts.end_session(connection, secret)
    answer = RedirectResponse(SIGN_IN.removeprefix("/"), HTTPStatus.SEE_OTHER)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    # what the browser may have kept of the session goes with it
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer
