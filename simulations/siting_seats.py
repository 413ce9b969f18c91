"""Where to open sites that have only so many seats: exact, and in a whole town the best of a shortlist, with its bound.

Tables are candidate × place; costs, capacities and fixed sites (candidates,); people (places,). What is fixed is open
already and costs nothing. `report` hears of progress in the solver's costs and says whether to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from simulations.capacity import seats_taken
from simulations.siting import cover_most, walk_least
from simulations.siting_exact import Limits, answer_of
from simulations.siting_problem import Answer, Flags, Floats, Report, alike
from simulations.solver import Model, minimise
from simulations.tables import Table

__all__ = ["Seated", "seat_most", "shortlist", "town_seats", "town_walk", "walk_to_seats"]

People = NDArray[np.int64]
MOST_ROWS = 40_000  # of a model that is solved whole: larger ones are not proven within minutes
ROUNDING = 1e-6  # of a bound in people, who are whole
LISTED = 24  # candidates on the shortlist beside those fixed and those that may be opened


@dataclass(frozen=True, slots=True, eq=False)
class Seated:
    """Sites to open, and how many people of the place of each row of the table go to its candidate, (rows,)."""

    answer: Answer
    flow: Floats


def seat_most(
    table: Table, people: People, capacity: Floats, *, limit_s: float, limits: Limits, report: Report | None = None
) -> Seated:
    """Choose sites to seat the most people, each at one site within the limit and no site above its capacity.

    value and bound are people seated; people of a place may go to several sites. Places that the same candidates reach
    are taken together.
    """
    near = (table.time_ms <= round(limit_s * 1000)) & (people[table.column] > 0)
    of, many = alike(table.facility()[near], table.column[near], people.astype(np.float64))
    m = len(limits.cost)
    pairs, pair = np.unique(of[table.column[near]] * m + table.facility()[near], return_inverse=True)
    asked = _Rows(pairs % m, pairs // m, many[pairs // m])
    start = _filled(table, people, capacity, limit_s=limit_s, limits=limits)
    begun = np.bincount(pair, seats_taken(table, people, _open(capacity, start), limit_s=limit_s)[near], len(pairs))
    first = np.concatenate((start, begun / asked.many)).astype(np.float64)
    found, _ = _seat(asked, capacity, limits, costs=-asked.many, least=0.0, split=True, start=first, report=report)
    taken = seats_taken(table, people, _open(capacity, found.sites), limit_s=limit_s)
    used = np.bincount(table.facility(), taken, m)[found.sites] > 0
    sites = found.sites[used | limits.held()[found.sites]]
    most = min(-found.bound, float(people[np.unique(table.column[near])].sum()), _most_seats(capacity, limits))
    bound = float(taken.sum()) if found.proven else most
    return Seated(Answer(sites, float(taken.sum()), bound, found.proven), taken.astype(np.float64))


def walk_to_seats(
    table: Table,
    people: People,
    capacity: Floats,
    *,
    limits: Limits,
    beyond_s: float | None = None,
    split: bool = True,
    report: Report | None = None,
) -> Seated:
    """Choose sites for the least walking, everybody seated, no site above its capacity (capacitated p-median).

    value and bound are people × seconds, inf where not all can be seated. beyond_s: who finds no seat counts with so
    much instead. split: whether people of a place may go to several sites; else each place goes to one.
    """
    alone = np.any(people[np.setdiff1d(np.arange(table.columns), table.column)] > 0)
    if beyond_s is None and alone:
        return Seated(Answer(np.zeros(0, np.int32), np.inf, np.inf, proven=True), np.zeros(len(table.column)))
    rows = np.flatnonzero((people[table.column] > 0) & (table.seconds() < (np.inf if beyond_s is None else beyond_s)))
    asked = _Rows(table.facility()[rows].astype(np.int64), table.column[rows], people[table.column[rows]].astype(float))
    saved = 0.0 if beyond_s is None else beyond_s
    costs = asked.many * (table.seconds()[rows] - saved)
    least = 1.0 if beyond_s is None else 0.0
    start = (
        None if beyond_s is None else np.concatenate((limits.held(), np.zeros(len(rows)))).astype(np.float64)
    )  # nobody sits at first
    found, share = _seat(asked, capacity, limits, costs=costs, least=least, split=split, start=start, report=report)
    flow = np.zeros(len(table.column))
    if len(share):
        flow[rows] = share * asked.many
    without = saved * float(people.sum())
    bound = found.bound + without
    if beyond_s is not None and not found.proven:
        bound = max(bound, _least_walk(table, people, beyond_s, _most_seats(capacity, limits)))
    answer = Answer(found.sites, found.value + without, bound, found.proven)
    return Seated(_used(table, answer, flow, limits), flow)


def town_seats(
    table: Table,
    people: People,
    capacity: Floats,
    *,
    limit_s: float,
    limits: Limits,
    whole_rows: int = MOST_ROWS,
    report: Report | None = None,
) -> Seated:
    """Seat the most people as `seat_most` does, in a town of more than whole_rows rows by the best of a shortlist.

    The bound is that of all candidates then: no choice seats more than are within the limit of the best sites, nor more
    than the seats. Raises ValueError where the limits do not say how many sites.
    """
    near = (table.time_ms <= round(limit_s * 1000)) & (people[table.column] > 0)
    if near.sum() <= whole_rows:
        return seat_most(table, people, capacity, limit_s=limit_s, limits=limits, report=report)
    listed = shortlist(table, people, capacity, limit_s=limit_s, limits=limits)
    found = seat_most(_of(table, listed), people, capacity, limit_s=limit_s, limits=limits, report=report)
    held = limits.held()
    covered = cover_most(table, people, limit_s=limit_s, sites=_sites(limits), fixed=held, prove=False)
    bound = float(np.floor(min(covered.bound + ROUNDING, _most_seats(capacity, limits))))
    answer = replace(found.answer, bound=bound, proven=found.answer.value >= bound)
    return Seated(answer, _spread(table, listed, found.flow))


def town_walk(
    table: Table,
    people: People,
    capacity: Floats,
    *,
    beyond_s: float,
    limits: Limits,
    whole_rows: int = MOST_ROWS,
    report: Report | None = None,
) -> Seated:
    """Choose sites for the least walking to seats as `walk_to_seats` does, in a large town by the best of a shortlist.

    The bound is that of all candidates then: nobody walks less where seats are short, and no more people than there are
    seats do not count as beyond all. Raises ValueError where the limits do not say how many sites.
    """
    rows = (people[table.column] > 0) & (table.seconds() < beyond_s)
    if rows.sum() <= whole_rows:
        return walk_to_seats(table, people, capacity, limits=limits, beyond_s=beyond_s, report=report)
    listed = shortlist(table, people, capacity, limit_s=beyond_s / 2, limits=limits)
    short = _of(table, listed)
    found = walk_to_seats(short, people, capacity, limits=limits, beyond_s=beyond_s, report=report)
    free = walk_least(table, people, beyond_s=beyond_s, sites=_sites(limits), fixed=limits.held(), prove=False)
    bound = max(free.bound, _least_walk(table, people, beyond_s, _most_seats(capacity, limits)))
    bound = float(min(bound, found.answer.value))
    answer = replace(found.answer, bound=bound, proven=bound == found.answer.value)
    return Seated(answer, _spread(table, listed, found.flow))


def shortlist(table: Table, people: People, capacity: Floats, *, limit_s: float, limits: Limits) -> Flags:
    """Give what is fixed and the candidates that fill best, one after the other, each before the seats of the next."""
    listed = limits.held().copy()
    many = _sites(limits) - int(listed.sum()) + LISTED
    listed[list(islice(_best_filled(table, people, capacity, limit_s, limits), many))] = True
    return listed


def _filled(table: Table, people: People, capacity: Floats, *, limit_s: float, limits: Limits) -> Flags:
    """Open at once what fills best for its cost, as far as the limits allow: where a search begins."""
    is_open = limits.held().copy()
    left = np.inf if limits.budget is None else limits.budget
    for best in islice(_best_filled(table, people, capacity, limit_s, limits), LISTED):
        if limits.sites is not None and is_open.sum() >= limits.sites:
            break
        if limits.cost[best] <= left:
            is_open[best] = True
            left -= limits.cost[best]
    return is_open


def _best_filled(table: Table, people: People, capacity: Floats, limit_s: float, limits: Limits) -> Iterator[int]:
    """Give candidates that are not fixed, each the one that takes in most for its cost of those left over before it."""
    near = np.flatnonzero((table.time_ms <= round(limit_s * 1000)) & (people[table.column] > 0))
    facility, place = table.facility()[near], table.column[near]
    listed = limits.held().copy()
    left = people.astype(np.float64)
    np.subtract.at(left, table.column, seats_taken(table, people, _open(capacity, listed), limit_s=limit_s))
    price = np.maximum(limits.cost, np.finfo(float).tiny)
    for _ in range(int((~listed).sum())):
        filled = np.minimum(np.bincount(facility, left[place], len(listed)), capacity)
        filled[listed] = -1.0
        best = int(np.argmax(filled / price))
        if filled[best] <= 0:
            return
        listed[best] = True
        yield best
        here = place[facility == best]
        left[here] *= 1 - filled[best] / left[here].sum()


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Who may go where; all (rows,): candidate, place, and the people of the place."""

    candidate: NDArray[np.int64]
    place: NDArray[np.integer]
    many: Floats


