"""Follow the state of the elements, and write down at once who lost and who regained which service."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from threading import Event
from time import monotonic

from simulations import community as communities
from simulations import ledger
from simulations.accounting import Accounting
from simulations.cut_off import Fault, faults
from simulations.paths import warm_up
from simulations.states import reports
from twin import alarm_clock, alarms, changes, effects, losses, places
from twin.alarms import Watcher
from twin.db import UNAVAILABLE, Connection, Engine, opened
from twin.losses import Key, Loss
from twin.terms import State

log = logging.getLogger(__name__)

AGAIN_S = 1.0  # between attempts, while another watch has the place or the database is away
BEAT_S = 5.0  # between signs of life: after three without one the account counts as not watched
HOMES_S = 60.0  # between looks after homes in which nothing moves
TICK_S = 0.25  # how late, at most, the watch stops or lets a silent element become unknown


class Duty:
    """The account of one place as this process last wrote it. There is one duty a place at a time."""

    def __init__(self, connection: Connection, place_code: str | None) -> None:
        """Read the place and what is written already; `follow` then brings that up to date."""
        self.community = communities.load(connection, place_code)
        self.place_id = self.community.place.id
        self.written = losses.now(connection, self.place_id)
        self.expiry: datetime | None = None  # when something may become silent
        self.beat_at = self.homes_at = 0.0  # when each is due next, by the monotonic clock
        self.accounting = Accounting(self.community)

    def follow(self, connection: Connection) -> None:
        """Read the elements' states, and write who lost and who regained what, and the alarms, if they have changed."""
        said = reports(self.community, effects.element_states(connection, self.place_id))
        self.expiry = effects.next_expiry(connection)
        if said == self.accounting.said:
            return
        things = alarms.watchers(connection, self.place_id)
        broken = faults(said, {effect: watcher.thing_id for effect, watcher in things.items()})
        now = datetime.now(UTC)
        moment = min(max((report.since for report in said if report.since), default=now), now)
        current = self.accounting.follow(said, broken, moment)
        self._write(connection, current, broken, things, moment=moment, now=now)

    def _write(
        self,
        connection: Connection,
        current: dict[Key, Loss],
        broken: Mapping[int, Fault],
        things: Mapping[int, Watcher],
        *,
        moment: datetime,
        now: datetime,
    ) -> None:
        """Write the difference to what is written."""
        ended, begun, changed = compare(self.written, current)
        opened = self._opened()
        losses.put_total(connection, self.place_id, *self.accounting.total())
        losses.write(
            connection,
            self.place_id,
            ended=[(loss.key, max((opened[c] for c in _parts(loss) if c in opened), default=moment)) for loss in ended],
            begun=begun,
            changed=changed,
        )
        alarm_clock.count_losses(connection, self.place_id, now, if_needed=sorted(communities.ASKED_OF_ALL))
        wanted = ledger.alarms(self.accounting.accounts.values(), broken, things)
        keep = self._unsaid(connection)
        raised = alarms.settle(connection, self.place_id, ledger.KINDS, wanted, now, keep=keep)
        self.written = current
        done = (len(ended), len(begun), len(changed), len(raised))
        log.info("losses: %d ended, %d begun, %d changed; alarms changed: %d", *done)

    def _unsaid(self, connection: Connection) -> list[str]:
        """Name what standing alarms are about of which something is silent now: silence clears no alarm."""
        unknown = tuple(report for report in self.accounting.said or () if report.state is State.UNKNOWN)
        parts = {(part["kind"], part["id"]) for part in ledger.elements(self.community, unknown)}
        return [
            alarm.subject
            for alarm in alarms.now(connection, self.place_id, ledger.KINDS)
            if parts & {(part["kind"], part["id"]) for part in alarm.detail.get("elements", [])}
        ]

    def _opened(self) -> dict[tuple[str, int], datetime]:
        """Give since when each reported element is as it is, by kind and id."""
        found: dict[tuple[str, int], datetime] = {}
        for report in self.accounting.said or ():
            if report.since is not None:
                (part,) = ledger.elements(self.community, (report,))
                key = (part["kind"], part["id"])
                found[key] = max(report.since, found.get(key, report.since))
        return found


