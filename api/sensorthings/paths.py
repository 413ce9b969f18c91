"""Read resource paths: `Things(1)/Datastreams(2)/Observations`, `Things(1)/properties/floor/$value`, `Things/$ref`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from twin.errors import NotFound
from twin.queries.entities import Entity, Id, Navigation, entity_of_set

__all__ = ["Step", "Target", "read_path"]

MOST_SEGMENTS = 20
SEGMENT = re.compile(r"([A-Za-z]+)(?:\((?:([0-9]{1,10})|'((?:[^']|'')*)')\))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """One segment: a set or link, and the id in it; None: no id. The first has no link."""

    entity: Entity
    link: Navigation | None
    id: Id | None

    @property
    def is_one(self) -> bool:
        """Whether it is one entity."""
        return self.id is not None or (self.link is not None and not self.link.is_many)


@dataclass(frozen=True, slots=True)
class Target:
    """What a path is about: the steps to an entity or set, the property of it, and how it is wanted."""

    steps: tuple[Step, ...]
    names: tuple[str, ...] = ()  # a property, and the parts of it
    is_raw: bool = False  # $value
    is_reference: bool = False  # $ref

    @property
    def last(self) -> Step:
        """The last step."""
        return self.steps[-1]


def read_path(path: str) -> Target:
    """Read a path below the root. Raises NotFound where nothing can be there."""
    segments = path.strip("/").split("/")
    if len(segments) > MOST_SEGMENTS or "\0" in path:
        raise NotFound("nothing has this path")
    steps = [_first(segments[0])]
    position = 1
    while position < len(segments) and (step := _next(steps[-1], segments[position])) is not None:
        steps.append(step)
        position += 1
    return _rest(tuple(steps), segments[position:])


def _first(segment: str) -> Step:
    name, identity = _parts(segment)
    return Step(entity_of_set(name), None, identity)


def _next(last: Step, segment: str) -> Step | None:
    """Follow a link; None where the segment is none of one."""
    if not last.is_one:
        return None
    name, identity = _parts(segment) if SEGMENT.fullmatch(segment) else (segment, None)
    link = last.entity.navigations.get(name)
    if link is None:
        return None
    if identity is not None and not link.is_many:
        raise NotFound(f"{name} is one entity: it takes no id")
    return Step(entity_of_set(link.target), link, identity)


def _parts(segment: str) -> tuple[str, Id | None]:
    found = SEGMENT.fullmatch(segment)
    if found is None:
        raise NotFound("nothing has this path")
    if found[2] is not None:
        return found[1], int(found[2])
    return found[1], None if found[3] is None else found[3].replace("''", "'")


def _rest(steps: tuple[Step, ...], segments: list[str]) -> Target:
    """Read what comes after the entities: $ref, or a property of one, its parts and $value."""
    if segments == ["$ref"]:
        return Target(steps, is_reference=True)
    if not segments:
        return Target(steps)
    last = steps[-1]
    name = segments[0]
    if not last.is_one or (name not in last.entity.properties and name not in ("id", "@iot.id")):
        raise NotFound(f"{last.entity.set} have no property {name[:100]}")
    if segments[-1] == "$value":
        return Target(steps, tuple(segments[:-1]), is_raw=True)
    return Target(steps, tuple(segments))