def _seat(
    asked: _Rows,
    capacity: Floats,
    limits: Limits,
    *,
    costs: Floats,
    least: float,
    split: bool,
    start: Floats | None,
    report: Report | None,
) -> tuple[Answer, Floats]:
    """Solve for the share of the place's people that go to the candidate of each row; none where there is no solution."""
    m, count = len(limits.cost), len(asked.candidate)
    model = limits.model(count)
    model.whole[m:] = not split
    model.cost[m:] = costs
    _full(model, asked, capacity, least)
    link = np.tile(np.arange(count), 2)  # nobody goes where it is closed
    flow = m + np.arange(count)
    to = np.concatenate((flow, asked.candidate))
    model.add(link, to, np.repeat([1.0, -1.0], count), least=-np.inf, most=0.0)
    solved = minimise(model, start=start, report=report)
    return answer_of(solved, m), solved.values[m:]


def _full(model: Model, asked: _Rows, capacity: Floats, least: float) -> None:
    """Say that each place's people go once, and that no candidate has more of them than seats."""
    m = len(capacity)
    flow, every = m + np.arange(len(asked.candidate)), np.arange(m)
    _, nth = np.unique(asked.place, return_inverse=True)
    model.add(nth, flow, 1.0, least=least, most=1.0)
    taken, seats = np.concatenate((asked.candidate, every)), np.concatenate((asked.many, -capacity))
    model.add(taken, np.concatenate((flow, every)), seats, least=-np.inf, most=0.0)


