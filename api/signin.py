"""Sign in and out with a local account; a cookie holds the session's secret and nothing else."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.access import COOKIE, SIGN_IN, SIGNING_IN
from api.errors import problem
from api.rates import Rates
from twin import accounts, roles
from twin.db import Engine
from viz import signin as page
from viz.assets import Assets

TRIES_PER_MINUTE = 10  # from one address, whatever the account
LONGEST_FORM = 4_096  # bytes


def shown(request: Request, *, wrong: bool = False) -> HTMLResponse:
    """Show the form in the reader's language."""
    assets: Assets = request.app.state.assets
    text = page.page(
        dict(request.query_params),
        request.headers.get("accept-language", ""),
        static=f"static/{assets.version}",
        wrong=wrong,
    )
    return HTMLResponse(text, HTTPStatus.UNAUTHORIZED if wrong else HTTPStatus.OK)


def tried(request: Request, body: bytes) -> Response:
    """Take a filled form: a new session and the map, or the form again, which never says what was wrong."""
    rates: Rates = request.app.state.sign_ins
    if not rates.take(request.client.host if request.client else ""):
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "too many tries in a minute; wait a little")
    form = parse_qs(body[:LONGEST_FORM].decode("utf-8", "replace"), max_num_fields=10)
    name, password = (form.get(field, [""])[0] for field in ("name", "password"))
    engine: Engine = request.app.state.engine
    with roles.asking(SIGNING_IN), engine.begin() as connection:
        who = accounts.sign_in(connection, name, password)
        secret = accounts.start_session(connection, who.account_id) if who and who.account_id else None
    if secret is None:
        return shown(request, wrong=True)
    return signed_in(request, secret)


def signed_in(request: Request, secret: str) -> Response:
    """Send a browser to the map with its new session."""
    answer = RedirectResponse("./", HTTPStatus.SEE_OTHER)
    is_tls = request.url.scheme == "https"
    answer.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=is_tls, path="/")
    return answer


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
