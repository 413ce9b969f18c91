"""Devices: the register that a reading is looked up in, and things as the screens show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from twin.terms import Condition, ThingKind

if TYPE_CHECKING:
    from twin.enrolment import Device, Stream

__all__ = [
    "BY_CLIENT",
    "DEADLINE",
    "SILENT_INTERVALS",
    "WELFARE",
    "Effect",
    "Reported",
    "Slot",
    "Thing",
    "condition",
    "devices",
    "dwelling_topics",
    "intervals",
    "register",
    "things",
]

SILENT_INTERVALS = 3  # a thing that misses more reports than this is silent; ours: no norm gives a number
# When silence makes the state s of an effect e of a thing t unknown; null: never. A closure may have a shorter limit of
# its own.
DEADLINE = f"""least(s.reading_time + {SILENT_INTERVALS} * t.interval_s * interval '1 second',
             CASE WHEN s.state = 'closed' THEN s.reading_time + e.max_closed_s * interval '1 second' END)"""
BY_CLIENT = "http"  # the format of a thing that a client made: no device to play or configure
WELFARE = frozenset({ThingKind.DOOR, ThingKind.METER})  # they stand in dwellings: only the care role may see which


class Slot(NamedTuple):
    """Where a reading goes, and what it may be."""

    datastream_id: int
    lowest: float
    highest: float
    unit: str
    stated: str | None = None  # the unit that its readings came in so far; None: none has stated any
    wrong: str | None = None  # the other unit that they come in now
    thing_id: int = 0
    format: str = ""  # which alone may speak for its thing; "": no one has said
    topic: str = ""
    codes: Mapping[str, int] | None = None  # of a category: its words; of free text: none at all


@dataclass(frozen=True, slots=True)
class Reported:
    """A datastream with its newest reading; time and value are None where it has none.

    `text` is what a text says, or the word that the value of a category is the code of.
    """

    datastream_id: int
    property: str
    unit: str
    time: datetime | None
    value: float | None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a device has to say about one element."""

    effect_id: int
    element_kind: str
    element_id: int
    element_source: str | None  # None: the element is no longer in the twin
    mobility_groups: list[str] | None  # None: everybody
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Thing:
    """An enrolled device as the screens show it."""

    id: int
    key: str
    name: str
    name_zh: str | None
    kind: str
    format: str
    topic: str
    lon: float
    lat: float
    interval_s: int
    simulated: bool
    watched_grid: str | None  # the code of the grid that it watches
    measured_at: (
        datetime | None
    )  # newest measured time of all its datastreams, none later than received; None: never seen
    age_s: float | None
    condition: Condition  # silent: nothing for more than SILENT_INTERVALS intervals
    readings: tuple[Reported, ...]
    effects: tuple[Effect, ...]

    @property
    def is_welfare(self) -> bool:
        """Whether it stands in a dwelling, so that where it is must not be shown to everybody."""
        return self.kind in WELFARE


def register(connection: Connection) -> dict[tuple[str, str], Slot]:
    """Read the register for the hot path: (thing key, property) to where the reading goes."""
    rows = connection.execute(
        sa.text("""
        SELECT t.key, d.property, d.id, d.lowest, d.highest, d.unit, d.stated_unit, d.wrong_unit, t.id, t.format, t.topic,
               CASE d.result WHEN 'text' THEN '{}'
                    WHEN 'category' THEN (SELECT jsonb_object_agg(word, code) FROM category WHERE datastream_id = d.id) END
          FROM datastream d JOIN thing t ON t.id = d.thing_id
        """)
    )
    return {(key, name): Slot(*slot) for key, name, *slot in rows}


def intervals(connection: Connection) -> dict[str, int]:
    """Read how often each thing is expected to report: thing key to seconds."""
    rows = connection.execute(sa.text("SELECT key, interval_s FROM thing"))
    return {str(row.key): int(row.interval_s) for row in rows}


def dwelling_topics(connection: Connection) -> dict[str, str]:
    """Read on which topics devices in dwellings report: thing key to topic."""
    rows = connection.execute(
        sa.text("SELECT key, topic FROM thing WHERE kind = ANY(:kinds) AND topic <> '' ORDER BY key"),
        {"kinds": sorted(WELFARE)},
    )
    return {str(row.key): str(row.topic) for row in rows}


STREAMS = sa.text("""
SELECT d.thing_id, d.property, d.unit, d.lowest, d.highest, d.result,
       ARRAY(SELECT word FROM category c WHERE c.datastream_id = d.id ORDER BY code) AS words
  FROM datastream d JOIN thing t ON t.id = d.thing_id WHERE t.place_id = :place_id ORDER BY d.id
""")


