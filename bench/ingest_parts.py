"""The parts of bench.ingest: each gives the lines of the table that it measured."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, LiteralString

import numpy as np
import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bench import ingest_peers
from bench.ingest_load import DEVICES, Form, Load, value_of
from bench.ingest_worker import Job
from deploy.services import Services

ROUNDS = 3
START_S = 60
SETTLE_S = 1.5  # a worker that has connected is quiet by then
LOOK_S = 0.02
STILL_S = 8.0  # nothing more comes
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KILLED = 40_000
# The goals of a quiet machine of two cores, that broker, publisher, worker and database share.
LATE_MS = {1_000: 15, 10_000: 100, 40_000: 250}
AS_FAST = {"linli, COPY only": 0.9, "mq-bridge": 8, "stock paho": 5, "linli on stock paho": 5}
CPU_US = 9
MEMORY_MB = 70
SECOND = 1.3
LATENCY_S = 20
WARM_S = 5
FAST = 50_000
FAST_S = 6
ROWS = """
SELECT o.n + c.n + r.n, o.n + c.once + r.n
  FROM (SELECT count(*) AS n FROM observation) o, (SELECT count(*) AS n, count(DISTINCT (id, t)) AS once FROM bench_copied) c,
       (SELECT coalesce(sum(n), 0)::bigint AS n FROM bench_read) r
"""
IS_IN = """
SELECT EXISTS (SELECT FROM observation WHERE datastream_id = %s AND time > now() - interval '1 hour' AND value = %s)
    OR EXISTS (SELECT FROM bench_copied) OR EXISTS (SELECT FROM bench_read)
"""
NAMES = itertools.count(1)
DRAINED = ("linli", "linli, COPY only", "linli on stock paho", "stock paho", "mq-bridge", "mq-bridge, COPY", "Node-RED by 500", "Node-RED by row")  # fmt: skip


@dataclass(slots=True)
class Bench:
    """The services, the peers' folder and the size of the backlog; questions go by one connection that is kept.

    A connection for each question took 7 ms of CPU from all alike, some 35 times a second.
    """

    services: Services
    peers: Path
    messages: int
    _asking: psycopg.Connection[tuple[Any, ...]] | None = None

    def job(self, **changes: str) -> Job:
        """Give a new account's job."""
        username, password = self.services.broker.credentials(f"ingest-{next(NAMES)}")
        return Job(self.services.database_url, self.services.broker.port, username, password, **changes)

    def load(self, messages: int, *, rate: float = 0, form: Form = "senml") -> Load:
        """Give a load for the broker."""
        self.services.broker.grant("bench", write=["senml/#", "flat/#"])
        username, password = self.services.broker.credentials("bench")
        return Load(self.services.broker.port, username, password, messages, rate, form)

    def start(self, kind: str, job: Job) -> subprocess.Popen[bytes]:
        """Start a worker of a kind."""
        if kind.startswith("mq-bridge"):
            return ingest_peers.mq_bridge(self.peers, job, copy=kind.endswith("COPY"))
        if kind.startswith("Node-RED"):
            return ingest_peers.node_red(self.peers, job, together=500 if kind.endswith("500") else 1)
        argv = [sys.executable, "-m", "bench.ingest_worker", kind, json.dumps(asdict(job))]
        return subprocess.Popen(argv, stderr=subprocess.DEVNULL)

    def clear(self) -> None:
        """Empty the tables."""
        with psycopg.connect(self.services.database_url, autocommit=True) as connection:
            connection.execute(
                "TRUNCATE observation, latest, account, quarantine, observation_dirty, bench_copied, bench_read"
            )

    def ask(self, question: LiteralString, *values: float) -> tuple[Any, ...]:
        """Give the one row that answers a question."""
        if self._asking is None:
            self._asking = psycopg.connect(self.services.database_url, autocommit=True)
        row = self._asking.execute(question, values).fetchone()
        assert row is not None
        return tuple(row)

    def rows(self) -> tuple[int, int]:
        """Count the rows that are there, and the distinct ones."""
        all_rows, distinct = self.ask(ROWS)
        return int(all_rows), int(distinct)


