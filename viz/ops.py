"""The operations room's page: what its template and its modules need."""

from __future__ import annotations

from twin.places import Place
from viz import screens
from viz.scene import scene


def page(place: Place, reader: screens.Reader, *, simulated: bool) -> str:
    """Write the page for one reader; simulated: some devices of the place are."""
    boot = {"scene": scene(reader.wanted.theme, bounds=place.bounds)}
    return screens.render("ops.html.j2", place, reader, "/", boot, simulated=simulated, minutes=screens.MINUTES)
