"""Measure districts on a Dask cluster of this machine: `python -m bench.cluster [nodes [services]]`.

One worker process, then two, on the same districts, in one run, after both have loaded the kernels; the answer is held
against the same questions asked of the whole network. Prints wall time, and what it comes to for each district, so that
docs/scale.md can say what a country takes.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from distributed import Client, LocalCluster

from bench.streets import streets
from simulations import cluster
from simulations.districts import Labels, Whole, cut, joined, solve, solve_whole
from simulations.paths import seeds, warm_up

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMIT_MS = 900_000  # the longest norm: fifteen minutes
GROUPS = 2
DISTRICTS = 16
FACILITIES = 200
ROUNDS = 2


def town(nodes: int, services: int) -> Whole:
    """Ask so many services for two groups, one half as quick as the other, of a town of streets."""
    rng = np.random.default_rng(7)
    made = streets(nodes, rng)
    times = {f"group {group}": (made.times * (group + 1)).astype(np.int32) for group in range(GROUPS)}
    asked = {}
    for group in range(GROUPS):
        for service in range(services):
            at = np.sort(rng.choice(made.nodes, FACILITIES, replace=False)).astype(np.int32)
            door = np.zeros(FACILITIES, np.int32)
            asked[f"{group} {service}"] = (f"group {group}", seeds(at, door, np.arange(FACILITIES, dtype=np.int32)))
    return Whole(made.nodes, made.tail, made.head, times, asked)


def same(found: Labels, truth: Labels) -> None:
    """Stop where one bit differs."""
    if not all(np.array_equal(found[question], truth[question]) for question in truth):
        raise AssertionError("districts differ from the whole")


def spread(files: list[Path], workers: int) -> tuple[float, list[float], Iterable[Path]]:
    """Solve all districts by so many processes; gives the best wall time [s] of the rounds, and the answers' files.

    Between them the processor's time of each process [s] in that round: on a machine that others use too, the whole of it
    over that of the busiest says how many times as fast idle cores would be.
    """
    best, spent = np.inf, [0.0]
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as local,
        Client(local) as client,
    ):
        client.run(warm_up)
        for _ in range(ROUNDS):
            before = client.run(time.process_time)
            start = time.perf_counter()
            done = list(cluster.solved(files, client))
            wall_s = time.perf_counter() - start
            after = client.run(time.process_time)
            if wall_s < best:
                best, spent = wall_s, [after[worker] - before[worker] for worker in before]
    return best, spent, done


def main(nodes: int, services: int) -> None:
    """Measure and print."""
    whole = town(nodes, services)
    warm_up()
    start = time.perf_counter()
    truth = solve_whole(whole, limit_ms=LIMIT_MS)
    alone_s = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        files = cut(whole, Path(folder), districts=DISTRICTS, limit_ms=LIMIT_MS)
        cut_s = time.perf_counter() - start
        size = sum(file.stat().st_size for file in files)
        solve(files[0])
        start = time.process_time()
        here = [solve(file) for file in files]
        cpu_s = time.process_time() - start
        same(joined(whole, here), truth)
        print(f"{whole.nodes:,} nodes, {len(whole.sources)} questions, {len(files)} districts, {size / 1e6:.0f} MB")
        print(f"  whole, one process           {alone_s:8.2f} s")
        print(f"  cutting                      {cut_s:8.2f} s")
        print(f"  solving, this process        {cpu_s:8.2f} s CPU, {cpu_s / len(files) * 1000:.0f} ms a district")
        one_s, one_cpu_s, _ = spread(files, 1)
        two_s, two_cpu_s, done = spread(files, 2)
        same(joined(whole, done), truth)
    print(f"  solving, one worker          {one_s:8.2f} s, {one_cpu_s[0]:.2f} s CPU")
    print(f"  solving, two workers         {two_s:8.2f} s, {' + '.join(f'{s:.2f}' for s in two_cpu_s)} s CPU")
    print(f"  as fast, by the wall         {one_s / two_s:8.2f} times")
    print(f"  as fast, by CPU              {one_cpu_s[0] / max(two_cpu_s):8.2f} times, were the cores idle")
    print(f"  peak of this process         {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:3]]
    main(*given, *(600_000, 26)[len(given) :])
