"""What a client wants made or changed, read and checked but not yet in the twin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twin.db import Connection
from twin.errors import NotFound, Refused
from twin.queries import reading
from twin.queries.entities import ENTITIES, Id
from twin.queries.expressions import Query

__all__ = ["Draft", "Linked", "exists"]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entity of a set: values by property, and by link what is linked: the id of one that is there, or a new one.

    Values have the kind of their property: aware datetimes, a tuple of two for a period, shapely's shapes. A value of
    None takes away what is there.
    """

    set: str
    values: Mapping[str, Any]
    links: Mapping[str, tuple[Linked, ...]]

    def one(self, link: str) -> Linked | None:
        """Give what a link to one entity has; None where nothing is said."""
        found = self.links.get(link, ())
        if len(found) > 1:
            raise Refused(f"{link} is one entity")
        return found[0] if found else None


Linked = Draft | int | str


def exists(connection: Connection, set_: str, identity: Id) -> int:
    """Give the number of an entity that a client may link to. Raises Refused where there is none."""
    try:
        row = reading.one(connection, ENTITIES[set_], identity, Query(select=()))
    except NotFound as error:
        raise Refused(f"nothing in {set_} has the id {str(identity)[:40]}") from error
    assert isinstance(row.id, int)
    return row.id
