"""What a fuzzer begins with: the golden messages of a format, and its topics."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from ingest.decoders import Decode, find

__all__ = ["OWN_TOPIC", "SEPARATOR", "decoder", "seeds", "topics"]

GOLDEN = Path(__file__).parents[1] / "golden"
MAPPING = Path(__file__).with_name("mapping.toml")
SEPARATOR = b"\xff\xfe\xfd"
OWN_TOPIC = 255  # the first byte of a message that brings its topic
TOGETHER = 4  # messages of one seed
MAPPED = (
    b'\x00{"points":[{"ts":"2026-11-24T08:00:00Z","v":[1.5],"u":"cm","state":"OPEN"}]}',
    b'\x00{"points":[{"ts":1795507200,"v":["1"]},{"ts":"20261124T080000Z","state":"CLOSED"}]}',
)


def decoder(name: str) -> Decode:
    """Give a decoder that has heard nothing; `mapped` reads by MAPPING."""
    return find(name, MAPPING if name == "mapped" else None)


@cache
def topics(name: str) -> list[str]:
    """Give the topics of the golden messages; the mapping's for `mapped`."""
    if name == "mapped":
        topic = tomllib.loads(MAPPING.read_text(encoding="utf-8"))["topic"]
        return [re.sub(r"\{.*?\}", "d", topic)]
    return sorted({message["topic"] for message in _golden(name)})


def seeds(name: str) -> list[bytes]:
    """Give each golden message alone, and each run of TOGETHER of them, as the fuzzer writes them."""
    if name == "mapped":
        return list(MAPPED)
    each = [bytes([topics(name).index(message["topic"])]) + _payload(message) for message in _golden(name)]
    runs = [SEPARATOR.join(each[first : first + TOGETHER]) for first in range(len(each))]
    return each + runs


def _golden(name: str) -> list[dict[str, Any]]:
    text = (GOLDEN / name / "messages.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["message"]
    return found


def _payload(message: dict[str, Any]) -> bytes:
    return bytes.fromhex(message["hex"]) if "hex" in message else str(message["payload"]).encode()
