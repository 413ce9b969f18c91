"""By whom the edges of the network were measured: the revision that made each row what it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from twin.db import Connection

__all__ = ["Source", "edges"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where an edge's measures are from: its name in the source, who wrote them last, for what reason, and when."""

    source_id: str
    actor: str
    reason: str
    at: datetime


def edges(connection: Connection, ids: Iterable[int]) -> dict[int, Source]:
    """Give the source of each edge by id; those that are no more are left out."""
    rows = connection.execute(
        sa.text("""
        SELECT e.id, e.source_id, r.actor, r.reason, r.at FROM network_edge AS e JOIN revision AS r ON r.id = e.revision
        WHERE e.id = ANY(:ids)
        """),
        {"ids": list(ids)},
    )
    return {row.id: Source(row.source_id, row.actor, row.reason, row.at) for row in rows}
