"""What people call things: buildings by address, the edges of a way by street, watched elements by their device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import NotFound

__all__ = ["Address", "Street", "find", "of_building", "streets", "watched"]

MOST = 20


@dataclass(frozen=True, slots=True)
class Address:
    """A building as people call it; label is its address, else its name, else the street it stands at, with its number."""

    building_id: int
    label: str


@dataclass(frozen=True, slots=True)
class Street:
    """An edge of the network as a way shows it; points are lon, lat from tail to head."""

    name: str | None
    points: tuple[tuple[float, float], ...]


LABELLED = """
SELECT b.id, coalesce(nullif(concat_ws(', ', b.name, b.address), ''), near.name || ' · ' || b.source_id, b.source_id) AS label
FROM building AS b
LEFT JOIN LATERAL (
    SELECT e.name FROM network_edge AS e
    WHERE b.name IS NULL AND b.address IS NULL AND e.place_id = b.place_id AND e.name IS NOT NULL
    ORDER BY e.geom <-> b.point LIMIT 1) AS near ON true
WHERE b.place_id = :place AND b.node_id IS NOT NULL
"""


def find(connection: Connection, place_id: int, text: str) -> list[Address]:
    """Find at most MOST buildings whose address, name or nearest street has the words of a text, in any order."""
    words = [word for word in text.split() if word][:8]
    if not words:
        return []
    conditions = " AND ".join(f"label ILIKE :word{i} ESCAPE '!'" for i in range(len(words)))
    query = f"SELECT id, label FROM ({LABELLED}) AS called WHERE {conditions} ORDER BY length(label), label, id LIMIT {MOST}"
    values = {f"word{i}": f"%{_plain(word)}%" for i, word in enumerate(words)}
    return [Address(*row) for row in connection.execute(sa.text(query), {"place": place_id, **values})]


def of_building(connection: Connection, place_id: int, building_id: int) -> Address:
    """Give a building's address. Raises NotFound."""
    row = connection.execute(
        sa.text(f"SELECT id, label FROM ({LABELLED} AND b.id = :id) AS called"), {"place": place_id, "id": building_id}
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no building {building_id} on the walking network")
    return Address(*row)


def watched(connection: Connection, place_id: int) -> dict[tuple[str, int], tuple[str, str | None]]:
    """Give what a watched element is called by (kind, id): the name and Chinese name of the device that watches it."""
    rows = connection.execute(
        sa.text("""
        SELECT e.element_kind, e.element_id, t.name, t.name_zh
        FROM effect AS e JOIN datastream AS d ON d.id = e.datastream_id JOIN thing AS t ON t.id = d.thing_id
        WHERE t.place_id = :place ORDER BY e.id DESC
        """),
        {"place": place_id},
    )
    return {(kind, key): (name, name_zh) for kind, key, name, name_zh in rows}


def streets(connection: Connection, edge_ids: Sequence[int]) -> dict[int, Street]:
    """Give edges' names and shapes by id."""
    rows = connection.execute(
        sa.text("""
        SELECT id, name, (SELECT array_agg(ARRAY[ST_X(p.geom), ST_Y(p.geom)] ORDER BY p.path) FROM ST_DumpPoints(e.geom) AS p)
        FROM network_edge AS e WHERE id = ANY(:ids)
        """),
        {"ids": list(edge_ids)},
    )
    return {key: Street(name, tuple((x, y) for x, y in points)) for key, name, points in rows}


def _plain(word: str) -> str:
    """Take the signs that a pattern has as what they are."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("\0", "")
