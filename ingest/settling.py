"""Settle a sifted batch in the database: readings, units, quarantine and account, in the caller's transaction."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ingest.health import brought
from ingest.sifting import Sifted
from twin import account, health, observations, offers, quarantine, texts, unit_watch
from twin.db import Connection
from twin.observations import Batch
from twin.texts import Texts

__all__ = ["batch", "said", "settle"]


def settle(connection: Connection, sifted: Sifted) -> None:
    """Write all that a batch holds.

    Raises Stale where a datastream is no longer in the register.
    """
    now = datetime.now(UTC)
    outcome = observations.record(connection, batch(sifted, now))
    worded = texts.record(connection, said(sifted, now))
    sifted.account.recorded(sifted.tallies, outcome.is_stored, outcome.is_conflict)
    sifted.account.recorded([one.tally for one in sifted.texts], worded.is_stored, worded.is_conflict)
    health.add(connection, brought(sifted, outcome, worded))
    unit_watch.note(connection, first=sifted.first_units, wrong=sifted.wrong_units, mended=sifted.mended, at=now)
    offers.note(connection, list(sifted.offers.values()))
    quarantine.fold(connection, sifted.refusals)
    account.add(connection, sifted.account.tallies())


def said(sifted: Sifted, received_at: datetime) -> Texts:
    """Give the texts to store, in the order of arrival."""
    ids, times = [one.datastream_id for one in sifted.texts], [one.time_us for one in sifted.texts]
    return Texts(ids, times, [one.text for one in sifted.texts], received_at)


def batch(sifted: Sifted, received_at: datetime) -> Batch:
    """Give the readings to store, in the order of arrival."""
    return Batch(
        np.array(sifted.datastream_ids, dtype=np.int32),
        np.array(sifted.times_us, dtype=np.int64),
        np.array(sifted.values, dtype=np.float64),
        received_at,
    )
