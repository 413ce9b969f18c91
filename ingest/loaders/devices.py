"""Load devices from a table (CSV, XLSX or the points of a layer): which there are, what they report, and which element each watches.

Columns: key, name, kind, format, topic; and name_zh, lon, lat, interval_s, watches, simulated, which may be missing or
empty. lon and lat are of the datum that is declared, and x and y may stand for them; without them a device stands at the element it watches. watches is the kind of
element and its source id (`edge:n1685108365`, `facility:w12`, `building_lift:w456`), or a grid and its code (`grid:110105001001001`); simulated is yes or no.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path

import msgspec

from ingest import decoders
from ingest.loaders import positions, table
from ingest.loaders.receipt import Receipt
from ingest.loaders.refusal import RefusedFile
from ingest.loaders.table import Row, Table, text
from twin.datum import EXAMPLES, WGS_84, Datum
from twin.db import Connection
from twin.devices import WELFARE
from twin.enrolment import GRID, Device, Rule, Stream, enrol
from twin.errors import Refused
from twin.places import Place
from twin.terms import ElementKind, MobilityGroup, ThingKind

__all__ = ["kinds", "load", "read"]

KINDS = Path(__file__).with_name("thing_kinds.toml")
NEEDED = ("key", "name", "kind", "format", "topic")
OPTIONAL = ("name_zh", "lon", "lat", "interval_s", "watches", "simulated")
LONGEST_INTERVAL_S = 31 * 86_400  # a device that says less than once a month cannot be called silent in time
TOPIC_BYTES = 65_535  # MQTT 1.5.4
HEARD = "v1.1/"  # topics of SensorThings, to which clients subscribe
YES = {"": False, "no": False, "yes": True}


class Range(msgspec.Struct, forbid_unknown_fields=True):
    """One property's unit and range."""

    unit: str
    lowest: float
    highest: float


class Effect(msgspec.Struct, forbid_unknown_fields=True):
    """One rule of a kind."""

    property: str
    mobility_groups: list[MobilityGroup] | None = None
    closes_above: float | None = None
    closes_below: float | None = None
    opens_below: float | None = None
    opens_above: float | None = None
    slows_above: float | None = None
    slows_below: float | None = None
    slow_factor: float | None = None
    slow_s: float | None = None
    max_closed_s: int | None = None
    hold_s: int = 0
    lock_s: int = 0


class Kind(msgspec.Struct, forbid_unknown_fields=True):
    """What devices of one kind report and close."""

    interval_s: int
    source: str
    certainty: str
    properties: dict[str, Range]
    effects: list[Effect] = []

    def streams(self) -> tuple[Stream, ...]:
        """The datastreams of a device of this kind."""
        return tuple(Stream(name, r.unit, r.lowest, r.highest) for name, r in self.properties.items())

    def rules(self) -> tuple[Rule, ...]:
        """The rules for what a device of this kind watches."""
        return tuple(
            Rule(
                effect.property,
                None if effect.mobility_groups is None else tuple(group.value for group in effect.mobility_groups),
                closes_above=effect.closes_above,
                closes_below=effect.closes_below,
                opens_below=effect.opens_below,
                opens_above=effect.opens_above,
                slows_above=effect.slows_above,
                slows_below=effect.slows_below,
                slow_factor=effect.slow_factor,
                slow_s=effect.slow_s,
                max_closed_s=effect.max_closed_s,
                hold_s=effect.hold_s,
                lock_s=effect.lock_s,
            )
            for effect in self.effects
        )


def kinds() -> dict[ThingKind, Kind]:
    """Read the kind table, kept as data beside this module."""
    return msgspec.toml.decode(KINDS.read_bytes(), type=dict[ThingKind, Kind])


