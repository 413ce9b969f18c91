"""Load a file that was sent, in a process of its own: `python -m ingest.loaders.work`, its orders on standard input.

The process may take so much memory and computing and no more. It loads in one transaction, which also says that the job
is done. It ends when its standard input does, for then whoever started it is gone: nothing is half loaded.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec

from ingest.loaders import by_kind, lines
from ingest.loaders.by_kind import Wish
from ingest.loaders.chinese import in_chinese
from ingest.loaders.jobs import Orders
from ingest.loaders.receipt import Receipt, keep
from twin import db, imports, places
from twin.acting import acting
from twin.db import Engine
from twin.errors import NotFound, Refused
from twin.imports import ImportKind

__all__ = ["main", "said"]

MEMORY_BYTES = 6 * 2**30  # of addresses; Nominatim's extract of two continents takes 0.3 GB of memory
CPU_S = 900
GONE = 9  # exit code where whoever started this is gone


def main() -> None:
    """Read the orders, and do the job; refusals are written down in it."""
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    threading.Thread(target=_end_with_the_asker, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path = Path(orders.path)
    with db.opened(orders.url) as engine:
        try:
            _load(engine, orders, path)
        except (Refused, NotFound) as refusal:
            with engine.begin() as connection:
                imports.refused(connection, orders.job, lines.of_refusal(refusal, path))
        except MemoryError:
            told = {"en": "it takes more than 6 GB of memory to load", "zh": "导入所需内存超过 6 GB"}
            with engine.begin() as connection:
                imports.refused(connection, orders.job, [told])


def said(receipt: Receipt) -> dict[str, object]:
    """Give a receipt as it is kept and sent: its numbers, and its lines in both languages."""
    both = [{"en": line, "zh": in_chinese(line) or line} for line in (receipt.lines()[0], *receipt.notes)]
    return {
        **{name: value for name, value in asdict(receipt).items() if name not in ("rejected", "notes")},
        "unchanged": receipt.unchanged,
        "lines": both,
        "rejected": [
            {"row": row, "en": f"{row}: {reason}", "zh": in_chinese(f"{row}: {reason}") or f"{row}: {reason}"}
            for row, reason in receipt.rejected
        ],
    }


def _load(engine: Engine, orders: Orders, path: Path) -> None:
    with engine.begin() as connection:
        job = imports.begin(connection, orders.job)
    wish = Wish(ImportKind(job.kind), job.datum, job.partial, tuple(orders.suppressed))

    def progress(step: str) -> None:
        with engine.begin() as apart:  # seen at once, unlike what is loaded
            imports.step(apart, orders.job, step)

    with engine.begin() as connection:
        acting(connection, job.asked_by, f"import {job.id}: {job.kind} {job.file_name}")
        place = places.get(connection, orders.place)
        receipts: Sequence[Receipt] = by_kind.load(connection, path, place=place, wish=wish, progress=progress)
        keep(connection, job.kind, path, receipts)
        imports.done(connection, job.id, [said(receipt) for receipt in receipts])


def _end_with_the_asker() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(GONE)


if __name__ == "__main__":
    main()
