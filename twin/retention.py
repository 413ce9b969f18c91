"""Let go of what is old: by our own job, since retention policies are not in every edition of TimescaleDB."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import db, kept_states
from twin.devices import WELFARE
from twin.editions import compress
from twin.packing import pack_oldest
from twin.rollups import final_before, hold, raise_floor
from twin.settings import StorageSettings

__all__ = ["Removed", "retain", "run"]

EVERY_S = 86_400
IN_DWELLINGS = """datastream_id IN (
    SELECT d.id FROM datastream d JOIN thing t ON t.id = d.thing_id WHERE t.kind = ANY(CAST(:kinds AS text[])))"""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was let go: chunks (days UTC) of observations, rows of devices in dwellings, refused messages.

    `is_held_back`: some of it stays until its hours and days are added up, as where no worker ran for long.
    """

    chunks: int
    welfare: int
    quarantine: int
    is_held_back: bool


def run(url: str, settings: StorageSettings, say: Callable[[str], None], again: threading.Event | None = None) -> None:
    """Let go, pack and compress, once; with an event every day until it is set."""
    while True:
        with db.opened(url) as engine:
            with engine.begin() as connection:
                for line in compress(connection, settings.compress_after_days):
                    say(line)
            with engine.begin() as connection:
                gone = retain(connection, settings, datetime.now(UTC))
            say(f"gone: {gone.chunks} days, {gone.welfare} rows of welfare devices, {gone.quarantine} refused messages")
            if gone.is_held_back:
                say("some stays until it is added up: linli ingest does that")
            if settings.pack_after_days is not None:
                say(f"packed into {_pack(engine, settings.pack_after_days)} rows")
        if again is None or again.wait(EVERY_S):
            return


def _pack(engine: db.Engine, after_days: int) -> int:
    before, packed = datetime.now(UTC) - timedelta(days=after_days), 0
    while True:
        with engine.begin() as connection:
            rows = pack_oldest(connection, before)
        if rows is None:
            return packed
        packed += rows


def retain(connection: Connection, settings: StorageSettings, now: datetime) -> Removed:
    """Let go of what is older than the settings say; hours and days stay, of devices in dwellings the days alone.

    Cut is at the end of the day UTC, for devices in dwellings of the hour, so that nothing is older than it may be.
    """
    hold(connection)
    final = final_before(connection)
    raw = _up(now - timedelta(days=settings.raw_days), timedelta(days=1))
    welfare = _up(now - timedelta(days=settings.welfare_days), timedelta(hours=1))
    raw, kept = min(raw, _down(final, timedelta(days=1))), min(welfare, _down(final, timedelta(hours=1)))
    kept_states.keep(connection, raw)
    kept_states.keep(connection, kept, sorted(WELFARE))
    chunks = _drop(connection, raw)
    rows = _clear_welfare(connection, kept)
    oldest = now - timedelta(days=settings.quarantine_days)
    refused = connection.execute(
        sa.text("DELETE FROM quarantine WHERE last_seen < :oldest"), {"oldest": oldest}
    ).rowcount
    return Removed(chunks, rows, refused, is_held_back=final < welfare)


def _drop(connection: Connection, before: datetime) -> int:
    values = {"before": before}
    raise_floor(connection, before)
    chunks = connection.execute(
        sa.text("SELECT drop_chunks('observation', older_than => CAST(:before AS timestamptz))"), values
    )
    dropped = len(chunks.all())
    connection.execute(
        sa.text("DELETE FROM observation_packed WHERE day < (CAST(:before AS timestamptz) AT TIME ZONE 'UTC')::date"),
        values,
    )
    connection.execute(sa.text("DELETE FROM observation_detail WHERE time < :before"), values)
    connection.execute(sa.text("DELETE FROM observation_minute WHERE bucket < :before"), values)
    connection.execute(sa.text("DELETE FROM observation_text WHERE time < :before"), values)
    return dropped


def _clear_welfare(connection: Connection, before: datetime) -> int:
    kinds = sorted(WELFARE)
    raise_floor(connection, before, kinds)
    old = {
        "observation": "time < :before",
        "observation_packed": "day <= (CAST(:before AS timestamptz) AT TIME ZONE 'UTC')::date",
        "observation_detail": "time < :before",
        "observation_text": "time < :before",
        "observation_minute": "bucket < :before",
        "observation_hour": "bucket < :before",
    }
    values = {"before": before, "kinds": kinds}
    return sum(
        connection.execute(sa.text(f"DELETE FROM {table} WHERE {IN_DWELLINGS} AND {is_old}"), values).rowcount
        for table, is_old in old.items()
    )


EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _down(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - EPOCH) % step


def _up(moment: datetime, step: timedelta) -> datetime:
    return moment + (EPOCH - moment) % step
