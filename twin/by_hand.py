"""Correct an element by hand: what somebody measured on site outlives the next import."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from twin import places
from twin.db import Connection
from twin.errors import NotFound, Refused

__all__ = ["CORRECTABLE", "correct"]

# By kind of element: its table, and the columns that a person may know better than a map, with their types.
CORRECTABLE: dict[str, tuple[str, dict[str, str]]] = {
    "edge": (
        "network_edge",
        {
            "kind": "text",
            "one_way": "boolean",
            "incline": "float8",
            "step_count": "smallint",
            "kerb": "text",
            "surface": "text",
            "width_m": "float8",
            "wheelchair": "text",
            "barrier": "text",
            "lit": "boolean",
            "name": "text",
        },
    ),
    "building": (
        "building",
        {
            "name": "text",
            "address": "text",
            "kind": "text",
            "residential": "boolean",
            "floors": "smallint",
            "lift": "boolean",
        },
    ),
    "facility": (
        "facility",
        {
            "name": "text",
            "name_zh": "text",
            "opening_hours": "text",
            "step_free": "boolean",
            "capacity": "integer",
        },
    ),
}


def correct(connection: Connection, place_id: int, element: str, values: Mapping[str, str | None]) -> int:
    """Give columns of an element, `kind:source`, other values, and give how many rows that changed.

    Values are written as PostgreSQL reads them, None where nothing is known. Imports leave these columns alone from now
    on. Say before who does it and why (`twin.acting`). Raises NotFound for an element there is not, Refused for a
    column or value that cannot be.
    """
    kind, _, source = element.partition(":")
    if kind not in CORRECTABLE:
        raise Refused(f"no {kind!r} is corrected by hand; there are {', '.join(CORRECTABLE)}")
    table, columns = CORRECTABLE[kind]
    strange = [name for name in values if name not in columns]
    if strange or not values:
        raise Refused(f"no column {', '.join(strange) or 'said'} to correct; there are {', '.join(columns)}")
    sets = ", ".join(f"{name} = CAST(:{name} AS {columns[name]})" for name in values)
    marks = "by_hand = ARRAY(SELECT DISTINCT unnest(by_hand || CAST(:names AS text[])) ORDER BY 1)"
    statement = f"UPDATE {table} SET {sets}, {marks} WHERE place_id = :place AND source_id = :source"
    spot = {"place": place_id, "source": source, "names": list(values)}
    try:
        changed = connection.execute(sa.text(statement), {**values, **spot}).rowcount
    except (sa.exc.DataError, sa.exc.IntegrityError) as error:
        raise Refused(f"{element}: {str(error.orig).splitlines()[0]}") from None
    if not changed:
        raise NotFound(f"{element} is not in this place")
    places.bump(connection, place_id)
    return changed
