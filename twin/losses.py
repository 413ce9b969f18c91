"""Who lost which service, from when till when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.dialects.postgresql import JSONB

from twin import changes
from twin.db import Connection
from twin.staging import driver

__all__ = ["SAME", "Key", "Loss", "Total", "beat", "claim", "now", "put_total", "total", "write"]


class Key(NamedTuple):
    """What a loss is about; a place has one open row of each at most."""

    service: str
    mobility_group: str
    building_id: int


@dataclass(frozen=True, slots=True)
class Loss:
    """One row of service_loss that is open; the columns there say what each field is."""

    service: str
    mobility_group: str
    building_id: int
    certain: bool
    limit_s: int
    usual_s: float
    now_s: float | None  # None: no facility can be reached
    facility_id: int | None
    residents: dict[str, int]
    residents_possible: dict[str, int]
    causes: list[dict[str, Any]]
    since: datetime

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(self.service, self.mobility_group, self.building_id)


@dataclass(frozen=True, slots=True)
class Total:
    """The people cut off from any service, by age band, as a watch last found them, and when it was last sure."""

    certain: dict[str, int]
    possible: dict[str, int]
    checked_at: datetime | None  # None: a watch of before it said so

    def is_watched(self, at: datetime) -> bool:
        """Whether a watch stands behind the account at a moment."""
        return self.checked_at is not None and at - self.checked_at <= STALE_AFTER


STALE_AFTER = timedelta(seconds=15)  # three beats of the watch; ours
ACCOUNT_LOCK = 0x6C6F7373  # "loss"; the second key is the place
COLUMNS = tuple(Loss.__slots__)
SAME = tuple(name for name in COLUMNS if name not in {"service", "mobility_group", "building_id", "since"})


def claim(connection: Connection, place_id: int) -> bool:
    """Take the account of a place for this connection, until it is closed; False while another one has it."""
    statement = sa.text("SELECT pg_try_advisory_lock(:what, :place)")
    return bool(connection.scalar(statement, {"what": ACCOUNT_LOCK, "place": place_id}))


def now(connection: Connection, place_id: int) -> dict[Key, Loss]:
    """Read the open losses of a place."""
    rows = connection.execute(
        sa.text(f"SELECT {', '.join(COLUMNS)} FROM service_loss WHERE place_id = :place AND until IS NULL"),
        {"place": place_id},
    )
    losses = (Loss(*row) for row in rows)
    return {loss.key: loss for loss in losses}


def write(
    connection: Connection,
    place_id: int,
    *,
    ended: Sequence[tuple[Key, datetime]],
    begun: Sequence[Loss],
    changed: Sequence[Loss],
) -> None:
    """End, begin and bring up to date losses in this order, and announce it where there was anything.

    A loss that ends before it began, as clocks of devices may have it, ends when it began.
    """
    if not (ended or begun or changed):
        return
    with driver(connection).cursor() as cursor:
        if ended:
            keys = [list(column) for column in zip(*(key for key, _ in ended), strict=True)]
            cursor.execute(END, [place_id, *keys, [until for _, until in ended]])
        if begun:
            with cursor.copy(f"COPY service_loss (place_id, {', '.join(COLUMNS)}) FROM STDIN") as copy:
                for loss in begun:
                    copy.write_row([place_id, *_values(loss)])
        if changed:
            cursor.executemany(CHANGE, [{**asdict(loss), **_json(loss), "place_id": place_id} for loss in changed])
    changes.announce(connection, "losses", place_id=place_id)


def put_total(connection: Connection, place_id: int, certain: Mapping[str, int], possible: Mapping[str, int]) -> None:
    """Put on record how many people are cut off from any service, each once, by age band; `write` announces it."""
    connection.execute(
        sa.text("""
        INSERT INTO cut_off (place_id, certain, possible, checked_at)
        VALUES (:place, :certain, :possible, clock_timestamp())
        ON CONFLICT (place_id) DO UPDATE
           SET certain = excluded.certain, possible = excluded.possible, checked_at = excluded.checked_at
        """).bindparams(sa.bindparam("certain", type_=JSONB), sa.bindparam("possible", type_=JSONB)),
        {"place": place_id, "certain": dict(certain), "possible": dict(possible)},
    )


def beat(connection: Connection, place_id: int, at: datetime) -> None:
    """Say that a watch holds the account true at a moment; nothing is announced, for nothing has changed."""
    connection.execute(
        sa.text("UPDATE cut_off SET checked_at = :at WHERE place_id = :place"), {"place": place_id, "at": at}
    )


def total(connection: Connection, place_id: int) -> Total | None:
    """Give the people cut off from any service, certainly and possibly; None before a watch ran: nobody has counted."""
    row = connection.execute(
        sa.text("SELECT certain, possible, checked_at FROM cut_off WHERE place_id = :place"), {"place": place_id}
    ).one_or_none()
    return None if row is None else Total(*row)


def _json(loss: Loss) -> dict[str, Jsonb]:
    return {name: Jsonb(getattr(loss, name)) for name in ("residents", "residents_possible", "causes")}


def _values(loss: Loss) -> list[object]:
    return list({**{name: getattr(loss, name) for name in COLUMNS}, **_json(loss)}.values())


END = """
UPDATE service_loss AS loss SET until = greatest(ended.until, loss.since)
FROM (SELECT %s::integer AS place_id, unnest(%s::text[]) AS service, unnest(%s::text[]) AS mobility_group,
             unnest(%s::integer[]) AS building_id, unnest(%s::timestamptz[]) AS until) AS ended
WHERE (loss.place_id, loss.service, loss.mobility_group, loss.building_id)
    = (ended.place_id, ended.service, ended.mobility_group, ended.building_id) AND loss.until IS NULL
"""

CHANGE = f"""
UPDATE service_loss SET {", ".join(f"{name} = %({name})s" for name in SAME)}
WHERE place_id = %(place_id)s AND service = %(service)s AND mobility_group = %(mobility_group)s
  AND building_id = %(building_id)s AND until IS NULL
"""
