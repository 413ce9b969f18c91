"""Regions: connected, nested, and with a load in the band."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.sparse import csgraph

from ingest.loaders.regions import Band, group, join

BAND = Band(300, 500)


def lattice(rows: int, columns: int) -> sparse.csr_array:
    """Border lengths of a chessboard of blocks 10 m wide."""
    path = [sparse.diags_array([10.0] * (n - 1), offsets=1, shape=(n, n)) for n in (rows, columns)]
    one_way = sparse.kron(path[0], sparse.eye_array(columns)) + sparse.kron(sparse.eye_array(rows), path[1])
    return sparse.csr_array(one_way + one_way.T)


def parts(members: np.ndarray, border_m: sparse.csr_array) -> int:
    return int(csgraph.connected_components(border_m[members][:, members])[0])


@settings(max_examples=10, deadline=None, derandomize=True)  # a cut into the band is likely, not sure
@given(st.integers(6, 14), st.integers(6, 14), st.integers(0, 2**32 - 1))
def test_regions_and_their_groups_are_connected_and_in_the_band(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    load = rng.integers(0, 60, rows * columns)
    border_m = lattice(rows, columns)
    region = join(load, border_m, BAND, rng, group_sizes=(6, 3))
    count = int(region.max()) + 1
    assert sorted(set(region.tolist())) == list(range(count))
    total = np.bincount(region, weights=load).astype(np.float64)
    if 300 * count <= load.sum() <= 500 * count:
        assert BAND.excess(total).max() == 0, total
    for of in (np.arange(count), group(count, 3), group(count, 6)):
        for number in range(int(of.max()) + 1):
            assert parts(of[region] == number, border_m) == 1


def test_the_same_seed_gives_the_same_regions() -> None:
    load, border_m = np.full(64, 50), lattice(8, 8)
    first, second = (join(load, border_m, BAND, np.random.default_rng(7)) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_blocks_without_load_are_one_region() -> None:
    assert join(np.zeros(4, dtype=np.int64), lattice(2, 2), BAND, np.random.default_rng(0)).tolist() == [0] * 4


def test_a_block_over_the_band_keeps_a_region_of_its_own() -> None:
    region = join(np.array([900, 400]), lattice(1, 2), BAND, np.random.default_rng(0))
    assert len(set(region.tolist())) == 2


@pytest.mark.parametrize(("count", "size", "groups"), [(45, 36, 2), (45, 12, 4), (12, 12, 1), (13, 12, 2), (1, 12, 1)])
def test_groups_hold_at_most_their_size_and_nest(count: int, size: int, groups: int) -> None:
    of = group(count, size)
    assert int(of.max()) + 1 == groups
    assert np.bincount(of).max() <= size
    finer = group(count, max(1, size // 3))
    assert all(len(set(of[finer == number].tolist())) == 1 for number in range(int(finer.max()) + 1))
