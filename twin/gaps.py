"""Gaps in what senders number: which messages never came, counted for each sender and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

__all__ = ["Gap", "Step", "add", "gaps", "lasts"]

Sender = tuple[str, str]  # format and key


@dataclass(slots=True)
class Step:
    """What a batch brought of one sender: the number it has come to, and how many were left out in how many gaps."""

    last: int
    lost: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """A sender some of whose messages never came. LoRaWAN's key is the device EUI, Sparkplug's the edge node."""

    source: str
    key: str
    lost: int
    gaps: int
    gap_at: datetime
    last: int
    last_at: datetime


ADD = sa.text("""
INSERT INTO sequence AS s (source, key, last, last_at, lost, gaps, gap_at)
SELECT source, key, last, :at, lost, gaps, CASE WHEN gaps > 0 THEN CAST(:at AS timestamptz) END
  FROM unnest(CAST(:sources AS text[]), CAST(:keys AS text[]), CAST(:lasts AS bigint[]), CAST(:lost AS bigint[]),
              CAST(:gaps AS bigint[])) AS n(source, key, last, lost, gaps)
ON CONFLICT (source, key) DO UPDATE
   SET last = excluded.last, last_at = excluded.last_at, lost = s.lost + excluded.lost, gaps = s.gaps + excluded.gaps,
       gap_at = coalesce(excluded.gap_at, s.gap_at)
""")


def add(connection: Connection, steps: Mapping[Sender, Step], at: datetime) -> None:
    """Take down where senders have come to, in the transaction that stores what they sent."""
    if steps:
        ordered = sorted(steps.items())  # one order for all workers: no deadlock
        values = {
            "sources": [source for (source, _), _ in ordered],
            "keys": [key for (_, key), _ in ordered],
            "lasts": [step.last for _, step in ordered],
            "lost": [step.lost for _, step in ordered],
            "gaps": [step.gaps for _, step in ordered],
            "at": at,
        }
        connection.execute(ADD, values)


def lasts(connection: Connection) -> dict[Sender, int]:
    """Read the last number of each sender."""
    return {
        (row.source, row.key): row.last for row in connection.execute(sa.text("SELECT source, key, last FROM sequence"))
    }


def gaps(connection: Connection) -> list[Gap]:
    """List the senders some of whose messages never came, the latest gap first."""
    rows = connection.execute(
        sa.text("""
        SELECT source, key, lost, gaps, gap_at, last, last_at FROM sequence
         WHERE gaps > 0 ORDER BY gap_at DESC, source, key
        """)
    )
    return [Gap(*row) for row in rows]
