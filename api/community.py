"""The place as arrays, kept between requests for as long as its network version stands."""

from __future__ import annotations

import threading
from datetime import datetime

from simulations import community, states
from simulations.community import Community
from simulations.states import Reports
from twin import effects
from twin.db import Connection
from twin.history import revision_at
from twin.places import Place


class Shelf:
    """Hold one community; reading it takes some 0.3 s, a question to it some 10 ms. One question is computed at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._held: Community | None = None
        self._then: tuple[tuple[int, int], Community] | None = None  # by place and revision

    def take(self, connection: Connection, place: Place, at: datetime | None = None) -> Community:
        """Give the community of this place as it is in the database, or was; call it with the lock held.

        Of what was, the revision asked for last is held: a replay asks for many moments of it.
        """
        if at is not None:
            key = place.id, revision_at(connection, at)
            if self._then is None or self._then[0] != key:
                self._then = key, community.load(connection, place.code, at)
            return self._then[1]
        held = self._held
        if held is None or (held.place.id, held.place.network_version) != (place.id, place.network_version):
            held = self._held = community.load(connection, place.code)
        return held


def said(connection: Connection, place: Community, at: datetime | None = None) -> Reports:
    """Read what the sensors say of the elements now, or said at a moment, which the community is of too."""
    revision = None if at is None else revision_at(connection, at)
    return states.reports(place, effects.element_states(connection, place.place.id, at, revision))