@contextmanager
def waiting(bench: Bench, kind: str, count: int = 1, **changes: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start workers that have connected and are quiet; end them and their sessions."""
    bench.clear()
    jobs = [bench.job(**changes) for _ in range(count)]
    workers = [bench.start(kind, job) for job in jobs]
    try:
        await_answer(bench, form_of(kind), workers)
        bench.clear()
        yield workers
    finally:
        for worker in workers:
            end(worker)
        for job in jobs:
            forget(job)


def end(worker: subprocess.Popen[bytes]) -> None:
    """Let a worker leave in order, or not."""
    worker.send_signal(signal.SIGCONT)
    worker.terminate()
    try:
        worker.wait(30)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def await_answer(bench: Bench, form: Form, workers: list[subprocess.Popen[bytes]]) -> None:
    """Publish until every worker must have taken something: then all are connected and at work."""
    deadline_s = time.monotonic() + START_S
    while bench.rows()[0] < 1:
        if time.monotonic() > deadline_s or any(worker.poll() is not None for worker in workers):
            raise TimeoutError("a worker did not begin")
        bench.load(1, form=form).publish()
        time.sleep(0.5)
    time.sleep(SETTLE_S)


def form_of(kind: str) -> Form:
    """Say in which form a worker gets its readings."""
    return "flat" if kind.startswith("mq-bridge") else "senml"


def forget(job: Job) -> None:
    """Remove a session, or the broker fills it for the rest of the run."""
    client = Client(CallbackAPIVersion.VERSION2, client_id=job.username, clean_session=True)
    client.username_pw_set(job.username, job.password)
    client.connect("127.0.0.1", job.port)
    while not client.is_connected():
        client.loop(0.1)
    client.disconnect()


def await_rows(bench: Bench, messages: int) -> float:
    """Wait until as many distinct rows are there, or nothing more comes; give the moment of the last change."""
    last_s, before = time.perf_counter(), 0
    device, value = (messages - 1) % DEVICES + 1, value_of(messages - 1)
    while time.perf_counter() - last_s < STILL_S:
        if bench.ask(IS_IN, device, value)[0] and bench.rows()[1] >= messages:
            return time.perf_counter()
        time.sleep(LOOK_S)
        if time.perf_counter() - last_s > STILL_S / 2:  # the last one may be lost, or overtaken
            now = bench.rows()[1]
            if now >= messages:
                return time.perf_counter()
            if now > before:
                last_s, before = time.perf_counter(), now
    return last_s


def cpu_s(worker: subprocess.Popen[bytes]) -> float:
    """Give the CPU time a process has used, in user and system mode, by all threads [s]."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_mb(worker: subprocess.Popen[bytes]) -> float:
    """Give the most memory a process has held so far [MB]."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def own_memory_mb(worker: subprocess.Popen[bytes]) -> float:
    """Give the memory of a process that is no file's: libraries that others share are left out [MB]."""
    status = Path(f"/proc/{worker.pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


def drain_once(bench: Bench, kind: str, count: int = 1, **changes: str) -> tuple[float, float, float]:
    """Freeze the workers, fill the broker, let them go: messages a second, CPU [µs a message], memory [MB]."""
    with waiting(bench, kind, count, **changes) as workers:
        for worker in workers:
            worker.send_signal(signal.SIGSTOP)
        before = sum(map(cpu_s, workers))
        bench.load(bench.messages, form=form_of(kind)).publish()
        begin = time.perf_counter()
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
        lasted_s = await_rows(bench, bench.messages) - begin
        used_s = sum(map(cpu_s, workers)) - before
        got = bench.rows()[1]
        if got < bench.messages:
            print(f"{kind}: {bench.messages - got:,} of {bench.messages:,} did not arrive", flush=True)
        return got / lasted_s, used_s / got * 1e6, max(map(memory_mb, workers))


def drain(bench: Bench) -> list[str]:
    """Drain the same backlog with each worker, ROUNDS times, and give the medians with their ratios."""
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in DRAINED}
    for _ in range(ROUNDS):
        for kind in DRAINED:
            one = drain_once(bench, kind)
            found[kind].append(one)
            print(f"{kind:<20} {one[0]:>9,.0f} messages/s {one[1]:>7.1f} µs CPU {one[2]:>6.0f} MB", flush=True)
    medians = {kind: np.median(np.array(rounds), axis=0) for kind, rounds in found.items()}
    ours = medians["linli"]
    lines = [f"draining {bench.messages:,} messages, medians of {ROUNDS}:"]
    for kind, (rate, cpu, memory) in medians.items():
        ratio = f"linli: {ours[0] / rate:5.2f} × as fast, {cpu / ours[1]:5.2f} × less CPU"
        lines.append(f"  {kind:<20} {rate:>9,.0f}/s {cpu:>7.1f} µs CPU a message {memory:>5.0f} MB   {ratio}")
    for kind, least in AS_FAST.items():
        times = ours[0] / medians[kind][0]
        lines.append(f"  goal: {least:g} × {kind}: {times:.2f} ×, {verdict(times >= least)}")
    lines.append(f"  goal: CPU of at most {CPU_US:g} µs a message: {ours[1]:.1f} µs, {verdict(ours[1] <= CPU_US)}")
    return lines


def verdict(is_met: bool) -> str:  # noqa: FBT001 - reads as a sentence
    """Say whether a goal is met."""
    return "met" if is_met else "NOT met"


def latency(bench: Bench) -> list[str]:
    """Publish at each rate for a while, and give the time from publishing to the end of the commit."""
    lines = ["published → committed:"]
    for rate, goal_ms in LATE_MS.items():
        with tempfile.NamedTemporaryFile(suffix=".npy") as notes:
            with waiting(bench, "clocked", notes=notes.name):
                begin = time.perf_counter()
                bench.load(rate * LATENCY_S, rate=rate).publish()
                lasted_s = time.perf_counter() - begin
                await_rows(bench, rate * LATENCY_S)
            waits = np.load(notes.name)[rate * WARM_S :] * 1_000
        middle, late, latest = np.percentile(waits, [50, 99, 100])
        lines.append(
            f"  {rate:>6,}/s (the publisher made {rate * LATENCY_S / lasted_s:,.0f}/s): p50 {middle:.1f} ms, "
            f"p99 {late:.1f} ms (goal {goal_ms} ms: {verdict(late <= goal_ms)}), the slowest {latest:.0f} ms, of {len(waits):,}"
        )
        print(lines[-1], flush=True)
    return lines


def kill(bench: Bench) -> list[str]:
    """Kill each worker in the middle, start it again, and count."""
    lines = [f"killed in the middle of {KILLED:,}:"]
    for kind in ("linli", "stock paho", "mq-bridge", "mq-bridge, COPY", "Node-RED by 500", "Node-RED by row"):
        bench.clear()
        job = bench.job()
        worker = bench.start(kind, job)
        await_answer(bench, form_of(kind), [worker])
        bench.clear()
        worker.send_signal(signal.SIGSTOP)
        bench.load(KILLED, form=form_of(kind)).publish()
        worker.send_signal(signal.SIGCONT)
        while not bench.rows()[1] > 0:
            time.sleep(LOOK_S)
        at = bench.rows()[1]
        worker.kill()
        worker.wait()
        worker = bench.start(kind, job)
        time.sleep(START_S / 10)
        await_rows(bench, KILLED)
        rows, distinct = bench.rows()
        end(worker)
        forget(job)
        lines.append(f"  {kind:<20} {KILLED - distinct:>7,} lost, {rows - distinct:>6,} twice (killed after {at:,})")
        print(lines[-1], flush=True)
    return lines


def memory(bench: Bench) -> list[str]:
    """Publish as fast as FAST for a while, and give the most memory each worker held."""
    lines = [f"memory at {FAST:,}/s for {FAST_S} s:"]
    for kind in ("linli", "mq-bridge", "Node-RED by 500"):
        with waiting(bench, kind) as (worker,):
            begin = time.perf_counter()
            bench.load(FAST * FAST_S, rate=FAST, form=form_of(kind)).publish()
            rate = FAST * FAST_S / (time.perf_counter() - begin)
            await_rows(bench, FAST * FAST_S)
            held, own = memory_mb(worker), own_memory_mb(worker)
            lines.append(
                f"  {kind:<20} {held:>5.0f} MB at most, {own:.0f} MB of it its own (the publisher made {rate:,.0f}/s)"
            )
            if kind == "linli":
                lines.append(f"  goal: {MEMORY_MB} MB: {verdict(held <= MEMORY_MB)}")
            print(lines[-1], flush=True)
    return lines


def share(bench: Bench) -> list[str]:
    """Drain with one worker and with two on a shared subscription."""
    lines = ["two workers on a shared subscription, medians:"]
    for kind in ("linli", "linli, reading only"):
        one, two = (
            np.median([drain_once(bench, kind, count, group="bench")[0] for _ in range(ROUNDS)]) for count in (1, 2)
        )
        lines.append(
            f"  {kind:<20} {one:>9,.0f}/s alone, {two:>9,.0f}/s with a second: {two / one:.2f} × (goal {SECOND} ×: {verdict(two / one >= SECOND)})"
        )
        print(lines[-1], flush=True)
    return lines
