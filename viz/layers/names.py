"""Street names, placed by the page so that none lies over another (static/js/labels.js)."""

from __future__ import annotations

import pydeck as pdk
from pydeck.types import Function, String

from viz.palette import Palette, rgb

ORDER = 50
FONT = "'Noto Sans','Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"


def layers(palette: Palette) -> list[pdk.Layer]:
    """Draw text with a halo."""
    return [
        pdk.Layer(
            "TextLayer",
            id="names",
            source=String("names"),
            get_position=Function("field", key="position"),
            get_text=Function("field", key="text"),
            get_size=Function("field", key="size"),
            get_angle=Function("field", key="angle"),
            get_color=rgb(palette.label),
            character_set=String("auto"),
            font_family=String(FONT),
            font_weight=500,
            font_settings={"sdf": True, "fontSize": 48, "buffer": 8, "radius": 14},
            outline_width=3,
            outline_color=rgb(palette.halo),
        )
    ]
