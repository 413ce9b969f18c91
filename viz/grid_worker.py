"""The grid worker's page, for a phone: what stands in the own grids, to take on and to note."""

from __future__ import annotations

from twin.places import Place
from viz import screens

__all__ = ["page"]


def page(place: Place, reader: screens.Reader) -> str:
    """Write the page for one reader."""
    return screens.render("grid_worker.html.j2", place, reader, "/grid", {})
