"""A connection that waits for an answer only so long.

A PostgreSQL that is frozen, or whose machine is, keeps its connections: the network is sound, and the server's own
time-outs do not run. Only the client can tell, by its clock.
"""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen

__all__ = ["patient"]

Found = TypeVar("Found")


def patient(seconds: float) -> type[psycopg.Connection[Any]]:
    """Make a kind of connection that gives an answer so long, then closes and raises psycopg.OperationalError."""

    class Patient(psycopg.Connection[Any]):
        def wait(self, gen: PQGen[Found], interval: float = 0.1, timeout: float | None = None) -> Found:
            try:
                return super().wait(gen, interval, seconds if timeout is None else timeout)
            except errors._WaitTimeout:  # noqa: SLF001  # psycopg has no public name for it
                self.pgconn.finish()  # or rolling back would wait as long again
                raise

    return Patient
