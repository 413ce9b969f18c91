"""Feed one decoder what a fuzzer makes up, guided by the lines it reaches: it gives readings or Unreadable, nothing else.

    python -m tests.fuzz.decoder NAME [SECONDS] [CRASH_FILE]

An input is some messages, so that a decoder that remembers is tried on births and what follows them: each piece between
SEPARATORs is a message, whose first byte chooses one of the format's topics, or a topic of its own up to a line's end.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from typing import Any

NOW_US = 1_795_507_200_000_000
LONGEST = 65_536  # bytes of an input
SLOWEST_S = 10
MEMORY_MB = 1_024
MESSAGES = 8  # of one input

# not in the locks: only who fuzzes needs it
atheris: Any = importlib.import_module("atheris")

with atheris.instrument_imports(include=["ingest"]):
    from ingest.quarantine import Unreadable
    from tests.fuzz.mutations import mutated
    from tests.fuzz.seeds import OWN_TOPIC, SEPARATOR, decoder, seeds, topics
    from twin.terms import Reading


def main() -> None:
    """Fuzz until the time is over; a crash ends the process and leaves its input in crash-NAME-…."""
    name = sys.argv[1]
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    known = topics(name)
    with atheris.instrument_imports(include=["ingest"]):
        decoder(name)  # loads its module

    def one_input(data: bytes) -> None:
        decode = decoder(name)
        for piece in data.split(SEPARATOR)[:MESSAGES]:
            topic, payload = _message(piece, known)
            try:
                readings = decode(topic, payload, NOW_US)
            except Unreadable:
                continue
            for reading in readings:
                _check(reading)

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds(name)):
            (Path(corpus) / str(number)).write_bytes(seed)
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-timeout={SLOWEST_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix=crash-{name}-",
            "-print_final_stats=1",
            "-verbosity=1",
        ]
        arguments = [sys.argv[0], *options, *(sys.argv[3:] or [corpus])]
        atheris.Setup(arguments, one_input, custom_mutator=mutated)
        atheris.Fuzz()


def _message(piece: bytes, known: list[str]) -> tuple[str, bytes]:
    if not piece:
        return known[0], b""
    if piece[0] == OWN_TOPIC:
        topic, _, payload = piece[1:].partition(b"\n")
        return topic.decode("utf-8", "backslashreplace"), payload
    return known[piece[0] % len(known)], piece[1:]


def _check(reading: Reading) -> None:
    """Hold a reading to its types: what comes after relies on them."""
    parts = (reading.thing_key, reading.property, reading.time_us, reading.value)
    if [type(part) for part in parts] != [str, str, int, float] or not isinstance(reading.unit, str | None):
        raise TypeError(f"not a reading: {reading!r}")


if __name__ == "__main__":
    main()
