"""The board of a past moment: who was cut off then is computed again, from the network and the reports of then."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from api import alarm_rows, board, loss_rows
from api.access import STAFF
from api.community import Shelf
from simulations import ledger
from simulations.accounting import Accounting
from simulations.community import Community
from simulations.cut_off import faults
from simulations.states import reports
from twin import alarms, effects, facilities, then
from twin.db import Connection
from twin.errors import Forbidden, Refused
from twin.history import revision_at
from twin.losses import Loss, Total
from twin.places import Place
from twin.terms import AgeBand, AlarmKind

Said = dict[str, dict[str, Any]]


class Replay:
    """Hold the account of the revision that was asked for last: the next moment of it then takes some milliseconds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._accounting: Accounting | None = None

    def take(self, community: Community) -> Accounting:
        """Give the account of a community; call it with the lock held."""
        if self._accounting is None or self._accounting.community is not community:
            self._accounting = Accounting(community)
        return self._accounting


def _board(connection: Connection, shelf: Shelf, replay: Replay, place: Place, at: datetime) -> dict[str, Any]:
    """Give every section as it was; `revision` says which map and register that is of."""
    revision = revision_at(connection, at)
    found = then.things(connection, place.id, at, revision)
    with shelf.lock:
        community = shelf.take(connection, place, at)
    with replay.lock:
        lost, whole, mends = _losses(connection, replay.take(community), at)
    called = loss_rows.names(found, facilities.names(connection, place.id))
    order = community.residents.bands
    people = community.residents.counts.sum(axis=0).tolist()
    older = sum(n for band, n in zip(order, people, strict=True) if AgeBand.parse(band).start >= board.OLDER)
    return {
        "at": at.isoformat(),
        "revision": revision,
        "things": board.thing_rows(found),
        "losses": loss_rows.cards(lost, called)
        | {loss_rows.TOTAL: loss_rows.total(whole, order, loss_rows.repairs(mends, called))},
        "alarms": _alarms(connection, place, at),
        "figures": {"all": board.figure_row(found, community.place.residents, older) | {"quarantined": None}},
        "watch": {"all": {"watched": True, "since": None}},
    }


def asked(request: Request, connection: Connection, place: Place, at: datetime) -> dict[str, Any]:
    """Answer for a request. Refuses the future, and those who see only a part of the place."""
    if request.state.who.role not in STAFF:
        raise Forbidden("the past is shown of the whole place, to its staff")
    if at > datetime.now(UTC):
        raise Refused("at is a moment that has been")
    return _board(connection, request.app.state.shelf, request.app.state.replay, place, at)


def _losses(
    connection: Connection, accounting: Accounting, at: datetime
) -> tuple[list[Loss], Total, list[tuple[str, dict[str, Any]]]]:
    """Give who had lost what, how many that were, and what each repair would have given back."""
    place_id = accounting.community.place.id
    said = reports(accounting.community, effects.element_states(connection, place_id, at, revision_at(connection, at)))
    things = alarms.watchers(connection, place_id)
    known = tuple(report for report in said if report.effect_id in things)  # what is bound no longer has no device
    broken = faults(known, {effect: watcher.thing_id for effect, watcher in things.items()})
    moment = min(max((report.since for report in said if report.since), default=at), at)
    lost = accounting.follow(said, broken, moment, anew=True)
    certain, possible = accounting.total()
    wanted = ledger.alarms(accounting.accounts.values(), broken, things)
    mends = [(one.subject, one.detail) for one in wanted if one.kind == AlarmKind.PEOPLE_CUT_OFF]
    return list(lost.values()), Total(certain, possible, at), mends


def _alarms(connection: Connection, place: Place, at: datetime) -> Said:
    lines = then.alarms(connection, place.id, at, limit=alarm_rows.MOST)
    rows = {str(line.alarm.id): alarm_rows.row(line) for line in lines}
    return rows | {alarm_rows.TOTAL: then.alarm_counts(connection, place.id, at)}
