"""Make lifts vertical edges.

A lift is mapped as one node on the ways that it joins. Left so, everyone would pass it for nothing, working or not.
So its node is taken apart into sides, one a level, and a lift edge put between each two of them: every way through
it costs one ride, and closing it parts them. Where the ways carry no level, each way is a side of its own.

Many lifts are mapped with one way only. Where another way passes close by that is not reached on foot within a short
walk, it is taken as the other end; else the lift is a dead end: its edge leads to a stub that nothing hangs on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from string import ascii_lowercase
from typing import Literal

import numpy as np
import shapely

from ingest.loaders.osm_extract import Node
from ingest.loaders.osm_pieces import Piece, Points, cut_at
from ingest.loaders.osm_tags import is_closed_to_walkers, levels
from twin.terms import EdgeKind

__all__ = ["Lift", "join_ends", "part_gates", "part_lifts"]

Found = Literal[
    "levels tagged", "by geometry", "joined to a way near by", "dead end", "not on a walkable way", "closed"
]
End = tuple[int, bool]  # index of a piece, and whether it is its head
Side = list[End]

# Ours, from looking at Monaco's lifts: a door is mapped within some metres of the way it opens to, and a way that is
# reached within a minute's walk anyway is no reason to take a lift.
NEAR_M = 15.0
WALK_M = 60.0
NO_LANDING = (EdgeKind.LIFT, EdgeKind.STEPS, EdgeKind.ESCALATOR)  # a lift does not open onto the middle of these
AT_END_M = 2.0  # a way that is joined this near to its end is joined at its end


@dataclass(frozen=True, slots=True)
class Lift:
    """What became of a lift: its node's source id, its name, how its sides were found, how many there are."""

    source: str
    name: str | None
    found: Found
    sides: int


def join_ends(
    pieces: Sequence[Piece], lifts: Sequence[Node], project_back: Callable[[Points], Points]
) -> tuple[list[Piece], set[str]]:
    """Join lifts that have one way only to a way near by that is not reached otherwise; give the names of those."""
    joined: set[str] = set()
    ends = _ends_at(pieces, {f"n{lift.id}" for lift in lifts})
    lonely = {f"n{lift.id}": ends[f"n{lift.id}"][0] for lift in lifts if len(ends[f"n{lift.id}"]) == 1}
    doors = {name: pieces[i].xy[-1 if is_head else 0] for name, (i, is_head) in lonely.items()}
    parts, bounds = list(pieces), _bounds(pieces)
    for name, door in doors.items():
        found = _unreached_near(parts, bounds, name, door)
        if found is None:
            continue
        node, halves = _node_on(parts[found], door, f"{name}:j", project_back)
        there = next(
            half.xy[0] if half.tail == node else half.xy[-1] for half in halves if node in (half.tail, half.head)
        )
        xy = np.vstack((door, there))
        link = Piece(f"{name}:join", EdgeKind.PATH, {}, name, node, (int(name[1:]), 0), xy, project_back(xy))
        parts = [*parts[:found], *halves, *parts[found + 1 :], link]
        bounds = np.vstack((bounds[:found], _bounds(halves), bounds[found + 1 :], _bounds([link])))
        joined.add(name)
    return parts, joined


def part_lifts(
    pieces: Sequence[Piece], lifts: Sequence[Node], joined: set[str]
) -> tuple[list[Piece], dict[str, float], list[Lift]]:
    """Take each lift's node apart and put lift edges between its sides.

    Gives the pieces with the lift edges among them, the level of each side where tagged, and what became of each lift.
    """
    parted, level_of, told = list(pieces), dict[str, float](), list[Lift]()
    incident = _ends_at(parted, {f"n{lift.id}" for lift in lifts})
    for lift in lifts:
        name, title = f"n{lift.id}", lift.tags.get("name")
        ends = incident[name]
        sides, found = _sides(parted, ends)
        nodes = [f"{name}:{_letters(i)}" for i in range(max(len(sides), 2))]
        for node, (level, side) in zip(nodes, sides, strict=False):
            _move(parted, side, node)
            if level is not None:
                level_of[node] = level
        if not ends:
            told.append(Lift(name, title, "not on a walkable way", 0))
        elif is_closed_to_walkers(lift.tags):
            told.append(Lift(name, title, "closed", len(sides)))
        else:
            parted.extend(_rides(lift, nodes, *_spot(parted, ends[0])))
            told.append(Lift(name, title, "joined to a way near by" if name in joined else found, len(sides)))
    return parted, level_of, told


