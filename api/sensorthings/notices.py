"""What subscribers over MQTT are told: topics read as the questions they are, and entities written for them.

A topic is a resource path below `v1.1/`: a set, what a link leads to, one entity, or a property of one; a set or an entity
may have `?$select=`. Source: OGC 18-088, 14.2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from api.sensorthings import rendering
from api.sensorthings.answers import start
from api.sensorthings.options import read_options
from api.sensorthings.paths import Target, read_path
from api.settings import ServeSettings
from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.queries import reading
from twin.queries.entities import Id
from twin.queries.expressions import Query
from twin.queries.reading import Row

__all__ = ["Topic", "asked", "notices", "read_topic", "writer"]

VERSION = "v1.1/"
LONGEST = 1_000  # characters


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as a question: which entities, and what of them."""

    text: str
    target: Target
    query: Query

    @property
    def entity_set(self) -> str:
        """The set that the entities are of."""
        return self.target.last.entity.set

    @property
    def datastream_id(self) -> int | None:
        """Whose observations alone it is of; None: of any, or of no observations."""
        if len(self.target.steps) > 1 and self.target.last.link is not None:
            before = self.target.steps[-2]
            if before.entity.set == "Datastreams" and self.entity_set == "Observations":
                return before.id if isinstance(before.id, int) else None
        return None


def asked(text: str) -> tuple[str, int | None]:
    """Say what a topic is of: the entity set, and whose observations alone. Raises as `read_topic`."""
    topic = topic_of(text)
    return topic.entity_set, topic.datastream_id


def read_topic(text: str) -> Topic:
    """Read a topic. Raises NotFound or Refused for one that is no resource path, or asks for more than $select."""
    if not text.startswith(VERSION) or len(text) > LONGEST:
        raise NotFound(f"a topic begins with {VERSION} and has at most {LONGEST} characters")
    path, _, options = text.removeprefix(VERSION).partition("?")
    target = read_path(path)
    if target.is_raw or target.is_reference or len(target.names) > 1:
        raise Refused("a topic is a set, an entity or a property of one")
    asked = read_options(target.last.entity, options.encode("ascii", "replace"))
    if {name for name, _ in asked.query.written} - {"$select"} or (target.names and options):
        raise Refused("a topic takes $select alone")
    query = Query(select=target.names) if target.names else asked.query
    return Topic(text, target, query)


topic_of = functools.lru_cache(maxsize=10_000)(read_topic)  # the same few for every change


def notices(
    connection: Connection, topics: Iterable[str], entity_set: str, identities: Sequence[Id], root: str
) -> list[tuple[str, bytes]]:
    """Write entities that are new or changed for each topic that they are of: topic and JSON.

    What is gone meanwhile, or is of a device in a dwelling, is told to nobody.
    """
    reading.begin(connection)
    told: list[tuple[str, bytes]] = []
    for topic in map(topic_of, topics):
        if topic.entity_set == entity_set:
            told += [(topic.text, _written(topic, row, root)) for row in _rows(connection, topic, identities)]
    return told


def writer(settings: ServeSettings, root: str) -> Callable[..., list[tuple[str, bytes]]]:
    """Give `notices` with a root for its links, empty: the address that the settings serve at."""
    return functools.partial(notices, root=root or f"http://{settings.host}:{settings.port}/sta/v1.1")


def _rows(connection: Connection, topic: Topic, identities: Sequence[Id]) -> list[Row]:
    """Read those of the entities that a topic is of."""
    target, wanted = topic.target, list(identities)
    if target.last.id is not None:
        wanted = [one for one in wanted if one == target.last.id]
    if topic.datastream_id is not None:
        wanted = [one for one in wanted if str(one).startswith(f"{topic.datastream_id}-")]
    if not wanted:
        return []
    try:
        link = start(connection, target.steps)
        return reading.some(connection, target.last.entity, wanted, topic.query, link=link)
    except NotFound:
        return []


def _written(topic: Topic, row: Row, root: str) -> bytes:
    if not topic.target.names:
        return msgspec.json.encode(rendering.entity(row, topic.query, root))
    (name,) = topic.target.names
    if name in ("id", "@iot.id"):
        return msgspec.json.encode({name: row.id})
    return msgspec.json.encode({name: rendering.value(row.entity.properties[name].kind, row.values[name])})
