"""Districts give the same bits as the whole: on random graphs, and with Monaco on two Dask workers, one of which dies."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from simulations import cluster, parts, questions
from simulations.asking import Asked
from simulations.community import Community
from simulations.coverage import coverage
from simulations.districts import Whole, cut, joined, solve, solve_whole
from simulations.graph import CLOSED
from simulations.lift_histories import Draws, History, Lift, draw, expect
from simulations.paths import seeds
from simulations.ranking import street_lifts
from simulations.states import Reports
from twin.db import engine
from twin.errors import Refused
from twin.terms import MobilityGroup, Service

LIMIT_MS = 900_000
SERVICES = [Service.PHARMACY, Service.CLINIC]
GROUPS = [MobilityGroup.ADULT, MobilityGroup.WHEELCHAIR]


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_districts_joined_are_the_whole_to_the_bit(nodes: int, districts: int, limit_ms: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = int(rng.integers(0, 3 * nodes))
    tail, head = (rng.integers(0, nodes, edges).astype(np.int32) for _ in range(2))
    times = {name: rng.integers(-1, 12, 2 * edges).astype(np.int32).clip(CLOSED) for name in ("slow", "quick")}
    sources = {}
    for number, name in enumerate(times):
        at = rng.integers(0, nodes, 3).astype(np.int32)
        sources[f"shops {number}"] = (
            name,
            seeds(at, rng.integers(0, 9, 3).astype(np.int32), np.arange(3, dtype=np.int32)),
        )
    asked = Whole(nodes, tail, head, times, sources)
    with TemporaryDirectory() as folder:
        files = [solve(file) for file in cut(asked, Path(folder), districts=districts, limit_ms=limit_ms)]
        found = joined(asked, files)
    truth = solve_whole(asked, limit_ms=limit_ms)
    assert found.keys() == truth.keys()
    assert all(np.array_equal(found[question], truth[question]) for question in truth)


def test_a_district_missing_or_twice_is_not_joined(tmp_path: Path) -> None:
    none = np.zeros(0, np.int32)
    asked = Whole(3, none, none, {"foot": none}, {"shops": ("foot", seeds(none, none, none))})
    files = [solve(file) for file in cut(asked, tmp_path, districts=3, limit_ms=1)]
    for some in (files[:2], [*files, files[0]]):
        with pytest.raises(ValueError, match="1 nodes are not in one district each"):
            joined(asked, some)
    with pytest.raises(ValueError, match="0 districts"):
        cut(asked, tmp_path, districts=0, limit_ms=1)


def test_a_run_can_be_stopped_between_districts(monaco: Community, tmp_path: Path) -> None:
    asked = cluster.whole(monaco, (), SERVICES[:1], GROUPS[:1])
    with pytest.raises(InterruptedError, match="stopped after 2 of 5 districts"):
        cluster.compute(asked, tmp_path, districts=5, limit_ms=LIMIT_MS, heard=lambda done, _: done < 2)


class Dask:
    """A scheduler and two workers on loopback, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.scheduler, line = _started(folder, "dask_scheduler", "Scheduler at", "--port", "0")
        self.address = re.search(r"tcp://127\.0\.0\.1:\d+", line).group()  # type: ignore[union-attr]
        self.workers = [self.worker(folder) for _ in range(2)]

    def worker(self, folder: Path) -> subprocess.Popen[str]:
        options = [self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        return _started(folder, "dask_worker", "Registered to", *options)[0]

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.terminate()
            process.wait(20)
            assert process.stderr is not None
            process.stderr.close()


def _started(folder: Path, program: str, ready: str, *options: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program}", *options, "--host", "127.0.0.1", "--no-dashboard"],
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if ready in line:
            return process, line
    raise AssertionError(f"{program} ended with {process.wait()}")


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    found = Dask(tmp_path)
    yield found
    found.end()
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()  # what distributed leaves open is not the next test's


@pytest.mark.filterwarnings("default")  # distributed's own
def test_two_workers_give_the_bits_of_one_process_and_one_that_is_killed_loses_nothing(
    monaco: Community, dask: Dask, tmp_path: Path
) -> None:
    asked = cluster.whole(monaco, (), SERVICES, GROUPS)

    def kill_one(done: int, _: int) -> bool:
        if done == 2:
            os.kill(dask.workers[0].pid, signal.SIGKILL)
        return True

    truth = solve_whole(asked, limit_ms=LIMIT_MS)
    with cluster.connected(dask.address) as client:
        for heard in (None, kill_one):
            found = cluster.compute(
                asked, tmp_path / "shared", districts=12, limit_ms=LIMIT_MS, client=client, heard=heard
            )
            assert all(np.array_equal(found[question], truth[question]) for question in truth)
    assert dask.workers[0].wait(10) == -signal.SIGKILL
    for one in cluster.coverages(monaco, (), found, SERVICES, GROUPS):
        plain = coverage(monaco, (), one.service, one.group, limit_s=one.limit_s)
        assert np.array_equal(one.certain, plain.certain)
        assert np.array_equal(one.possible, plain.possible)


@pytest.mark.filterwarnings("default")
def test_where_no_scheduler_answers_it_is_said_in_one_line() -> None:
    with (
        pytest.raises(Refused, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"),
        cluster.connected("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.filterwarnings("default")
def test_other_questions_are_shared_by_two_workers_and_answered_to_the_same_bits_though_one_is_killed(
    monaco: Community, monaco_database: str, dask: Dask
) -> None:
    lifts = street_lifts(monaco)[:4]
    history = History(ran_s=np.array([9e5, 8e5, 1e6]), stood_s=np.array([3e5, 2e5, 4e5]))
    drawn = draw([Lift(lift, (history,), assumed=True) for lift in lifts], years=2, rng=np.random.default_rng(1))
    questions_of = {
        "capacity": b'{"decay": "gaussian", "method": "3sfca", "services": ["clinic", "canteen"]}',
        "failures": b'{"kinds": ["lift", "facility"]}',
        "audit": b'{"mends": 1}',
    }
    expects = partial(expect_each, [Lift(lift, (history,), assumed=True) for lift in lifts], drawn)
    database = engine(monaco_database)
    with database.connect() as connection, cluster.connected(dask.address) as client:
        here = Asked(connection, monaco, ())
        for name, text in questions_of.items():
            question = questions.read(name, text)
            truth, shared = (
                questions.ask(asked, name, question, lambda _: True) for asked in (here, replace(here, client=client))
            )
            assert shared == truth
        told: list[int] = []

        def kill_one(progress: Mapping[str, int]) -> bool:
            told.append(progress["done"])
            if len(told) == 1:
                os.kill(dask.workers[0].pid, signal.SIGKILL)
            return True

        groups = monaco.groups()
        shared_out = parts.each(replace(here, client=client), expects, groups, kill_one)
        for one, other in zip(parts.each(here, expects, groups, lambda _: True), shared_out, strict=True):
            assert [each.tobytes() for each in one] == [each.tobytes() for each in other]
        assert told[-1] == len(groups)
        with pytest.raises(InterruptedError, match=f"stopped after 1 of {len(groups)} parts"):
            parts.each(replace(here, client=client), expects, groups, lambda _: False)
    database.dispose()


def expect_each(
    lifts: list[Lift], drawn: Draws, community: Community, said: Reports, group: MobilityGroup
) -> list[NDArray[np.float64]]:
    """Give the hours of each service, so that they can be compared to the bit."""
    return [one.hours for one in expect(community, said, lifts, drawn, groups=(group,))]
