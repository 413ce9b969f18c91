"""Codes that hold for a time only: since when, until when, and what came in their stead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from twin.db import Connection
from twin.errors import Refused
from twin.staging import driver, stage

__all__ = ["Validity", "revoked", "store"]


@dataclass(frozen=True, slots=True)
class Validity:
    """One code; valid_to is the first day on which it is revoked, None where it stands."""

    code: str
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...] = ()

    def is_revoked(self, on: date) -> bool:
        """Tell whether the code is revoked on a day."""
        return self.valid_to is not None and self.valid_to <= on


def store(connection: Connection, place_id: int, rows: Sequence[Validity]) -> int:
    """Write down validities of codes of a place, and give how many changed; codes that are not among them stay."""
    stage(
        connection,
        "staged_validity",
        {"code": "text", "valid_from": "date", "valid_to": "date", "successors": "text[]"},
        ((row.code, row.valid_from, row.valid_to, list(row.successors)) for row in rows),
    )
    with driver(connection).cursor() as cursor:
        return cursor.execute(STORE, {"place": place_id}).rowcount


def revoked(connection: Connection, place_id: int, on: date) -> dict[str, tuple[str, ...]]:
    """Give the codes of a place that are revoked on a day, each with the codes that stand in its stead now.

    A successor that was revoked itself is followed to its own; none: there is nothing in its stead. Raises Refused where
    codes are each other's successors.
    """
    rows = connection.execute(
        sa.text(
            "SELECT code, successors FROM code_validity WHERE place_id = :place AND valid_to <= :day ORDER BY code"
        ),
        {"place": place_id, "day": on},
    )
    after = {row.code: tuple(row.successors) for row in rows}
    return {code: tuple(dict.fromkeys(_last(code, after, (code,)))) for code in after}


def _last(code: str, after: dict[str, tuple[str, ...]], path: tuple[str, ...]) -> list[str]:
    """Follow the successors of a code to those that stand."""
    found: list[str] = []
    for successor in after[code]:
        if successor in path:
            raise Refused(f"codes that are each other's successors: {', '.join((*path, successor))}")
        found += _last(successor, after, (*path, successor)) if successor in after else [successor]
    return found


STORE = """
INSERT INTO code_validity AS old (place_id, code, valid_from, valid_to, successors)
SELECT %(place)s, code, valid_from, valid_to, successors FROM staged_validity
ON CONFLICT (place_id, code) DO UPDATE
SET valid_from = excluded.valid_from, valid_to = excluded.valid_to, successors = excluded.successors
WHERE (old.valid_from, old.valid_to, old.successors)
    IS DISTINCT FROM (excluded.valid_from, excluded.valid_to, excluded.successors)
"""