def load(connection: Connection, path: Path, *, place: Place, datum: Datum | None, partial: bool = False) -> Receipt:
    """Enrol the devices of a file in a place; devices that are not in the file stay as they are.

    datum is that of their positions; None where none of them has one.

    Raises Refused where the file is no such table, and where a row is refused and partial is not said: nothing is
    loaded then.
    """
    found = read(path, datum=datum)
    enrolment = enrol(connection, place.id, list(found.taken.values()))
    line_of = {device.key: line for line, device in found.taken.items()}
    strangers = [(line_of[key], reason) for key, reason in enrolment.rejected]
    whole = Table(
        path,
        {line: device for line, device in found.taken.items() if line not in dict(strangers)},
        sorted(found.rejected + strangers),
        found.word,
    )
    if not partial:
        whole.refuse_rejected()
    return Receipt(
        "devices",
        read=whole.count,
        added=len(enrolment.added),
        changed=len(enrolment.changed),
        rejected=whole.receipt_rows(),
        notes=positions.notes(datum) if datum else (),
    )


def read(path: Path, *, datum: Datum | None) -> Table[Device]:
    """Read a device file; datum as in load(). Raises Refused where it is no such table, FileNotFoundError where it is not there."""
    known = kinds()
    placed: list[str] = []

    def parse(fields: Row) -> Device:
        placed.append(fields.get("lon", "") + fields.get("lat", ""))
        return _device(fields, known, datum or WGS_84)

    found = table.read(path, parse, needed=NEEDED, optional=OPTIONAL, key=attrgetter("key"))
    if datum is None and any(placed):
        raise RefusedFile("no-datum", path, examples=EXAMPLES)
    return found


def _device(fields: Row, known: Mapping[ThingKind, Kind], datum: Datum) -> Device:
    """Make a device of one row. Raises Refused with the reason."""
    kind = _kind(fields["kind"], known)
    lon, lat = _place(fields.get("lon", ""), fields.get("lat", ""), datum)
    watches = _watches(fields.get("watches", ""))
    return Device(
        key=fields["key"],
        name=text(fields, "name") or "",
        name_zh=text(fields, "name_zh"),
        kind=fields["kind"],
        format=_format(fields["format"]),
        topic=_topic(fields["topic"], is_dwelling=fields["kind"] in WELFARE),
        lon=lon,
        lat=lat,
        interval_s=_interval(fields.get("interval_s", ""), kind.interval_s),
        simulated=_yes(fields.get("simulated", "")),
        watches=watches,
        streams=kind.streams(),
        rules=kind.rules() if watches else (),
    )


def _kind(name: str, known: Mapping[ThingKind, Kind]) -> Kind:
    if name not in known:
        raise Refused(f"unknown kind {name!r}; there are {', '.join(known)}")
    return known[ThingKind(name)]


def _format(name: str) -> str:
    if name not in decoders.names():
        raise Refused(f"unknown format {name!r}; there are {', '.join(decoders.names())}")
    return name


def _topic(topic: str, *, is_dwelling: bool) -> str:
    if any(sign in topic for sign in "+#") or len(topic.encode()) > TOPIC_BYTES:
        raise Refused(f"not a topic to publish on: {topic[:80]!r}")
    if is_dwelling and topic.startswith(HEARD):
        raise Refused(f"a device in a dwelling reports where nobody subscribes, not below {HEARD}")
    return topic


def _place(lon: str, lat: str, datum: Datum) -> tuple[float, float] | tuple[None, None]:
    """Read a place; both empty: none of its own."""
    return positions.position(lon, lat, datum) if lon or lat else (None, None)


def _interval(stated: str, default_s: int) -> int:
    if not stated:
        return default_s
    if not (stated.isdecimal() and 0 < int(stated) <= LONGEST_INTERVAL_S):
        raise Refused(f"interval_s {stated!r} is not a whole number of seconds from 1 to {LONGEST_INTERVAL_S}")
    return int(stated)


def _yes(stated: str) -> bool:
    if stated not in YES:
        raise Refused(f"simulated {stated!r} is neither yes nor no")
    return YES[stated]


def _watches(stated: str) -> str | None:
    if not stated:
        return None
    kind, _, source = stated.partition(":")
    if kind not in (*ElementKind, GRID) or not source:
        known = ", ".join(ElementKind)
        raise Refused(f"watches {stated!r} is not {known} and a source id, such as edge:n12, nor grid and a code")
    return stated
