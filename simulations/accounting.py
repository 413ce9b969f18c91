"""The account of who lost what, group by group: it follows the reports, of now for the watch and of any moment for a replay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulations import ledger
from simulations.community import Community
from simulations.cut_off import Fault, Watched
from simulations.ledger import Account
from simulations.states import Reports, shut
from twin.losses import Key, Loss
from twin.terms import MobilityGroup

__all__ = ["FAULTS_TOLD_APART", "Accounting"]

# With more unknown or closed things than this, the causes of what is only possible are not sought.
FAULTS_TOLD_APART = 24


class Accounting:
    """Who of a community lost what, as the reports it last followed have it."""

    def __init__(self, community: Community) -> None:
        """Begin with nothing reported; the first `follow` computes what is usual, some tenths of a second a group."""
        self.community = community
        self.said: Reports | None = None
        self.accounts: dict[MobilityGroup, Account] = {}
        self._watched: dict[MobilityGroup, Watched] = {}
        self._rows: dict[MobilityGroup, dict[Key, Loss]] = {}

    def follow(
        self, said: Reports, broken: Mapping[int, Fault], moment: datetime, *, anew: bool = False
    ) -> dict[Key, Loss]:
        """Follow the reports and give who has lost what; broken: they that are not open by thing.

        `since` of a loss that no single thing causes is `moment`. anew: also groups in which the same is shut as before
        are counted again, for it may be since another moment.
        """
        for group in self.community.groups():
            if self._move(group, said) or anew:
                self._account(group, said, broken, moment)
        self.said = said
        return {key: loss for rows in self._rows.values() for key, loss in rows.items()}

    def total(self) -> tuple[dict[str, int], dict[str, int]]:
        """Count the people who lost any service, each once, by age band: certainly, and possibly."""
        return ledger.total(self.accounts.values())

    def _move(self, group: MobilityGroup, said: Reports) -> bool:
        """Follow the reports for a group, and tell whether anything is closed or unknown that was not, or the reverse."""
        if group not in self._watched:
            self._watched[group] = Watched(self.community, group, said)
            return True
        before = [shut(self.said or (), group, unknown_closed=closed) for closed in (False, True)]
        if before == [shut(said, group, unknown_closed=closed) for closed in (False, True)]:
            return False
        self._watched[group].move(said)
        return True

    def _account(self, group: MobilityGroup, said: Reports, broken: Mapping[int, Fault], moment: datetime) -> None:
        """Count a group anew: who lost what, and which mending would give it back."""
        watched = self._watched[group]
        certain = {thing: watched.relief(said, fault) for thing, fault in broken.items()}
        possible = (
            {thing: watched.possible_relief(said, fault) for thing, fault in broken.items()}
            if len(broken) <= FAULTS_TOLD_APART
            else {}
        )
        self.accounts[group] = Account(watched, certain, possible)
        self._rows[group] = {loss.key: loss for loss in ledger.losses(self.accounts[group], broken, moment)}
