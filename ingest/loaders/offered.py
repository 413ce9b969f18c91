"""Enrol a device that described itself, from its offer: a person says what kind it is and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.loaders.devices import Kind, kinds
from twin import offers
from twin.db import Connection
from twin.enrolment import Device, Stream, enrol
from twin.errors import Refused
from twin.offers import Offer
from twin.places import Place
from twin.terms import ThingKind
from twin.units import in_unit

__all__ = ["Enrolled", "Wish", "enrol_offered", "further_streams"]

FEWEST_WORDS, MOST_WORDS = 2, 1_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person says of an offered device; its place in WGS 84, or at what it watches (`edge:n12`)."""

    kind: str
    name: str | None = None  # None: its key
    name_zh: str | None = None
    lon: float | None = None
    lat: float | None = None
    watches: str | None = None
    interval_s: int | None = None  # None: that of its kind
    format: str | None = None  # where several speak of its key
    extra: tuple[Stream, ...] = ()  # what it says beyond its kind


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What became of it; `left` are offered properties that its kind does not have."""

    key: str
    kind: str
    properties: tuple[str, ...]
    left: tuple[str, ...]


def enrol_offered(connection: Connection, place: Place, key: str, wish: Wish) -> Enrolled:
    """Enrol an offered device, and let its offer go.

    Raises NotFound where no such device is offered, Refused where it cannot be of that kind or stand there.
    """
    offer = offers.find(connection, key, wish.format)
    kind = _kind(wish.kind, offer)
    streams = (*kind.streams(), *(_offered(one, kind, offer) for one in wish.extra))
    device = Device(
        key=key,
        name=wish.name or key,
        name_zh=wish.name_zh,
        kind=wish.kind,
        format=offer.format,
        topic=offer.topic,
        lon=wish.lon,
        lat=wish.lat,
        interval_s=wish.interval_s or kind.interval_s,
        simulated=False,
        watches=wish.watches,
        streams=streams,
        rules=kind.rules() if wish.watches else (),
    )
    done = enrol(connection, place.id, [device])
    if done.rejected:
        raise Refused(f"{key}: {done.rejected[0][1]}")
    offers.withdraw(connection, key)
    taken = tuple(stream.property for stream in streams)
    return Enrolled(key, wish.kind, taken, tuple(sorted(offer.properties.keys() - set(taken))))


def further_streams(truths: Sequence[str], texts: Sequence[str], categories: Sequence[str]) -> tuple[Stream, ...]:
    """Make the datastreams of properties that no kind has; a category is written `mode=idle,up,down`.

    Raises Refused for a category without two words or more.
    """
    made = [Stream(name, "1", 0, 1) for name in truths] + [Stream(name, "1", 0, 0, "text") for name in texts]
    for one in categories:
        name, _, listed = one.partition("=")
        words = tuple(dict.fromkeys(word.strip() for word in listed.split(",") if word.strip()))
        if not name or not FEWEST_WORDS <= len(words) <= MOST_WORDS:
            raise Refused(f"{one[:80]!r} is no category: name=word,word, with {FEWEST_WORDS} to {MOST_WORDS} words")
        made.append(Stream(name, "1", 0, len(words) - 1, "category", words))
    return tuple(made)


def _offered(stream: Stream, kind: Kind, offer: Offer) -> Stream:
    if stream.property in kind.properties:
        raise Refused(f"{stream.property} is what its kind says already")
    if stream.property not in offer.properties:
        raise Refused(f"{offer.key} says no {stream.property}; it says {', '.join(sorted(offer.properties))}")
    return stream


def _kind(name: str, offer: Offer) -> Kind:
    """Give the kind of a device. Raises Refused where what it says cannot be of that kind."""
    known = kinds()
    if name not in list(known):
        raise Refused(f"unknown kind {name!r}; there are {', '.join(known)}")
    kind = known[ThingKind(name)]
    common = offer.properties.keys() & kind.properties.keys()
    if not common - {"battery"}:
        said, wanted = ", ".join(sorted(offer.properties)), ", ".join(kind.properties)
        raise Refused(
            f"{offer.key} says {said}; a {name} says {wanted}: `rename` of its subscription gives these names"
        )
    for one in sorted(common):
        stated, registered = offer.properties[one].unit, kind.properties[one].unit
        if in_unit(0.0, stated, registered) is None:
            raise Refused(f"{one} of {offer.key} comes in {stated or 'no unit'}; of a {name} it is in {registered}")
    return kind
