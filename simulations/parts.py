"""Questions that fall into parts: done here one after the other, or by the workers of a cluster, with the same answer.

A part is computed from the place and the reports alone, so it does not matter who computes it; the answers are put
together in the order of the parts. The place is sent to every worker once; a worker that dies loses nothing, for its parts
are computed again by another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from simulations.asking import Asked, Heard
from simulations.cluster import DEATHS
from simulations.community import Community
from simulations.states import Reports

__all__ = ["chunks", "each"]

Part = TypeVar("Part")
Found = TypeVar("Found")
Work = Callable[[Community, Reports, Part], Found]  # a function of a module, so that its name can be sent
CHUNKS = 32  # parts that many small things are gathered in: enough for a few machines, few enough to hand out


def each(asked: Asked, work: Work[Part, Found], parts: Sequence[Part], heard: Heard) -> list[Found]:
    """Compute every part, and give the answers in their order; heard is told of each that is ready.

    Raises InterruptedError where heard says not to go on: what has not begun then is cancelled.
    """
    if asked.client is None:
        found = []
        for part in parts:
            found.append(work(asked.community, asked.said, part))
            _tell(heard, len(found), len(parts))
        return found
    return _elsewhere(asked, work, parts, heard)


def chunks(things: Sequence[Part], *, most: int = CHUNKS) -> list[Sequence[Part]]:
    """Cut things into at most so many runs of nearly the same length, in their order."""
    size = max(1, -(-len(things) // most))
    return [things[at : at + size] for at in range(0, len(things), size)]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    community: Community
    said: Reports


def _elsewhere(asked: Asked, work: Work[Part, Found], parts: Sequence[Part], heard: Heard) -> list[Found]:
    from distributed import as_completed

    client = asked.client
    assert client is not None
    place = client.scatter(_Place(asked.community, asked.said), broadcast=True, hash=False)  # type: ignore[no-untyped-call]
    futures = [client.submit(_work, work, place, part, pure=False, retries=DEATHS) for part in parts]
    try:
        for done, _ in enumerate(as_completed(futures), start=1):  # type: ignore[no-untyped-call]
            _tell(heard, done, len(parts))
        found: list[Found] = client.gather(futures)  # type: ignore[no-untyped-call]
        return found
    finally:
        client.cancel(futures)  # type: ignore[no-untyped-call]


def _work(work: Work[Part, Found], place: _Place, part: Part) -> Found:
    return work(place.community, place.said, part)


def _tell(heard: Heard, done: int, total: int) -> None:
    if not heard({"done": done, "total": total}):
        raise InterruptedError(f"stopped after {done} of {total} parts")
