"""Fuzz the decoders, two at a time and at the lowest priority: `python -m tests.fuzz [SECONDS] [NAME ...]`.

Prints how many inputs each decoder was given, and ends with 1 where one crashed; the input is kept in the folder.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from ingest.decoders import names

SECONDS = 600
TOGETHER = 2
LOWEST = 19
TOLD = 40  # lines of a crash


def main() -> None:
    """Fuzz the named decoders, or all."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    os.nice(LOWEST)
    with ThreadPoolExecutor(TOGETHER) as pool:
        crashed = list(pool.map(lambda name: fuzz(name, seconds), sys.argv[2:] or names()))
    sys.exit(any(crashed))


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one decoder, say what came of it, and tell whether it crashed."""
    argv = [sys.executable, "-m", "tests.fuzz.decoder", name, str(seconds)]
    ended = subprocess.run(argv, capture_output=True, text=True, errors="replace", check=False)
    inputs = re.search(r"number_of_executed_units: (\d+)", ended.stderr)
    count = int(inputs[1]) if inputs else 0
    lines = [f"{name:<16} {seconds:>4} s {count:>10,} inputs, ended with {ended.returncode}"]
    if ended.returncode:
        lines += (ended.stdout + ended.stderr).splitlines()[-TOLD:]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    return ended.returncode != 0


if __name__ == "__main__":
    main()
