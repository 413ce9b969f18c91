"""Water, over the grids' tint: a harbour inside a grid stays water, a pool in a park stays blue."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import String

from viz.palette import Palette, rgb

ORDER = 25


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw sea, rivers and pools."""
    return [
        pdk.Layer("GeoJsonLayer", id="water", source=String("water"), stroked=False, get_fill_color=rgb(palette.water))
    ]
