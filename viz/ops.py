"""The operations room's page: what its template and its modules need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from twin.places import Place
from viz import screens
from viz.scene import scene

MOST_BUILDINGS = 20_000  # as one file; a page with more asks for tiles


@dataclass(frozen=True, slots=True)
class Known:
    """What the page's modules are told of the place as it is now."""

    revision: int  # of the map, which a replay compares
    since: datetime | None  # from when the past is known
    buildings: int  # how many, for many are drawn by tiles


def page(place: Place, reader: screens.Reader, known: Known, *, simulated: bool) -> str:
    """Write the page for one reader; simulated: some devices of the place are."""
    boot = {
        "scene": scene(reader.wanted.theme, bounds=place.bounds),
        "revision": known.revision,
        "since": known.since.isoformat() if known.since else None,
        "tiled": known.buildings > MOST_BUILDINGS,
    }
    return screens.render("ops.html.j2", place, reader, "/", boot, simulated=simulated, minutes=screens.MINUTES)
