"""Who reads a screen, from the request: what the address asks for, the account, and which other screens it may open."""

from __future__ import annotations

from fastapi import Request

from api.access import allowed
from twin.roles import Who
from viz.assets import Assets
from viz.screens import SCREENS, Reader, Wanted


def reader(request: Request) -> Reader:
    """Give the reader of a screen."""
    assets: Assets = request.app.state.assets
    who: Who = request.state.who
    return Reader(
        wanted=Wanted.choose(dict(request.query_params), request.headers.get("accept-language", "")),
        static=f"static/{assets.version}",
        account=who.name if who.account_id is not None else None,
        screens=[address for address in SCREENS if who.role in allowed(address, "GET")],
    )
