"""Which decoder reads a topic, and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ingest.account import UNKNOWN
from ingest.commands import Command
from ingest.decoders import WHOLE, Asking, Decode, find_all, mapped, renamed, speaker_levels
from ingest.mapping import Mapping, filter_of
from ingest.mqtt import Message
from ingest.quarantine import Reason, Unreadable, printable
from ingest.settings import Subscription
from twin.terms import Reading

__all__ = ["PAYLOAD_BYTES", "Decoded", "Routes", "decode", "matches"]

PAYLOAD_BYTES = 256 * 1024
TOPIC_CHARACTERS = 1_024
TOPIC_LEVELS = 64
# What a third party's decoder may raise for bytes it did not foresee; the message is set aside and the stream goes on.
FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
ROUTES_KEPT = 100_000
MAPPED = "mapped"  # the format of what a mapping reads


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A message and what it says; `trouble` is why it says nothing, or why the database will not have it."""

    message: Message
    source: str
    readings: Sequence[Reading]
    trouble: Unreadable | None = None
    levels: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Who reads a topic; `source` is what the account calls it, `levels` how much of the topic says who speaks.

    `trouble` is why nothing on this topic is read.
    """

    source: str
    decode: Decode
    levels: int = 0
    trouble: Unreadable | None = None


def _unread(topic: str, payload: bytes, received_us: int) -> list[Reading]:  # noqa: ARG001 - as every decoder
    """Stand where there is no decoder: what has a trouble is not read."""
    return []


class Routes:
    """Find the decoder of a topic: that of the first mapping, else of the first subscription whose filter matches."""

    def __init__(self, subscriptions: Sequence[Subscription], mappings: Sequence[Mapping] = ()) -> None:
        decoders = find_all((one.decoder, one.mapping, one.zone) for one in subscriptions)
        self._set = [
            (
                one.filter.split("/"),
                Route(one.decoder, renamed(decode, one.rename), speaker_levels(one.decoder, one.mapping)),
            )
            for one, decode in zip(subscriptions, decoders, strict=True)
        ]
        self._asking: dict[int, Asking] = {}  # by identity: two subscriptions may share one decoder
        for decoder in decoders:
            if isinstance(decoder, Asking):
                self._asking[id(decoder)] = decoder
        self.remap(mappings)

    def remap(self, mappings: Sequence[Mapping]) -> None:
        """Read by these mappings from now on; the decoders of the settings keep what they remember."""
        mine = [(filter_of(one).split("/"), _route(one)) for one in mappings]
        self._routes = mine + self._set
        self._found: dict[str, Route] = {}

    def take_commands(self) -> list[Command]:
        """Give what the decoders want published."""
        return [command for decoder in self._asking.values() for command in decoder.take_commands()]

    def find(self, topic: str) -> Route:
        """Give the route of a topic; the same topics come again and again, and what is said of them is kept."""
        return self._found.get(topic) or self._find(topic)

    def _find(self, topic: str) -> Route:
        levels = topic.split("/")
        route = next((route for filters, route in self._routes if matches(filters, levels)), None)
        if len(topic) > TOPIC_CHARACTERS or len(levels) > TOPIC_LEVELS or not topic.isprintable():
            why = "topic too long, too deep, or with characters that do not print"
            return Route(route.source if route else UNKNOWN, _unread, trouble=Unreadable(Reason.BAD_TOPIC, why))
        if route is None:
            near = self.nearest(topic)
            hint = f"; {near[0]} by {near[1]} comes nearest" if near else ", and none comes near"
            why = f"no subscription with a decoder is for this topic{hint}"
            route = Route(UNKNOWN, _unread, trouble=Unreadable(Reason.NO_DECODER, why))
        if len(self._found) < ROUTES_KEPT:
            self._found[topic] = route
        return route

    def nearest(self, topic: str) -> tuple[str, str] | None:
        """Give the source and the filter that come nearest to a topic without a route; None where no level agrees."""
        levels = topic.split("/")
        scored = [(_agreement(filters, levels), "/".join(filters), route.source) for filters, route in self._routes]
        best, text, source = max(scored, default=(0.0, "", ""), key=lambda one: one[0])
        return (source, text) if best > 0 else None


def _route(mapping: Mapping) -> Route:
    levels = WHOLE if mapping.thing_key.startswith("$") else 0
    return Route(MAPPED, mapped.decoder(mapping), levels)


def _agreement(filters: Sequence[str], levels: Sequence[str]) -> float:
    """Say how far a topic agrees with a filter, 0 to 1: the share of levels, at their places, that are the filter's words.

    A + agrees with any level, but alone it makes no likeness.
    """
    pairs = list(zip(filters, levels, strict=False))
    words = sum(one == level for one, level in pairs)
    wild = sum(one == "+" for one, _ in pairs)
    return (words + wild) / max(len(filters), len(levels)) if words else 0.0


def matches(filters: Sequence[str], levels: Sequence[str]) -> bool:
    """Tell whether a topic matches a filter, both cut into levels (MQTT 5, 4.7: $… only where it is named)."""
    if levels[0].startswith("$") and filters[0] != levels[0]:
        return False
    for position, level in enumerate(filters):
        if level == "#":
            return True
        if position >= len(levels) or level not in ("+", levels[position]):
            return False
    return len(filters) == len(levels)


def decode(messages: Iterable[Message], routes: Routes) -> list[Decoded]:
    """Decode each message once, in order: decoders that remember what devices said must not hear it twice."""
    decoded: list[Decoded] = []
    add, find = decoded.append, routes.find
    for message in messages:
        topic, payload = message.topic, message.payload
        route = find(topic)
        trouble = route.trouble
        if trouble is None and len(payload) > PAYLOAD_BYTES:
            trouble = Unreadable(Reason.TOO_LARGE, f"{len(payload)} bytes; at most {PAYLOAD_BYTES} are read")
        if trouble is not None:
            add(Decoded(message, route.source, (), trouble))
            continue
        try:
            add(Decoded(message, route.source, route.decode(topic, payload, message.received_us), None, route.levels))
        except Unreadable as why:
            add(Decoded(message, route.source, (), why))
        except FAULTS as error:
            trouble = Unreadable(Reason.DECODER_FAILED, f"{route.source}: {printable(repr(error))}")
            add(Decoded(message, route.source, (), trouble))
    return decoded