def devices(connection: Connection, place_id: int) -> list[Device]:
    """Read the enrolled devices of a place, to play or configure them.

    `watches` is its grid, or the first element of each, None where there is none; `rules` is empty: they stay in the twin.
    """
    from twin.enrolment import (  # with geometry and tables: a third of the memory of an ingest worker
        GRID,
        Device,
        Stream,
    )

    streams: dict[int, list[Stream]] = {}
    for row in connection.execute(STREAMS, {"place_id": place_id}):
        stream = Stream(row.property, row.unit, row.lowest, row.highest, row.result, tuple(row.words))
        streams.setdefault(row.thing_id, []).append(stream)
    watched: dict[int, str] = {}
    for thing_id, _, kind, _, source, *_ in connection.execute(EFFECTS, {"place_id": place_id, "now": None}):
        watched.setdefault(thing_id, f"{kind}:{source}")
    return [
        Device(
            **{name: value for name, value in row.items() if name not in {"id", "watched_grid"}},
            watches=f"{GRID}:{row['watched_grid']}" if row["watched_grid"] else watched.get(row["id"]),
            streams=tuple(streams.get(row["id"], ())),
            rules=(),
        )
        for row in connection.execute(THINGS, {"place_id": place_id}).mappings()
        if row["format"] != BY_CLIENT
    ]


THINGS = sa.text("""
SELECT t.id, t.key, t.name, t.name_zh, t.kind, t.format, t.topic, ST_X(t.point) AS lon, ST_Y(t.point) AS lat,
       t.interval_s, t.simulated, g.code AS watched_grid
  FROM thing t LEFT JOIN grid g ON g.id = t.watched_grid_id
 WHERE t.place_id = :place_id AND t.point IS NOT NULL ORDER BY t.id
""")
REPORTED = sa.text("""
SELECT d.thing_id, d.id, d.property, d.unit, least(coalesce(l.time, w.time), coalesce(l.received_at, w.received_at)),
       l.value, coalesce(w.value, c.word)
  FROM thing t JOIN datastream d ON d.thing_id = t.id LEFT JOIN latest l ON l.datastream_id = d.id
  LEFT JOIN latest_text w ON w.datastream_id = d.id
  LEFT JOIN category c ON c.datastream_id = d.id AND c.code = l.value
 WHERE t.place_id = :place_id ORDER BY d.id
""")
EFFECTS = sa.text(f"""
SELECT d.thing_id, e.id, e.element_kind, e.element_id, coalesce(n.source_id, f.source_id, b.source_id), e.mobility_groups,
       CASE WHEN {DEADLINE} <= :now THEN 'unknown' ELSE s.state END,
       CASE WHEN {DEADLINE} <= :now THEN {DEADLINE} ELSE s.since END
  FROM thing t JOIN datastream d ON d.thing_id = t.id JOIN effect e ON e.datastream_id = d.id
  JOIN effect_state s ON s.effect_id = e.id
  LEFT JOIN network_edge n ON e.element_kind = 'edge' AND n.id = e.element_id
  LEFT JOIN facility f ON e.element_kind = 'facility' AND f.id = e.element_id
  LEFT JOIN building b ON e.element_kind = 'building_lift' AND b.id = e.element_id
 WHERE t.place_id = :place_id ORDER BY e.id
""")


def things(connection: Connection, place_id: int, now: datetime) -> list[Thing]:
    """Read every device of a place with its newest readings and what it watches; ages [s] are taken at `now`."""
    place = {"place_id": place_id}
    readings: dict[int, list[Reported]] = {}
    for thing_id, *reading in connection.execute(REPORTED, place):
        readings.setdefault(thing_id, []).append(Reported(*reading))
    effects: dict[int, list[Effect]] = {}
    for thing_id, *effect in connection.execute(EFFECTS, place | {"now": now}):
        effects.setdefault(thing_id, []).append(Effect(*effect))
    answer = []
    for row in connection.execute(THINGS, place).mappings():
        reported = tuple(readings.get(row["id"], ()))
        newest = max((reading.time for reading in reported if reading.time is not None), default=None)
        age_s = None if newest is None else (now - newest).total_seconds()
        answer.append(
            Thing(
                **row,
                measured_at=newest,
                age_s=age_s,
                condition=condition(age_s, row["interval_s"]),
                readings=reported,
                effects=tuple(effects.get(row["id"], ())),
            )
        )
    return answer


def condition(age_s: float | None, interval_s: int) -> Condition:
    """Say how a thing is from the age of its newest reading."""
    if age_s is None:
        return Condition.NEVER_SEEN
    return Condition.SILENT if age_s > SILENT_INTERVALS * interval_s else Condition.OK
