"""The rows of the collection `coverage`: each grid × service × group, of now, kept for as long as nothing changed."""

from __future__ import annotations

import threading

import msgspec
import numpy as np

from api.community import Shelf, said
from simulations.community import Community
from simulations.coverage import Coverage
from simulations.coverage import coverage as simulate
from simulations.states import Reports
from twin import counts, effects
from twin.db import Connection
from twin.places import Place
from twin.terms import MobilityGroup, Service

__all__ = ["LIMIT_MINUTES", "CoverageRows"]

LIMIT_MINUTES = 15


class CoverageRows:
    """Hold the rows as JSON; all of them are computed when the network, the people or a state has changed."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lock = threading.Lock()
        self._held: tuple[object, str] = (None, "[]")

    def take(self, connection: Connection, place: Place) -> str:
        """Give the rows as a JSON array."""
        with self._lock:
            states = effects.element_states(connection, place.id)
            key = (place.id, place.network_version, tuple(sorted(map(repr, states))))
            if self._held[0] != key:
                with self._shelf.lock:
                    community = self._shelf.take(connection, place)
                    self._held = key, _rows(community, said(connection, community))
            return self._held[1]


def _rows(community: Community, reports: Reports) -> str:
    rows: list[dict[str, object]] = []
    for service in Service:
        for group in MobilityGroup:
            found = simulate(community, reports, service, group, limit_s=LIMIT_MINUTES * 60)
            rows += _grids(community, found, len(rows))
    return msgspec.json.encode(rows).decode()


def _grids(community: Community, found: Coverage, before: int) -> list[dict[str, object]]:
    """Add up the buildings of each grid where somebody lives."""
    ids, inverse = np.unique(community.buildings.grid_ids, return_inverse=True)
    sums = [np.bincount(inverse, column.sum(axis=1)) for column in (found.residents, found.certain, found.possible)]
    lived_in = [row for row, key in enumerate(ids.tolist()) if key >= 0 and sums[0][row] > 0]
    return [
        {
            "id": before + number,
            "grid_id": int(ids[row]),
            "service": found.service,
            "mobility_group": found.group,
            "minutes": LIMIT_MINUTES,
            "residents": counts.count(int(sums[0][row]))["value"],
            "share": counts.share(int(sums[1][row]), int(sums[0][row])),
            "share_possible": counts.share(int(sums[2][row]), int(sums[0][row])),
        }
        for number, row in enumerate(lived_in, 1)
    ]
