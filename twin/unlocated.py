"""Residents whom no building is known of: they are in no place, and in every denominator."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from twin.db import Connection
from twin.terms import AgeBand

__all__ = ["by_band", "shown", "store"]


def store(connection: Connection, place_id: int, people: Mapping[str, int]) -> bool:
    """Make the unlocated residents of a place these, by age band; say whether that is another number than before."""
    found = {band: n for band, n in people.items() if n}
    if found == by_band(connection, place_id):
        return False
    connection.execute(sa.text("DELETE FROM resident_unlocated WHERE place_id = :place"), {"place": place_id})
    if found:
        connection.execute(
            sa.text("INSERT INTO resident_unlocated (place_id, age_band, residents) VALUES (:place, :band, :n)"),
            [{"place": place_id, "band": band, "n": n} for band, n in found.items()],
        )
    return True


def by_band(connection: Connection, place_id: int) -> dict[str, int]:
    """Count the unlocated residents of a place by age band, the youngest first."""
    return _read(connection, place_id, "resident_unlocated")


def shown(connection: Connection, place_id: int) -> dict[str, int]:
    """Count them as they may be shown; `twin.counts` says what that is."""
    return _read(connection, place_id, "unlocated_shown")


def _read(connection: Connection, place_id: int, relation: str) -> dict[str, int]:
    rows = connection.execute(
        sa.text(f"SELECT age_band, residents FROM {relation} WHERE place_id = :place"), {"place": place_id}
    )
    return {band: n for band, n in sorted(rows, key=lambda row: AgeBand.parse(row[0]).start)}  # noqa: C416  # rows are no pairs to mypy
