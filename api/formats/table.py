"""What is exported: columns of one kind each, a shape a row where there is one, and what the table is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.queries.expressions import Kind

__all__ = ["Shapes", "Table"]


@dataclass(frozen=True, slots=True)
class Shapes:
    """The rows' geometries as WKB, x (east) first; `kind` as GeoJSON names it."""

    wkb: Sequence[bytes | None]
    kind: str
    srid: int = 4326


@dataclass(frozen=True, slots=True)
class Table:
    """A table to write; `about` says when it was made, by whom, what for and by which norms."""

    name: str
    kinds: Mapping[str, Kind]
    columns: Mapping[str, Sequence[Any]]
    about: Mapping[str, str] = field(default_factory=dict)
    shapes: Shapes | None = None

    @property
    def length(self) -> int:
        """Give the number of rows."""
        return len(next(iter(self.columns.values()), ()))
