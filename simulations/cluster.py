"""Compute a community in districts, here or on the workers of a Dask cluster: the same bits, whoever computes.

A worker that dies loses nothing: its districts are computed again by another one, from the same files. What is sent is
the name of a file; the arrays are on storage that all machines see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulations import pace
from simulations.community import Community
from simulations.coverage import Coverage, of_fields, sources
from simulations.districts import Labels, Whole, cut, joined, solve
from simulations.paths import NO_PARENT, Field
from simulations.states import Reports, shut
from twin.errors import Refused
from twin.terms import MobilityGroup, Service

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Heard", "compute", "connected", "coverages", "solved", "whole"]

Heard = Callable[[int, int], bool]  # told how many of how many districts are done; says whether to go on
DEATHS = 10  # workers that may die over one district before it is taken for the district's fault
CONNECT_S = 5


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to a scheduler, such as tcp://10.0.0.1:8786; Refused where none answers or the extra is not installed."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise Refused("no cluster without the extra: pip install 'linli[cluster]'") from error
    try:
        client = Client(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise Refused(f"no scheduler answers at {address}") from error
    try:
        yield client
    finally:
        client.close()  # type: ignore[no-untyped-call]


def whole(community: Community, said: Reports, services: Sequence[Service], groups: Sequence[MobilityGroup]) -> Whole:
    """Gather the questions of a community: each service for each group, with the unknown taken as open and closed."""
    network = community.network
    times, asked = {}, {}
    for group in groups:
        for unknown_closed in (False, True):
            closed = shut(said, group, unknown_closed=unknown_closed)
            times[_state(group, unknown_closed=unknown_closed)] = pace.times(community, group, closed)
            for service in services:
                name = _state(group, unknown_closed=unknown_closed)
                asked[f"{name} {service}"] = (name, sources(community, service, group, closed))
    return Whole(len(network.node_ids), network.tail, network.head, times, asked)


def compute(
    asked: Whole,
    folder: Path,
    *,
    districts: int,
    limit_ms: int,
    client: Client | None = None,
    heard: Heard | None = None,
) -> Labels:
    """Compute all questions district by district, on a cluster where there is a client, else here.

    folder must be seen by all workers under the same name. Raises InterruptedError where heard says not to go on.
    """
    files = cut(asked, folder, districts=districts, limit_ms=limit_ms)
    done = []
    for file in solved(files, client):
        done.append(file)
        if heard is not None and not heard(len(done), len(files)):
            raise InterruptedError(f"stopped after {len(done)} of {len(files)} districts")
    return joined(asked, done)


def coverages(
    community: Community,
    said: Reports,
    found: Labels,
    services: Sequence[Service],
    groups: Sequence[MobilityGroup],
    *,
    limit_s: float | None = None,
) -> list[Coverage]:
    """Read the coverage off the labels of `whole`'s questions; times beyond their limit are inf.

    limit_s None: each service's own, which must be within the limit that was computed.
    """
    answers = []
    for service in services:
        for group in groups:
            fields = [
                _field(found[f"{_state(group, unknown_closed=unknown_closed)} {service}"])
                for unknown_closed in (False, True)
            ]
            limit = community.norm.limits[service].limit_s if limit_s is None else limit_s
            answers.append(of_fields(community, said, service, group, fields[0], fields[1], limit_s=limit))
    return answers


def _state(group: MobilityGroup, *, unknown_closed: bool) -> str:
    return f"{group} {'worst' if unknown_closed else 'best'}"


def _field(label: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Field:
    return Field(label, np.full(len(label), NO_PARENT, np.int32))


def solved(files: Sequence[Path], client: Client | None) -> Iterator[Path]:
    """Give the files of the answers as they are ready; what is left is cancelled when nobody asks on."""
    if client is None:
        yield from map(solve, files)
        return
    from distributed import as_completed

    futures = client.map(solve, files, pure=False, retries=DEATHS)
    try:
        for future in as_completed(futures):  # type: ignore[no-untyped-call]
            yield future.result()
    finally:
        client.cancel(futures)  # type: ignore[no-untyped-call]
