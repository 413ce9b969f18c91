"""Measurements on the spot: what may be measured of what, in which units, and how it enters the twin.

A measurement is kept for good, with who made it and when; where it says something that ways are computed from, the
element becomes so, marked as corrected by hand, in the same transaction. What was measured earlier than another of its
kind and is written later is kept, and changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from twin import changes, photos
from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["KINDS", "UNITS", "Kept", "Kind", "Measured", "kept", "put"]

CLOCKS_DIFFER = timedelta(minutes=5)  # between a telephone and the server
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_NOTE = 500
LOWERED_M = 0.03  # OpenStreetMap wiki, Key:kerb: lowered is up to some 3 cm, raised above
ALL_ON_RISE = 1e6  # 1:n with n of this much is flat

# By unit as it is written: how a number in it becomes one in the unit of its kind.
UNITS: Mapping[str, Callable[[float], float]] = {
    "m": lambda x: x,
    "cm": lambda x: x / 100,
    "mm": lambda x: x / 1000,
    "1": lambda x: x,
    "%": lambda x: x / 100,
    "1:n": lambda x: 1 / x if x > 0 else math.inf,
    "°": lambda x: math.tan(math.radians(x)) if 0 <= x < 90 else math.inf,  # noqa: PLR2004 -- upright
}
LENGTHS = ("cm", "m", "mm")
SURFACES = (
    "asphalt",
    "concrete",
    "paving_stones",
    "metal",
    "wood",
    "sett",
    "cobblestone",
    "compacted",
    "fine_gravel",
    "gravel",
    "ground",
    "grass",
    "sand",
)
BARRIERS = ("none", "bollard", "block", "stile", "kissing_gate", "turnstile", "gate", "debris")


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be measured: a number within bounds, in the first of its units' own unit, or one of some words.

    column: what of the element it changes, and how its value is written there; None: nothing that ways are computed from.
    edges: of which kinds of edge; empty: of all.
    """

    element: str
    units: tuple[str, ...] = ()
    unit: str = "1"
    least: float = 0.0
    most: float = math.inf
    words: tuple[str, ...] = ()
    column: str | None = None
    written: Callable[[float | str], str | None] = field(default=str)
    edges: tuple[str, ...] = ()
    is_whole: bool = False


def _kerb(height_m: float | str) -> str:
    high = float(height_m)
    return "flush" if high == 0 else "lowered" if high <= LOWERED_M else "raised"


