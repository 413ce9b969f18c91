"""The unit that a datastream comes in: remembered when first stated, and an alarm while another one comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import alarms
from twin.alarms import Wanted
from twin.errors import NotFound

__all__ = ["WRONG_UNIT", "accept", "note"]

WRONG_UNIT = "wrong_unit"  # the kind of alarm
NO_UNIT = ""  # in the table, of readings that state none where they did before


def note(
    connection: Connection, *, first: Mapping[int, str], wrong: Mapping[int, str | None], mended: set[int], at: datetime
) -> None:
    """Write down, by datastream id, which unit was stated first, which wrong one came last, and whose is right again.

    Alarms of those places are raised and cleared by it, and announced.
    """
    if first:
        connection.execute(FIRST, {"ids": sorted(first), "units": [first[one] for one in sorted(first)]})
    if not wrong and not mended:
        return
    states: dict[int, str | None] = dict.fromkeys(mended) | {one: unit or NO_UNIT for one, unit in wrong.items()}
    ids = sorted(states)
    moved = connection.scalars(WRONG, {"ids": ids, "units": [states[one] for one in ids]}).all()
    if moved:
        _settle(connection, list(moved), at)


def accept(connection: Connection, key: str, name: str, at: datetime) -> str | None:
    """Believe the next unit that a datastream states, and give the one believed so far; for a device that was changed.

    Raises NotFound where the device has no such property.
    """
    found = connection.execute(
        sa.text("""
        UPDATE datastream d SET stated_unit = NULL, wrong_unit = NULL
          FROM thing t, (SELECT id, stated_unit FROM datastream) old
         WHERE t.id = d.thing_id AND old.id = d.id AND t.key = :key AND d.property = :property
        RETURNING d.id, old.stated_unit
        """),
        {"key": key, "property": name},
    ).one_or_none()
    if found is None:
        raise NotFound(f"no device {key} with the property {name}")
    _settle(connection, [found.id], at)
    return str(found.stated_unit) if found.stated_unit is not None else None


FIRST = sa.text("""
UPDATE datastream d SET stated_unit = n.unit
  FROM unnest(CAST(:ids AS integer[]), CAST(:units AS text[])) AS n(id, unit) WHERE d.id = n.id AND d.stated_unit IS NULL
""")
WRONG = sa.text("""
UPDATE datastream d SET wrong_unit = n.unit
  FROM unnest(CAST(:ids AS integer[]), CAST(:units AS text[])) AS n(id, unit)
 WHERE d.id = n.id AND d.wrong_unit IS DISTINCT FROM n.unit
RETURNING d.id
""")
PLACES = sa.text("""
SELECT DISTINCT t.place_id FROM datastream d JOIN thing t ON t.id = d.thing_id
 WHERE d.id = ANY(CAST(:ids AS integer[])) ORDER BY 1
""")
STANDING = sa.text("""
SELECT t.id, t.key, t.name, t.name_zh, d.property, d.wrong_unit, coalesce(d.stated_unit, d.unit) AS usual
  FROM datastream d JOIN thing t ON t.id = d.thing_id
 WHERE t.place_id = :place_id AND d.wrong_unit IS NOT NULL ORDER BY t.id, d.id
""")


def _settle(connection: Connection, datastream_ids: list[int], at: datetime) -> None:
    """Make the alarms of the places of these datastreams, one a device, those of the wrong units there are now."""
    for place_id in connection.scalars(PLACES, {"ids": datastream_ids}).all():
        wanted: dict[str, Wanted] = {}
        for row in connection.execute(STANDING, {"place_id": place_id}):
            detail = {"key": row.key, "name": row.name, "name_zh": row.name_zh, "units": []}
            alarm = wanted.setdefault(f"thing:{row.id}", Wanted(WRONG_UNIT, f"thing:{row.id}", "major", detail, row.id))
            alarm.detail["units"].append({"property": row.property, "now": row.wrong_unit, "usual": row.usual})
        alarms.settle(connection, place_id, [WRONG_UNIT], list(wanted.values()), at)
