"""Signing in and out, who one is, tokens, accounts, and the audit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api import once, signin
from api.access import SIGNING_IN
from api.asked import Db, ThePlace
from api.paging import Page, Pages
from twin import accounts, audit, devices, roles, welfare
from twin.db import Engine
from twin.errors import Refused
from twin.roles import Who

router = APIRouter()

MOST_SHOWN = 500
MOST_BROKEN = 20
WRITTEN_WITHIN_S = 5.0
LARGEST_ID = 2**63 - 1


async def _body(request: Request) -> bytes:
    """Take the body, which the guard has read."""
    return await request.body()


def _who(request: Request) -> Who:
    found: Who = request.state.who
    return found


Asker = Annotated[Who, Depends(_who)]


@router.get("/signin", include_in_schema=False)
def form(request: Request) -> HTMLResponse:
    """Show the form."""
    return signin.shown(request)


@router.post("/signin", include_in_schema=False)
def sign_in(request: Request, body: Annotated[bytes, Depends(_body)]) -> Response:
    """Take the form."""
    return signin.tried(request, body)


@router.get("/signin/oidc", include_in_schema=False)
def to_provider(request: Request) -> Response:
    """Go to the provider."""
    return signin.to_provider(request)


@router.get("/signin/oidc/back", include_in_schema=False)
def from_provider(request: Request) -> Response:
    """Come back from the provider."""
    return signin.from_provider(request)


@router.post("/signout", include_in_schema=False)
def sign_out(request: Request) -> Response:
    """End the session."""
    return signin.out(request)


@router.get("/api/me")
def me(asker: Asker) -> dict[str, Any]:
    """Say who is signed in, and as what."""
    return {"name": asker.name, "role": asker.role, "grids": list(asker.grids), "account": asker.account_id is not None}


class NewToken(BaseModel):
    """A token for a script: what it is called, how long it lasts, and whether it may change anything."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
    days: int = Field(default=30, ge=1, le=366)
    writes: bool = False


@router.post("/api/me/tokens", status_code=201)
def make_token(request: Request, asker: Asker, wanted: NewToken) -> dict[str, str]:
    """Make a token that acts as whoever asks, and show it this once."""
    if asker.account_id is None:
        raise Refused("a token needs an account")
    if wanted.writes and not asker.writes:
        raise Refused("a token that may only read makes none that may write")
    engine: Engine = request.app.state.engine
    with roles.asking(SIGNING_IN), engine.begin() as connection:
        secret = accounts.make_token(connection, asker.account_id, wanted.name, days=wanted.days, writes=wanted.writes)
        once.made(request, connection)
    return {"name": wanted.name, "token": secret}


@router.get("/api/users")
def users(connection: Db, pages: Pages, page: Annotated[Page, Query()]) -> dict[str, Any]:
    """Give the accounts by name, without anything secret."""
    found = pages.of(accounts.accounts(connection), page, lambda account: (account.name,), str)
    return {"users": found.rows, "next": found.next}


class Entries(Page):
    """Entries of the audit: those before one, of one actor, of events that begin so, where that is said."""

    before: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    actor: str | None = Field(default=None, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
    event: str = Field(default="", max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")
    limit: int = Field(default=100, ge=1, le=MOST_SHOWN)


@router.get("/api/audit")
def entries(connection: Db, pages: Pages, asked: Annotated[Entries, Query()]) -> dict[str, Any]:
    """Give the newest entries of the audit, the newest first, and whether its chain holds.

    `head` is what `linli audit verify --head` takes: kept elsewhere, it tells later whether the end was cut off.
    """
    after = pages.after(asked, int)
    before = after[0] if after else asked.before
    rows = audit.entries(connection, before=before, limit=asked.limit + 1, actor=asked.actor, event=asked.event)
    found = pages.cut(rows, asked, lambda entry: (entry.id,))
    broken, newest = audit.broken(connection), audit.head(connection)
    return {
        "holds": not broken,
        "broken": broken[:MOST_BROKEN],
        "head": newest and f"{newest.id}:{newest.seal}",
        "entries": found.rows,
        "next": found.next,
    }


class Purpose(BaseModel):
    """What a list of people at risk is wanted for; it is written down first."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(min_length=5, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")


def _written_down(request: Request, asked: Annotated[Purpose, Query()]) -> str:
    """Put the reading on record, for good, before a connection for the data is opened: no entry, no data."""
    engine: Engine = request.app.state.engine
    with engine.begin() as connection:
        audit.wait_at_most(connection, WRITTEN_WITHIN_S)
        audit.append(connection, "welfare read", purpose=asked.purpose)
    return asked.purpose


@router.get("/api/welfare")
def people_at_risk(purpose: Annotated[str, Depends(_written_down)], connection: Db, place: ThePlace) -> dict[str, Any]:
    """Give the counts of people at risk by area, none below ten, and the devices that stand in dwellings."""
    things = devices.things(connection, place.id, datetime.now(UTC))
    return {
        "purpose": purpose,
        "counts": welfare.shown(connection, place.id),
        "devices": [
            {
                "key": thing.key,
                "name": thing.name,
                "kind": thing.kind,
                "condition": thing.condition,
                "position": [thing.lon, thing.lat],
            }
            for thing in things
            if thing.is_welfare
        ],
    }