WALKED = ("path", "street", "crossing")
KINDS: Mapping[str, Kind] = {
    "width": Kind("edge", LENGTHS, "m", 0.1, 50, column="width_m"),
    "kerb_height": Kind("edge", LENGTHS, "m", 0, 0.6, column="kerb", written=_kerb, edges=WALKED),
    "gradient": Kind("edge", ("%", "1:n", "°"), "1", 0, 0.6, column="incline", edges=WALKED),
    "surface": Kind("edge", words=SURFACES, column="surface", edges=WALKED),
    "barrier": Kind(
        "edge",
        words=BARRIERS,
        column="barrier",
        written=lambda word: None if word == "none" else str(word),
        edges=WALKED,
    ),
    "step_count": Kind("edge", ("1",), "1", 1, 500, column="step_count", edges=("steps",), is_whole=True),
    "handrail": Kind("edge", words=("both", "one", "none")),
    "entrance_steps": Kind(
        "facility", ("1",), "1", 0, 50, column="step_free", written=lambda n: str(n == 0).lower(), is_whole=True
    ),
    "door_width": Kind("facility", LENGTHS, "m", 0.3, 10),
    "lift_present": Kind(
        "building", words=("yes", "no"), column="lift", written=lambda word: str(word == "yes").lower()
    ),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: of `kind:source id`, a number in a unit or a word, when, and the hash of a photo kept before."""

    element: str
    kind: str
    measured_at: datetime
    value: float | None = None
    unit: str = ""
    word: str | None = None
    note: str = ""
    photo: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A measurement as it is kept; is_in_twin tells whether the element became as measured. photo: None where there is none."""

    id: int
    element: str
    element_id: int | None  # None: the element is no more
    what: str | None  # of an edge its kind, of a facility its service, else building
    name: str | None  # its own, else that of the nearest street
    kind: str
    value: float | None
    word: str | None
    unit: str
    measured_at: datetime
    measured_by: str
    note: str
    photo: str | None
    is_in_twin: bool


def put(connection: Connection, place_id: int, measured: Measured) -> int:
    """Keep a measurement, let the element be as measured, and give the measurement's id.

    Say before who does it and why (`twin.acting`). Raises NotFound where there is no such element, Refused where the
    measurement cannot be.
    """
    kind = _kind(measured)
    value, word = _said(kind, measured)
    element_kind, _, source = measured.element.partition(":")
    incline = _element(connection, place_id, kind, element_kind, source)
    _check(connection, measured)
    said = word if value is None else value
    assert said is not None
    if kind.column == "incline" and incline < 0:
        said = -float(said)  # who measures says how steep, the height model which way it goes down
    values = {
        "place": place_id,
        "element": element_kind,
        "source": source,
        "kind": measured.kind,
        "value": value,
        "word": word,
        "unit": kind.unit,
        "at": measured.measured_at,
        "note": measured.note.strip(),
        "photo": measured.photo,
        "column": kind.column,
        "written": None if kind.column is None else kind.written(round(said) if kind.is_whole else said),  # type: ignore[arg-type]
    }
    put_id = int(connection.execute(sa.text(PUT), values).scalar_one())
    if kind.column is not None:
        changes.announce(connection, "network", place_id=place_id)
    return put_id


def kept(connection: Connection, place_id: int, elements: Sequence[str] | None = None) -> list[Kept]:
    """Give the measurements of a place, or of some elements, the newest first."""
    rows = connection.execute(
        sa.text(KEPT), {"place": place_id, "elements": None if elements is None else list(elements)}
    )
    return [Kept(**row) for row in rows.mappings()]


def _check(connection: Connection, measured: Measured) -> None:
    """Refuse a time that is no time of a measurement, a note that is too long, a photo that there is not."""
    at = measured.measured_at
    if at.tzinfo is None or not EARLIEST <= at <= datetime.now(UTC) + CLOCKS_DIFFER:
        raise Refused("a measurement has a time with its UTC offset, not in the future")
    if len(measured.note) > LONGEST_NOTE:
        raise Refused(f"the note is longer than {LONGEST_NOTE} letters")
    if measured.photo is not None:
        photos.content(connection, measured.photo)


def _kind(measured: Measured) -> Kind:
    kind = KINDS.get(measured.kind)
    if kind is None:
        raise Refused(f"no measurement is called {measured.kind!r}; there are {', '.join(KINDS)}")
    if measured.element.partition(":")[0] != kind.element:
        raise Refused(f"{measured.kind} is measured of a {kind.element}")
    return kind


def _said(kind: Kind, measured: Measured) -> tuple[float | None, str | None]:
    """Give the number in the kind's own unit, or the word."""
    if kind.words:
        if measured.word not in kind.words or measured.value is not None:
            raise Refused(f"{measured.kind} is one of {', '.join(kind.words)}")
        return None, measured.word
    if measured.value is None or measured.word is not None:
        raise Refused(f"{measured.kind} is a number")
    if measured.unit not in kind.units:
        raise Refused(f"{measured.kind} is in {', '.join(kind.units)}")
    value = UNITS[measured.unit](measured.value)
    if not kind.least <= value <= kind.most or (kind.is_whole and value != int(value)):
        whole = "a whole number " if kind.is_whole else ""
        raise Refused(f"{measured.kind} is {whole}from {kind.least:g} to {kind.most:g} {kind.unit}".replace(" 1", ""))
    return round(value, 4), None


def _element(connection: Connection, place_id: int, kind: Kind, element_kind: str, source: str) -> float:
    """Hold the element; give an edge's incline as it is known, 0 where it is not."""
    table = {"edge": "network_edge", "facility": "facility", "building": "building"}[element_kind]
    columns = (
        "kind, coalesce(incline, elevation_incline, 0) AS incline"
        if element_kind == "edge"
        else "'' AS kind, 0 AS incline"
    )
    row = connection.execute(
        sa.text(f"SELECT {columns} FROM {table} WHERE place_id = :place AND source_id = :source LIMIT 1"),
        {"place": place_id, "source": source},
    ).one_or_none()
    if row is None:
        raise NotFound(f"no {element_kind} {source[:60]!r} in this place")
    if kind.edges and row.kind not in kind.edges:
        raise Refused(f"that is not measured of {row.kind}")
    return float(row.incline)


PUT = """
SELECT measurement_put(:place, :element, :source, :kind, CAST(:value AS float8), CAST(:word AS text), :unit, CAST(:at AS timestamptz), :note,
    CAST(:photo AS text), CAST(:column AS text), CAST(:written AS text))
"""

KEPT = """
SELECT m.id, m.element_kind || ':' || m.element_source AS element, coalesce(e.id, f.id, b.id) AS element_id,
    coalesce(e.kind, f.service, CASE WHEN b.id IS NOT NULL THEN 'building' END) AS what,
    coalesce(e.name, f.name, b.name, b.address, near.name) AS name, m.kind, m.value, m.word, m.unit, m.measured_at, m.measured_by, m.note,
    p.hash AS photo, m.revision IS NOT NULL AS is_in_twin
FROM measurement AS m
LEFT JOIN photo AS p ON p.hash = m.photo_hash AND p.content IS NOT NULL
LEFT JOIN network_edge AS e ON m.element_kind = 'edge' AND e.place_id = m.place_id AND e.source_id = m.element_source
LEFT JOIN LATERAL (SELECT min(id) AS id, min(name) AS name, min(service) AS service FROM facility WHERE m.element_kind = 'facility'
    AND place_id = m.place_id AND source_id = m.element_source) AS f ON true
LEFT JOIN building AS b ON m.element_kind = 'building' AND b.place_id = m.place_id AND b.source_id = m.element_source
LEFT JOIN LATERAL (SELECT n.name FROM network_edge AS n
    WHERE n.place_id = m.place_id AND n.name IS NOT NULL AND e.name IS NULL AND e.id IS NOT NULL
    ORDER BY n.geom <-> e.geom LIMIT 1) AS near ON true
WHERE m.place_id = :place
  AND (CAST(:elements AS text[]) IS NULL OR m.element_kind || ':' || m.element_source = ANY(CAST(:elements AS text[])))
ORDER BY m.measured_at DESC, m.id DESC
"""