def part_gates(pieces: Sequence[Piece], gates: Sequence[Node]) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Part the ways at gates that are closed to walkers; one on a junction of three is left and told."""
    parted, left = list(pieces), []
    incident = _ends_at(parted, {f"n{gate.id}" for gate in gates})
    for gate in gates:
        name = f"n{gate.id}"
        ends = incident[name]
        if len(ends) > 2:  # noqa: PLR2004 a gate has two sides
            left.append((name, f"a closed {gate.tags['barrier']} on a junction of {len(ends)}: left open"))
            continue
        for letter, end in zip("ab", ends, strict=False):
            _move(parted, [end], f"{name}:{letter}")
    return parted, left


def _ends_at(pieces: Sequence[Piece], names: set[str]) -> dict[str, list[End]]:
    """Give the ends of pieces at each of the named nodes."""
    ends: dict[str, list[End]] = {name: [] for name in names}
    for i, piece in enumerate(pieces):
        for node, is_head in ((piece.tail, False), (piece.head, True)):
            if node in ends:
                ends[node].append((i, is_head))
    return ends


def _sides(pieces: Sequence[Piece], ends: Sequence[End]) -> tuple[list[tuple[float | None, Side]], Found]:
    """Sort the ends at a lift into its sides, by level where the ways have one, else by way."""
    tagged = [levels(pieces[i].tags.get("level")) for i, _ in ends]
    single = [level[0] if len(level) == 1 else None for level in tagged]
    sides: dict[tuple[str, float | str | int], Side] = {}
    if len(set(single) - {None}) > 1:
        for end, level in zip(ends, single, strict=True):
            key = ("way", pieces[end[0]].source) if level is None else ("level", level)
            sides.setdefault(key, []).append(end)
        found: Found = "by geometry" if None in single else "levels tagged"
    else:
        # all on one level, as far as tagged: the lift still stands between them, or it would be no lift
        sources = {pieces[i].source for i, _ in ends}
        for n, end in enumerate(ends):
            sides.setdefault(("end", n) if len(sources) == 1 else ("way", pieces[end[0]].source), []).append(end)
        found = "by geometry" if len(sides) > 1 else "dead end"
    named = [(key[1] if isinstance(key[1], float) else None, side) for key, side in sides.items()]
    return sorted(named, key=lambda side: (side[0] is None, side[0] or 0.0)), found


def _rides(lift: Node, nodes: Sequence[str], point: Points, lonlat: Points) -> list[Piece]:
    """Make one lift edge between each two sides; all start and end where the lift is."""
    pairs = list(combinations(nodes, 2))
    return [
        Piece(
            f"n{lift.id}" if len(pairs) == 1 else f"n{lift.id}:{i}",
            EdgeKind.LIFT,
            lift.tags,
            tail,
            head,
            (lift.id, lift.id),
            np.vstack((point, point)),
            np.vstack((lonlat, lonlat)),
        )
        for i, (tail, head) in enumerate(pairs)
    ]


def _spot(pieces: Sequence[Piece], end: End) -> tuple[Points, Points]:
    """Give where the end of a piece is, in metres and in degrees; each of shape (2,)."""
    i, is_head = end
    at = -1 if is_head else 0
    return pieces[i].xy[at], pieces[i].lonlat[at]


def _move(pieces: list[Piece], ends: Sequence[End], node: str) -> None:
    """Hang ends of pieces on another node."""
    for i, is_head in ends:
        pieces[i] = replace(pieces[i], head=node) if is_head else replace(pieces[i], tail=node)


def _letters(i: int) -> str:
    """Number sides a to z, then aa."""
    return ascii_lowercase[i] if i < len(ascii_lowercase) else _letters(i // 26 - 1) + ascii_lowercase[i % 26]


def _unreached_near(pieces: Sequence[Piece], bounds: Points, name: str, here: Points) -> int | None:
    """Find the nearest piece near a node that a short walk from the node does not reach; give its index."""
    reached_m = _walk([pieces[i] for i in _near(bounds, here, WALK_M)], name)
    point = shapely.Point(here)
    best: tuple[float, int] | None = None
    for i in _near(bounds, here, NEAR_M):
        piece = pieces[i]
        line = shapely.LineString(piece.xy)
        metres = line.distance(point)
        if metres > NEAR_M or piece.kind in NO_LANDING or name in (piece.tail, piece.head):
            continue
        along = line.project(point)
        ends_m = (along, piece.length_m - along)
        walk_m = min(reached_m.get(end, np.inf) + m for end, m in zip((piece.tail, piece.head), ends_m, strict=True))
        if walk_m > WALK_M and (best is None or metres < best[0]):
            best = (metres, i)
    return None if best is None else best[1]


def _bounds(pieces: Sequence[Piece]) -> Points:
    """Give the bounding box of each piece: west, south, east, north [m]; shape (pieces, 4)."""
    boxes = [(*piece.xy.min(axis=0), *piece.xy.max(axis=0)) for piece in pieces]
    return np.array(boxes, np.float64).reshape(-1, 4)


def _near(bounds: Points, here: Points, metres: float) -> list[int]:
    """Give the pieces whose bounding box comes this near to a point."""
    near = (bounds[:, :2] <= here + metres).all(axis=1) & (bounds[:, 2:] >= here - metres).all(axis=1)
    return [int(i) for i in np.flatnonzero(near)]


def _walk(pieces: Sequence[Piece], start: str) -> dict[str, float]:
    """Give the walking distance [m] from a node to all within the short walk, whatever the direction."""
    neighbours: dict[str, list[tuple[str, float]]] = {}
    for piece in pieces:
        neighbours.setdefault(piece.tail, []).append((piece.head, piece.length_m))
        neighbours.setdefault(piece.head, []).append((piece.tail, piece.length_m))
    best, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        metres, node = heapq.heappop(queue)
        if metres > best[node]:
            continue
        for other, length in neighbours.get(node, []):
            if metres + length < min(best.get(other, np.inf), WALK_M):
                best[other] = metres + length
                heapq.heappush(queue, (metres + length, other))
    return best


def _node_on(
    piece: Piece, here: Points, name: str, project_back: Callable[[Points], Points]
) -> tuple[str, list[Piece]]:
    """Find or make the node of a piece nearest to a point: its name, and the piece in one or two parts."""
    along = float(shapely.LineString(piece.xy).project(shapely.Point(here)))
    if along < AT_END_M:
        return piece.tail, [piece]
    if along > piece.length_m - AT_END_M:
        return piece.head, [piece]
    return name, list(cut_at(piece, along, name, project_back))
