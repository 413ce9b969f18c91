"""The areas that counts of people are given by: buildings, grids and cells, and which dwellings are in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from ingest.loaders import cells
from ingest.loaders.table import Row
from twin import places, residents, zones
from twin.code_validity import revoked
from twin.datum import Datum
from twin.db import Connection
from twin.errors import Refused

__all__ = ["AREAS", "Area", "Areas"]

AREAS = ("building", "grid", "cell")
CORNER = "square"


@dataclass(frozen=True, slots=True)
class Area:
    """One area by its kind (building, grid, cell or square) and its code."""

    kind: str
    code: str

    @property
    def name(self) -> str:
        """One word for both."""
        return f"{self.kind} {self.code}"


@dataclass(slots=True)
class Areas:
    """The areas of a place that rows may name; index gives each dwelling's row by source id."""

    place_code: str
    boundary: shapely.MultiPolygon
    index: dict[str, int]
    in_grid: dict[str, frozenset[str]]
    grid_codes: tuple[str, ...]
    points: NDArray[np.float64]
    datum: Datum | None
    square_m: float
    revoked: dict[str, tuple[str, ...]]
    shapes: dict[str, shapely.Polygon] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        connection: Connection,
        place: places.Place,
        where: residents.Dwellings,
        *,
        datum: Datum | None,
        square_m: float,
    ) -> Areas:
        """Read what there is; datum and square_m [m] are those of squares given by their lower left corner."""
        boundary = places.boundary(connection, place.id)
        shapely.prepare(boundary)
        return cls(
            place_code=place.code,
            boundary=boundary,
            index={source_id: row for row, source_id in enumerate(where.source_ids)},
            in_grid=zones.within_grids(connection, place.id),
            grid_codes=where.grid_codes,
            points=zones.points(connection, place.id),
            datum=datum,
            square_m=square_m,
            revoked=revoked(connection, place.id, datetime.now(UTC).date()),
        )

    def area(self, fields: Row) -> Area | None:
        """Give the area that a row names, None where its place is empty: those people are not located."""
        named = [kind for kind in AREAS if kind in fields]
        corner = "lon" in fields and "lat" in fields
        if len(named) + corner != 1:
            raise Refused(
                f"{len(named) + corner} columns say where: there must be one of {', '.join(AREAS)}, or x and y"
            )
        if corner:
            return self._square(fields["lon"], fields["lat"])
        (kind,) = named
        code = fields[kind]
        if not code:
            return None
        if kind == "building" and code not in self.index:
            raise Refused(f"no residential building {code[:40]!r} in {self.place_code}")
        if kind == "grid" and code not in self.in_grid:
            raise Refused(self._no_grid(code))
        if kind == "cell":
            self._keep(code, cells.shape(code))
        return Area(kind, code)

    def _no_grid(self, code: str) -> str:
        if code not in self.revoked:
            return f"no grid {code[:40]!r} in {self.place_code}"
        instead = ", ".join(self.revoked[code]) or "nothing"
        return f"grid {code} is revoked; in its stead there is {instead}"

    def zone_of(self, areas: Sequence[Area]) -> NDArray[np.object_]:
        """Give the name of each dwelling's area, None where none of these has it; Refused where two of them have one."""
        found = np.full(len(self.grid_codes), None, np.object_)
        inside = cells.members({a.name: self.shapes[a.code] for a in areas if a.code in self.shapes}, self.points)
        for area in areas:
            for row in self._rows(area, inside):
                if found[row] is not None:
                    raise Refused(f"{found[row]} and {area.name} overlap: people would count twice")
                found[row] = area.name
        return found

    def over_the_boundary(self, areas: Sequence[Area]) -> int:
        """Count the cells of these that lie in the place only in part."""
        return sum(not self.boundary.covers(self.shapes[area.code]) for area in areas if area.code in self.shapes)

    def _rows(self, area: Area, inside: dict[str, list[int]]) -> list[int]:
        if area.kind == "building":
            return [self.index[area.code]]
        if area.kind == "grid":
            grids = self.in_grid[area.code]
            return [row for row, code in enumerate(self.grid_codes) if code in grids]
        return inside[area.name]

    def _square(self, x: str, y: str) -> Area | None:
        if not (x or y):
            return None
        if self.datum is None:
            raise Refused("a square's corner needs its datum: say --datum")
        code = f"{x} {y}"
        self._keep(code, cells.square(x, y, self.square_m, self.datum))
        return Area(CORNER, code)

    def _keep(self, code: str, shape: shapely.Polygon) -> None:
        if not self.boundary.intersects(shape):
            raise Refused(f"cell {code[:40]!r} is outside {self.place_code}")
        self.shapes[code] = shape
