"""Tell other processes what has changed, and hear it: NOTIFY and LISTEN, delivered at the commit and never before."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from twin.db import ALIVE, CONNECT_S

__all__ = ["INGEST", "Change", "announce", "listen"]

log = logging.getLogger(__name__)

CHANNEL = "linli"
INGEST = "linli_ingest"  # what the workers are asked: they need not be woken by the readings they store
LIMIT_BYTES = 7_500  # PostgreSQL refuses a payload of 8,000
IDS_AT_ONCE = 600  # of at most 11 characters with its comma, and room for the rest
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """One announcement: what kind of thing changed, and the fields that say which.

    The kinds: latest {ids: datastreams}, effects {ids}, losses {place_id}, alarms {ids}, network {place_id},
    quarantine {}; and reconnected {}, which `listen` gives itself: read everything again.
    """

    kind: str
    fields: dict[str, Any]


def announce(connection: Connection, kind: str, *, channel: str = CHANNEL, **fields: object) -> None:
    """Announce a change when this transaction commits; `ids` of any length is cut into several announcements.

    Another channel is for what few hear, and those who listen to everything need not. Raises ValueError where the other fields alone do not fit. No ids, no announcement.
    """
    ids = fields.pop("ids", None)
    if ids is None:
        _notify(connection, [_text(kind, fields)], channel)
        return
    if not isinstance(ids, Sequence):
        raise TypeError(f"ids of a change are a sequence: {ids!r}")
    cuts = [ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE)]
    _notify(connection, [_text(kind, {**fields, "ids": [int(each) for each in cut]}) for cut in cuts], channel)


def listen(url: str, timeout_s: float, *, channel: str = CHANNEL) -> Iterator[Change | None]:
    """Hear changes for ever, on a connection of its own; None after `timeout_s` without one.

    A lost connection is opened again, with longer and longer waits, and gives Change("reconnected"): what was
    announced meanwhile is gone, so the reader reads everything again. The first connection gives it too, so that
    nothing can happen unheard between reading and listening. While there is no database, None comes each `timeout_s`.
    """
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    wait_s = FIRST_WAIT_S
    while True:
        try:
            with _connect(plain) as connection:
                connection.execute(f"LISTEN {channel}")
                wait_s = FIRST_WAIT_S
                yield Change("reconnected", {})
                yield from _hear(connection, timeout_s)
        except psycopg.OperationalError as error:
            log.warning("no database to listen to, again in %.1f s: %s", wait_s, str(error).strip())
        yield from _pause(wait_s * random.uniform(0.5, 1.0), timeout_s)
        wait_s = min(wait_s * 2, LONGEST_WAIT_S)


def _connect(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_S, **ALIVE)


def _hear(connection: psycopg.Connection[Any], timeout_s: float) -> Iterator[Change | None]:
    while True:
        heard = False
        for notice in connection.notifies(timeout=timeout_s, stop_after=1):
            heard = True
            fields = json.loads(notice.payload)
            yield Change(fields.pop("kind"), fields)
        if not heard:
            yield None


def _pause(wait_s: float, timeout_s: float) -> Iterator[None]:
    """Wait, and let the reader have its turn as often as it asked for."""
    while wait_s > 0:
        step_s = min(wait_s, timeout_s) or wait_s
        time.sleep(step_s)
        wait_s -= step_s
        if step_s == timeout_s:
            yield None


def _text(kind: str, fields: dict[str, Any]) -> str:
    text = json.dumps({"kind": kind, **fields}, separators=(",", ":"))
    if len(text.encode()) > LIMIT_BYTES:
        raise ValueError(f"a change of {len(text)} characters; NOTIFY takes {LIMIT_BYTES} bytes")
    return text


def _notify(connection: Connection, texts: list[str], channel: str) -> None:
    if texts:
        statement = sa.text("SELECT pg_notify(:channel, text) FROM unnest(CAST(:texts AS text[])) AS text")
        connection.execute(statement, {"channel": channel, "texts": texts})
