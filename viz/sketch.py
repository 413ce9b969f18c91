"""A light map of the twin for paper: SVG of land, water, streets and buildings in grey, the breaks over them with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians
from typing import Any

from markupsafe import Markup, escape

__all__ = ["Mark", "sketch"]

WIDE = 1_000.0  # of the drawing, in its own units
RADIUS = 14.0  # of a number's disc
COLOURS = {
    "land": "#f6f5f1",
    "water": "#d3e4ee",
    "green": "#e2ecd9",
    "street": "#c9c5bb",
    "building": "#e3dfd6",
    "break": "#b3202c",
    "mend": "#7a1660",
}
STREET_WIDTH = 1.6


@dataclass(frozen=True, slots=True)
class Mark:
    """A break with its number in the tables; points: lon, lat."""

    number: int
    kind: str  # break, mend
    points: Sequence[Sequence[float]]


class _Frame:
    """Degrees into the drawing's units, north up."""

    def __init__(self, bounds: tuple[float, float, float, float]) -> None:
        self.west, south, east, self.north = bounds
        self.across = cos(radians((south + self.north) / 2))
        self.scale = WIDE / ((east - self.west) * self.across)
        self.high = (self.north - south) * self.scale

    def at(self, point: Sequence[float]) -> tuple[float, float]:
        return (point[0] - self.west) * self.across * self.scale, (self.north - point[1]) * self.scale

    def line(self, points: Sequence[Sequence[float]], *, closed: bool = False) -> str:
        """Give a path; points that fall on one spot of the paper are one."""
        steps: list[str] = []
        for point in points:
            x, y = self.at(point)
            step = f"{x:.0f} {y:.0f}"
            if not steps or steps[-1] != step:
                steps.append(step)
        if len(steps) < 2:  # noqa: PLR2004 -- a line has two ends
            return ""
        return "M" + "L".join(steps) + ("Z" if closed else "")


def sketch(
    bounds: tuple[float, float, float, float], layers: dict[str, Any], marks: Sequence[Mark], title: str
) -> Markup:
    """Draw GeoJSON layers (land, water, green, street, buildings) and marks; bounds: west, south, east, north [degrees]."""
    frame = _Frame(bounds)
    parts = [f'<rect width="{WIDE:.0f}" height="{frame.high:.0f}" fill="{COLOURS["water"]}"/>']
    parts += [
        f'<path fill="{COLOURS[name]}" fill-rule="evenodd" d="{_areas(frame, layers.get(name))}"/>'
        for name in ("land", "green", "water")
    ]
    parts.append(f'<path fill="{COLOURS["building"]}" d="{_areas(frame, layers.get("buildings"))}"/>')
    streets = "".join(frame.line(one) for one in _lines(layers.get("street")))
    parts.append(f'<path fill="none" stroke="{COLOURS["street"]}" stroke-width="{STREET_WIDTH}" d="{streets}"/>')
    parts += [_mark(frame, one) for one in marks]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE:.0f} {frame.high:.0f}" role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704 -- numbers and our own words; the title is escaped


def _mark(frame: _Frame, mark: Mark) -> str:
    colour = COLOURS[mark.kind]
    x, y = frame.at(mark.points[len(mark.points) // 2])
    return (
        f'<path fill="none" stroke="{colour}" stroke-width="5" stroke-linecap="round" d="{frame.line(mark.points)}"/>'
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{RADIUS}" fill="{colour}" stroke="#fff" stroke-width="1.5"/>'
        f'<text x="{x:.0f}" y="{y + 6:.0f}" text-anchor="middle" font-size="17" font-weight="700" fill="#fff">{mark.number}</text>'
    )


def _areas(frame: _Frame, collection: Any) -> str:
    rings: list[str] = []
    for feature in (collection or {}).get("features", ()):
        shape = feature["geometry"] or {}
        polygons: list[Any] = []
        if shape.get("type") == "Polygon":
            polygons = [shape["coordinates"]]
        elif shape.get("type") == "MultiPolygon":
            polygons = shape["coordinates"]
        rings += [frame.line(ring, closed=True) for polygon in polygons for ring in polygon]
    return "".join(rings)


def _lines(collection: Any) -> list[Sequence[Sequence[float]]]:
    found: list[Sequence[Sequence[float]]] = []
    for feature in (collection or {}).get("features", ()):
        shape = feature["geometry"] or {}
        if shape.get("type") == "LineString":
            found.append(shape["coordinates"])
        elif shape.get("type") == "MultiLineString":
            found += shape["coordinates"]
    return found