def _used(table: Table, answer: Answer, flow: Floats, limits: Limits) -> Answer:
    """Leave out sites to which nobody goes: the solver opens them where that is free."""
    used = np.bincount(table.facility(), flow, table.facilities) > 0
    return replace(answer, sites=answer.sites[(used | limits.held())[answer.sites]])


def _open(capacity: Floats, which: NDArray[np.integer] | Flags) -> People:
    """Give the seats of these candidates, none of the others."""
    seats = np.zeros(len(capacity), np.int64)
    seats[which] = capacity[which].astype(np.int64)
    return seats


def _of(table: Table, listed: Flags) -> Table:
    """Give the table without the rows of candidates that are not listed."""
    kept = listed[table.facility()]
    before = np.concatenate((np.zeros(1, np.int64), np.cumsum(kept)))
    return Table(before[table.indptr].astype(np.int64), table.column[kept], table.time_ms[kept], table.columns)


def _spread(table: Table, listed: Flags, flow: Floats) -> Floats:
    whole = np.zeros(len(table.column))
    whole[listed[table.facility()]] = flow
    return whole


def _sites(limits: Limits) -> int:
    if limits.sites is None:
        raise ValueError("how many sites there may be is not said")
    return limits.sites


def _least_walk(table: Table, people: People, beyond_s: float, seats: float) -> float:
    """Give the people × seconds that remain if every candidate opened, and those who are nearest to one got the seats."""
    least = np.full(table.columns, beyond_s)
    np.minimum.at(least, table.column, table.seconds())
    order = np.argsort(least, kind="stable")
    seated = np.diff(np.minimum(np.cumsum(people[order]), seats), prepend=0.0)
    return float(seated @ least[order] + beyond_s * (people.sum() - seated.sum()))


def _most_seats(capacity: Floats, limits: Limits) -> float:
    """Give how many seats the best choice can have, were there money for the largest."""
    held = limits.held()
    new = len(held) if limits.sites is None else limits.sites - int(held.sum())
    return float(capacity[held].sum() + np.sort(capacity[~held])[::-1][:new].sum())
