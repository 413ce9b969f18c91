"""The screens of who keeps devices and accounts, and of who walks the grids."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access import allowed
from api.asked import ThePlace
from api.screens import reader
from twin.roles import Who
from viz import devices, grid_worker
from viz.devices import TABS

router = APIRouter()


@router.get("/devices", response_class=HTMLResponse, include_in_schema=False)
def integrate(request: Request, place: ThePlace) -> HTMLResponse:
    """Show the tabs that the role of who asks may open."""
    who: Who = request.state.who
    tabs = [name for name, (_, route) in TABS.items() if who.role in allowed(route, "GET")]
    return HTMLResponse(devices.page(place, reader(request), role=who.role, tabs=tabs))


@router.get("/grid", response_class=HTMLResponse, include_in_schema=False)
def grid(request: Request, place: ThePlace) -> HTMLResponse:
    """Show what stands in the own grids."""
    return HTMLResponse(grid_worker.page(place, reader(request)))
