"""Monaco's coverage against scipy on the same arrays, and the live fields against a full computation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from simulations.community import Community
from simulations.coverage import coverage, field
from simulations.failures import what_if
from simulations.held import Tracks
from simulations.live import Track
from simulations.ranking import rank, street_lifts
from simulations.states import Element, closing
from twin.terms import ElementKind, MobilityGroup, Service

GROUPS = (MobilityGroup.ADULT, MobilityGroup.AGE_75_84, MobilityGroup.WHEELCHAIR)


def independent_s(
    town: Community, service: Service, group: MobilityGroup, closed: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Walking time [s] of each building's door by scipy: every facility on its own, then the least."""
    times = town.times[group].astype(float)
    arcs = np.arange(len(times))
    tail, head = town.network.tail[arcs // 2], town.network.head[arcs // 2]
    start, end = np.where(arcs % 2 == 0, tail, head), np.where(arcs % 2 == 0, head, tail)
    usable = (times >= 0) & ~np.isin(arcs // 2, closed)
    order = np.lexsort((times[usable], end[usable], start[usable]))
    ways = np.column_stack((start, end))[usable][order]
    first = np.ones(len(ways), np.bool_)
    first[1:] = (ways[1:] != ways[:-1]).any(axis=1)  # scipy would add parallel arcs up: keep the shortest
    cost = (times[usable][order] + 2.0**-20)[first]  # and it takes 0 for no arc
    n = len(town.network.node_ids)
    backwards = csr_array((cost, (ways[first, 1], ways[first, 0])), shape=(n, n))
    which = np.flatnonzero(
        (town.facilities.service == list(Service).index(service))
        & (town.facilities.node >= 0)
        & ((town.facilities.step_free != 0) | (group is not MobilityGroup.WHEELCHAIR))
    )
    speed = town.mobility.gaits[group].speed
    way = dijkstra(backwards, indices=town.facilities.node[which])[:, town.buildings.node]
    door = np.rint(town.facilities.node_m[which] / speed * 1000)
    least = np.floor(way + door[:, None]).min(axis=0) / 1000
    return np.where(town.buildings.node >= 0, least + np.rint(town.buildings.node_m / speed * 1000) / 1000, np.inf)


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("service", [Service.PHARMACY, Service.CLINIC, Service.BUS_STOP])
def test_every_building_agrees_with_scipy_before_and_after_20_closures(
    monaco: Community, service: Service, group: MobilityGroup
) -> None:
    rng = np.random.default_rng(20)
    for closed in (np.empty(0, np.int64), rng.choice(len(monaco.network.edge_ids), 20, replace=False)):
        said = closing(monaco, (), [Element(ElementKind.EDGE, int(edge)) for edge in closed])
        found = coverage(monaco, said, service, group, limit_s=600)
        theirs = independent_s(monaco, service, group, closed)
        assert np.array_equal(np.isinf(found.building_s), np.isinf(theirs))
        reached = np.isfinite(theirs)
        assert reached.sum() > 100
        assert np.abs(found.building_s[reached] - theirs[reached]).max() <= 1e-6


def test_live_fields_equal_full_ones_after_300_random_changes(monaco: Community) -> None:
    rng = np.random.default_rng(3)
    edges = [Element(ElementKind.EDGE, row) for row in range(len(monaco.network.edge_ids))]
    shops = [Element(ElementKind.FACILITY, row) for row in range(len(monaco.facilities.ids))]
    services = (Service.PHARMACY, Service.CLINIC, Service.SUPERMARKET)
    for group in GROUPS:
        track = Track(monaco, group, services, frozenset())
        for step in range(100):
            some = [edges[i] for i in rng.choice(len(edges), 20)] + [shops[i] for i in rng.choice(len(shops), 2)]
            track.move(track.closed ^ frozenset(some))
            for service in services if step % 10 == 9 else services[:1]:
                whole = field(monaco, service, group, track.closed)
                assert np.array_equal(track.fields[service].label, whole.label)


def test_residents_are_all_there_and_certain_is_no_more_than_possible(monaco: Community) -> None:
    assert monaco.households.people.sum() == 38_420  # of 38,423: each age band to the nearest five
    for group in monaco.groups():
        found = coverage(monaco, (), Service.PHARMACY, group, limit_s=600)
        assert (found.certain <= found.possible).all()
        assert (found.possible <= found.residents).all()


def test_the_ranking_of_lifts_equals_single_closures(monaco: Community) -> None:
    lifts = street_lifts(monaco)
    assert len(lifts) > 30
    ranked = rank(monaco, (), lifts)
    worst = ranked[0]
    group, service = MobilityGroup.AGE_75_84, Service.PHARMACY
    limit_s = monaco.norm.limits[service].limit_s
    before = coverage(monaco, (), service, group, limit_s=limit_s)
    after = coverage(monaco, closing(monaco, (), worst.elements), service, group, limit_s=limit_s)
    assert [each.weight for each in ranked] == sorted((each.weight for each in ranked), reverse=True)
    adult_before = coverage(monaco, (), service, MobilityGroup.ADULT, limit_s=limit_s)
    adult_after = coverage(monaco, closing(monaco, (), worst.elements), service, MobilityGroup.ADULT, limit_s=limit_s)
    old_before = coverage(monaco, (), service, MobilityGroup.AGE_85, limit_s=limit_s)
    old_after = coverage(monaco, closing(monaco, (), worst.elements), service, MobilityGroup.AGE_85, limit_s=limit_s)
    pairs = ((before, after), (adult_before, adult_after), (old_before, old_after))
    lost = sum(int(one.possible.sum() - two.possible.sum()) for one, two in pairs)
    assert worst.services.get(service, 0) == lost


def test_fields_kept_from_one_what_if_to_the_next_give_what_new_ones_give(monaco: Community) -> None:
    rng = np.random.default_rng(4)
    lifts, shops = street_lifts(monaco), len(monaco.facilities.ids)
    tracks = Tracks(monaco)
    groups = [MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR]
    for _ in range(5):
        said = closing(monaco, (), lifts[int(rng.integers(len(lifts)))])
        close = [*lifts[int(rng.integers(len(lifts)))], Element(ElementKind.FACILITY, int(rng.integers(shops)))]
        mend = said[0].element if rng.random() < 0.5 else close[0]
        kept, new = (
            what_if(monaco, said, close=close, mend=[mend], groups=groups, tracks=some) for some in (tracks, None)
        )
        assert (kept.lost, kept.gained_possible) == (new.lost, new.gained_possible)
        assert [(one.service, one.group) for one in kept.outcomes] == [(one.service, one.group) for one in new.outcomes]
        for one, other in zip(kept.outcomes, new.outcomes, strict=True):
            assert np.array_equal(one.lost_possible, other.lost_possible)
            assert np.array_equal(one.after_s, other.after_s)
