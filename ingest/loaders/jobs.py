"""Work through files that were sent, one after the other, each in a process of its own."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from twin import db, imports
from twin.db import UNAVAILABLE, Connection

__all__ = ["Jobs", "Orders"]

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]


class Orders(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to load: the database, the job in it, the file, and the place's code."""

    url: str
    job: int
    path: str
    place: str
    suppressed: list[str]


class Jobs:
    """The jobs of this process. It holds their locks: when it goes, they count as interrupted."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="imports")
        self._stopping = threading.Event()
        self._running: subprocess.Popen[bytes] | None = None
        self._engine = db.engine(database_url)
        self._holder: Connection | None = None
        self._guard = threading.Lock()

    def hold(self, job_id: int) -> None:
        """Hold a job as this process's: do it before anybody can see the job."""
        with self._guard:
            if self._holder is None:
                self._holder = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            imports.hold(self._holder, job_id)

    def take(self, job_id: int, folder: Path, file: Path, *, place: str, suppressed: tuple[str, ...] = ()) -> None:
        """Work on a job that is held and written down: its file in a folder of its own, which goes at the end."""
        orders = Orders(self._url, job_id, str(file), place, list(suppressed))
        self._worker.submit(self._work, orders, folder)

    def stop(self) -> None:
        """End: the job that runs is cut short, those that wait are not begun."""
        self._stopping.set()
        running = self._running
        if running is not None:
            running.kill()
        self._worker.shutdown(wait=True)
        with self._guard:
            if self._holder is not None:
                self._holder.close()
        self._engine.dispose()

    def _work(self, orders: Orders, folder: Path) -> None:
        try:
            if not self._stopping.is_set():
                self._run(orders)
            self._end(orders.job)
        except UNAVAILABLE:
            log.warning("import %d: the database does not answer", orders.job)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run(self, orders: Orders) -> None:
        command = [sys.executable, "-P", "-m", "ingest.loaders.work"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
            self._running = process
            assert process.stdin is not None
            try:
                process.stdin.write(msgspec.json.encode(orders) + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                log.warning("import %d: its process ended at once", orders.job)
            # standard input stays open: the process ends with it
            if process.wait() != 0:
                log.warning("import %d: its process ended with %d", orders.job, process.returncode)
            self._running = None

    def _end(self, job_id: int) -> None:
        """Write down that a job was cut short where it says nothing of its end, and let go of it."""
        with self._engine.begin() as connection:
            imports.interrupted(connection, job_id)
        with self._guard:
            if self._holder is not None:
                imports.release(self._holder, job_id)
