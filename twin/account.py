"""The account of what arrived: received = stored + duplicate + quarantined, by minute of arrival and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Connection

from twin import alarms
from twin.alarms import Wanted
from twin.errors import Refused

__all__ = ["Balance", "Minute", "Tally", "add", "balance", "by_source", "check", "minutes", "total", "withdraw"]

DIFFERENCE = "account"  # the kind of alarm, and its subject


@dataclass(slots=True)
class Tally:
    """Counts of one minute and source. `messages` counts all, also those that hold no reading (a join, a retained
    state); the others count readings, an undecodable message as one.
    """

    messages: int = 0
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    conflict: int = 0  # of the duplicates, those that say another value than the one stored

    @property
    def received(self) -> int:
        """Readings that came, whatever became of them."""
        return self.stored + self.duplicate + self.quarantined


ADD = sa.text("""
INSERT INTO account (minute, source, messages, received, stored, duplicate, quarantined, conflict)
SELECT * FROM unnest(CAST(:minutes AS timestamptz[]), CAST(:sources AS text[]), CAST(:messages AS bigint[]),
       CAST(:received AS bigint[]), CAST(:stored AS bigint[]), CAST(:duplicate AS bigint[]), CAST(:quarantined AS bigint[]),
       CAST(:conflict AS bigint[]))
ON CONFLICT (minute, source) DO UPDATE
   SET messages = account.messages + excluded.messages, received = account.received + excluded.received,
       stored = account.stored + excluded.stored, duplicate = account.duplicate + excluded.duplicate,
       quarantined = account.quarantined + excluded.quarantined, conflict = account.conflict + excluded.conflict
""")


def add(connection: Connection, tallies: Mapping[tuple[datetime, str], Tally]) -> None:
    """Add counts by (minute, source), in the transaction that stores what they count.

    Make it the last statement: the rows are locked until the commit, and every worker writes the same ones.
    """
    if not tallies:
        return
    ordered = sorted(tallies.items())  # one order for all workers: no deadlock
    connection.execute(
        ADD,
        {
            "minutes": [minute for (minute, _), _ in ordered],
            "sources": [source for (_, source), _ in ordered],
            "messages": [tally.messages for _, tally in ordered],
            "received": [tally.received for _, tally in ordered],
            "stored": [tally.stored for _, tally in ordered],
            "duplicate": [tally.duplicate for _, tally in ordered],
            "quarantined": [tally.quarantined for _, tally in ordered],
            "conflict": [tally.conflict for _, tally in ordered],
        },
    )


WITHDRAW = sa.text("""
WITH open AS (
    SELECT minute, quarantined, sum(quarantined) OVER (
               ORDER BY minute BETWEEN date_trunc('minute', CAST(:first AS timestamptz)) AND :last DESC, minute DESC
           ) - quarantined AS before
      FROM account WHERE source = :source AND quarantined > 0),
taken AS (SELECT minute, least(quarantined, :count - before) AS n FROM open WHERE before < :count),
done AS (
    UPDATE account a SET quarantined = a.quarantined - t.n, received = a.received - t.n
      FROM taken t WHERE a.minute = t.minute AND a.source = :source RETURNING t.n)
SELECT coalesce(sum(n), 0)::bigint FROM done
""")


def withdraw(connection: Connection, source: str, count: int, *, first: datetime, last: datetime) -> None:
    """Take readings out of the account's quarantined, to add them again as what became of them.

    They are taken from the minutes from `first` to `last`, in which they came, the latest first. Folding keeps no
    minute of each, so that the minutes are near and the sums exact. Raises Refused where so many are not accounted.
    """
    connection.execute(sa.text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))  # or another retry counts the same
    values = {"source": source, "count": count, "first": first, "last": last}
    if connection.execute(WITHDRAW, values).scalar_one() != count:
        raise Refused(f"the account of {source} has not so many quarantined readings: {count}")


def total(connection: Connection, since: datetime | None = None) -> Tally:
    """Add up the account, from a minute on or all of it."""
    row = connection.execute(
        sa.text("""
        SELECT coalesce(sum(messages), 0)::bigint, coalesce(sum(stored), 0)::bigint,
               coalesce(sum(duplicate), 0)::bigint, coalesce(sum(quarantined), 0)::bigint,
               coalesce(sum(conflict), 0)::bigint
          FROM account WHERE CAST(:since AS timestamptz) IS NULL OR minute >= :since
        """),
        {"since": since},
    ).one()
    return Tally(*row)


@dataclass(frozen=True, slots=True)
class Minute:
    """What came of one source in one minute; `received` is kept by itself, so that a difference can be seen."""

    minute: datetime
    source: str
    messages: int
    received: int
    stored: int
    duplicate: int
    quarantined: int
    conflict: int

    @property
    def difference(self) -> int:
        """Readings that came and are neither stored, duplicate nor set aside: 0, or something is wrong."""
        return self.received - self.stored - self.duplicate - self.quarantined


def minutes(
    connection: Connection, since: datetime, *, most: int, before: tuple[datetime, str] | None = None
) -> list[Minute]:
    """Read the account since a moment, the newest minute first."""
    minute, source = before or (None, None)
    rows = connection.execute(
        sa.text("""
        SELECT minute, source, messages, received, stored, duplicate, quarantined, conflict FROM account
         WHERE minute >= :since AND (CAST(:minute AS timestamptz) IS NULL OR (minute, source) < (:minute, :source))
         ORDER BY minute DESC, source DESC LIMIT :most
        """),
        {"since": since, "minute": minute, "source": source, "most": most},
    )
    return [Minute(*row) for row in rows]


def by_source(connection: Connection, since: datetime) -> dict[str, Tally]:
    """Add up the account since a moment, by source."""
    rows = connection.execute(
        sa.text("""
        SELECT source, sum(messages)::bigint, sum(stored)::bigint, sum(duplicate)::bigint, sum(quarantined)::bigint,
               sum(conflict)::bigint FROM account WHERE minute >= :since GROUP BY source ORDER BY source
        """),
        {"since": since},
    )
    return {source: Tally(*counts) for source, *counts in rows}


@dataclass(frozen=True, slots=True)
class Balance:
    """The account against the tables at one moment: readings that it calls stored and quarantined, and those there are."""

    stored: int
    inserted: int  # rows that the observations have taken in, counted by the database itself
    quarantined: int
    set_aside: int  # the sum of the quarantine's counts

    @property
    def is_true(self) -> bool:
        """Whether the two are equal."""
        return self.stored == self.inserted and self.quarantined == self.set_aside


def balance(connection: Connection) -> Balance:
    """Compare the account with the tables, in one snapshot."""
    return Balance(*connection.execute(sa.text("SELECT * FROM account_check()")).one())


def check(connection: Connection, at: datetime) -> Balance:
    """Compare the account with the tables; a difference is an alarm in every place, cleared when there is none.

    The database's own counts are added up to one row meanwhile.
    """
    connection.execute(sa.text(FOLD_COUNTS))
    found = balance(connection)
    detail = {"stored": [found.stored, found.inserted], "quarantined": [found.quarantined, found.set_aside]}
    wanted = [] if found.is_true else [Wanted(DIFFERENCE, DIFFERENCE, "critical", detail)]
    for place_id in connection.scalars(sa.text("SELECT id FROM place ORDER BY id")).all():
        alarms.settle(connection, place_id, [DIFFERENCE], wanted, at)
    return found


FOLD_COUNTS = """
WITH gone AS (DELETE FROM observation_count RETURNING inserted)
INSERT INTO observation_count SELECT sum(inserted) FROM gone HAVING count(*) > 0
"""
