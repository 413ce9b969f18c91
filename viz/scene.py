"""The map, written with pydeck: layers, order and styles, no data; under 6 kB.

The spec holds no data because deck.gl's JSONConverter walks every value and would compile a name such as "@@=1+1".
Styles are functions of a fixed JavaScript catalogue (static/js/styles.js), called by name, never expressions.
No map provider is named: pydeck's default would ask a tile server on the internet.
"""

from __future__ import annotations

import json
from typing import Any

import pydeck as pdk

from viz import layers
from viz.palette import PALETTES

MIN_ZOOM = 11
MAX_ZOOM = 20


def scene(theme: str, *, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """Give the Deck's spec for one theme, its view in the middle of `bounds` (west, south, east, north, degrees)."""
    west, south, east, north = bounds
    view = pdk.ViewState(
        longitude=(west + east) / 2, latitude=(south + north) / 2, zoom=14, min_zoom=MIN_ZOOM, max_zoom=MAX_ZOOM
    )
    drawn = [layer for file in layers.found() for layer in file.layers(PALETTES[theme])]
    deck = pdk.Deck(
        drawn,
        map_provider=None,
        map_style=None,
        initial_view_state=view,
        views=[pdk.View(type="MapView", controller={"keyboard": {"moveSpeed": 120}, "touchRotate": False})],
    )
    spec: dict[str, Any] = json.loads(deck.to_json())
    return spec