def compare(before: Mapping[Key, Loss], after: Mapping[Key, Loss]) -> tuple[list[Loss], list[Loss], list[Loss]]:
    """Give the losses that ended, began and changed. One that turns from possible to certain, or back, is a new one."""
    ended = [loss for key, loss in before.items() if key not in after or after[key].certain != loss.certain]
    begun = [loss for key, loss in after.items() if key not in before or before[key].certain != loss.certain]
    changed = [
        loss
        for key, loss in after.items()
        if key in before and before[key].certain == loss.certain and not _is_same(before[key], loss)
    ]
    return ended, begun, changed


def _is_same(one: Loss, other: Loss) -> bool:
    """Compare all but `since`: a loss keeps the moment it began while its causes come and go."""
    return all(getattr(one, name) == getattr(other, name) for name in losses.SAME)


def _parts(loss: Loss) -> list[tuple[str, int]]:
    return [(cause["kind"], cause["id"]) for cause in loss.causes]


def run(url: str, place_code: str | None, stop: Event) -> None:
    """Keep the account of a place until `stop` is set; raises NotFound where the place is not there.

    It holds nothing that the database does not: killed at any moment and started again, it writes only what has
    changed meanwhile. A second watch of the same place stands by until the first is gone, and so does one whose
    database is away.
    """
    warm_up()  # so that the first closure is written as quickly as the next
    with opened(url) as database, ExitStack() as held:
        duty: Duty | None = None
        again_at = 0.0
        for change in changes.listen(url, TICK_S):
            if stop.is_set():
                return
            kind = change.kind if change else "tick"
            if duty is None and kind == "tick" and monotonic() < again_at:
                continue
            try:
                if duty is None or kind in {"reconnected", "network"}:
                    duty = _take_up(database, place_code, held)
                else:
                    _keep(database, duty, kind)
            except UNAVAILABLE as error:
                log.warning("the database is away: %s", str(error).strip().partition("\n")[0])
                duty = None  # what it thinks is written may not be
            again_at = monotonic() + AGAIN_S


def _take_up(database: Engine, place_code: str | None, held: ExitStack) -> Duty | None:
    """Claim the place on a connection kept open in `held`, and bring its account up to date; None: another has it."""
    held.close()
    claimed = held.enter_context(database.connect())
    claimed.detach()  # closing it must end the session, and the claim with it
    place = places.get(claimed, place_code)
    has_it = losses.claim(claimed, place.id)
    claimed.commit()
    if not has_it:
        log.debug("another watch keeps the account of %s: standing by", place.code)
        return None
    with database.begin() as connection:
        duty = Duty(connection, place_code)
        duty.follow(connection)
    return duty


def _keep(database: Engine, duty: Duty, kind: str) -> None:
    """Follow the effects, let go silent what has been so for too long, give signs of life.

    A tick on which none of this is due asks the database nothing.
    """
    now = datetime.now(UTC)
    if kind == "effects":
        with database.begin() as connection:
            duty.follow(connection)
    elif duty.expiry is not None and now >= duty.expiry:
        with database.begin() as connection:
            effects.expire(connection, now)  # announced, and followed when heard
            duty.expiry = effects.next_expiry(connection)
    if monotonic() >= duty.beat_at:
        _beat(database, duty)


def _beat(database: Engine, duty: Duty) -> None:
    """Give a sign of life, and see to the alarms that time raises and clears."""
    now = datetime.now(UTC)
    with database.begin() as connection:
        alarm_clock.tick(connection, duty.place_id, now)
        if monotonic() >= duty.homes_at:
            alarm_clock.settle_inactivity(connection, duty.place_id, now)
            duty.homes_at = monotonic() + HOMES_S
        losses.beat(connection, duty.place_id, now)
    duty.beat_at = monotonic() + BEAT_S
