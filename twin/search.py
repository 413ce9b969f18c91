"""The search of the operations room: buildings, facilities, grids, streets and devices by the words they are called by.

Each word of what is typed stands somewhere in what a thing is called: its names, its address, its code. Where nothing is
found like that, what is called most alike is given, so that a slip of the pen still finds its lift. Devices in dwellings
are found by nobody. The rows are those of whoever asks: the database decides (`twin.roles`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from twin.db import Connection
from twin.devices import WELFARE

__all__ = ["KINDS", "MOST_EACH", "Hit", "find"]

MOST_EACH = 6  # of one kind
MOST_WORDS = 8
ALIKE = 0.45  # of word_similarity, 0..1: one wrong letter in a name of seven; ours


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found; `key` is its id in the twin, of a street its name. Position in degrees, WGS 84."""

    kind: str  # one of KINDS
    key: str
    name: str
    name_zh: str | None
    sort: str | None  # of a facility its service, of a device its kind, of a grid its level
    code: str | None  # what the sources call it
    lon: float
    lat: float


def find(connection: Connection, place_id: int, text: str, *, meant: Collection[str] = ()) -> list[Hit]:
    """Find what a text is about, at most MOST_EACH of each kind, the closest first; nothing for a text without words.

    meant: services and kinds of devices that the text names in the reader's language, which are found by it too.
    """
    words = text.replace("\0", "").split()[:MOST_WORDS]
    if not words:
        return []
    values: dict[str, object] = {"place": place_id, "text": " ".join(words), "meant": list(meant), "alike": ALIKE}
    values |= {f"word{at}": f"%{_plain(word)}%" for at, word in enumerate(words)}
    exact = " AND ".join(f"called ILIKE :word{at} ESCAPE '!'" for at in range(len(words)))
    rows = _rows(connection, f"({exact}) OR sort = ANY(:meant)", values)
    return rows or _rows(connection, "word_similarity(lower(:text), lower(called)) >= :alike", values)


def _rows(connection: Connection, condition: str, values: dict[str, object]) -> list[Hit]:
    query = " UNION ALL ".join(f"({RANKED.format(rows=rows, condition=condition)})" for rows in KINDS.values())
    return [Hit(*row) for row in connection.execute(sa.text(query), values)]


def _plain(word: str) -> str:
    """Take the signs that a pattern has as what they are."""
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")


RANKED = f"""
SELECT kind, key, name, name_zh, sort, code, ST_X(point), ST_Y(point) FROM ({{rows}})
    AS named (kind, key, name, name_zh, sort, code, point, called) WHERE {{condition}}
ORDER BY lower(:text) IN (lower(name), lower(name_zh), lower(code)) DESC NULLS LAST,
    word_similarity(lower(:text), lower(called)) DESC, length(called), name, key LIMIT {MOST_EACH}
"""
IN_DWELLINGS = ", ".join(f"'{kind}'" for kind in sorted(WELFARE))

# What each kind is called: `called` is all of it, in the order in which a person would say it.
KINDS: dict[str, str] = {
    "thing": f"""
SELECT 'thing', t.id::text, t.name, t.name_zh, t.kind, t.key, t.point, concat_ws(' ', t.name, t.name_zh, t.key)
FROM thing AS t WHERE t.place_id = :place AND t.point IS NOT NULL AND t.kind NOT IN ({IN_DWELLINGS})
""",
    "facility": """
SELECT 'facility', f.id::text, f.name, f.name_zh, f.service, f.source_id, f.point,
    concat_ws(' ', f.name, f.name_zh, f.source_id)
FROM facility AS f WHERE f.place_id = :place
""",
    "grid": """
SELECT 'grid', g.id::text, g.name, g.name_zh, g.level, g.code, ST_PointOnSurface(g.geom), concat_ws(' ', g.name, g.name_zh, g.code)
FROM grid AS g WHERE g.place_id = :place
""",
    "building": """
SELECT 'building', b.id::text, coalesce(nullif(concat_ws(', ', b.name, b.address), ''), b.source_id), NULL, NULL, b.source_id,
    b.point, concat_ws(' ', b.name, b.address, b.source_id)
FROM building AS b WHERE b.place_id = :place
""",
    "street": """
SELECT 'street', m.name, m.name, NULL, NULL, NULL, ST_PointOnSurface(ST_Collect(m.geom)), m.name
FROM map_feature AS m WHERE m.place_id = :place AND m.kind = 'street' AND m.name IS NOT NULL GROUP BY m.name
""",
}
