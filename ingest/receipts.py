"""Receipts: linli tells who published a message that it is in the database. A broker's PUBACK does not say so.

A publisher that wants receipts gives its MQTT 5 messages a response topic, `linli/v1/NAME/ack`, and as correlation data a
word of its own. When the message is settled (stored, a duplicate, or set aside with its reason), the word comes on that
topic, one to a line. What brings no receipt in time is sent again: it is stored once, however often it comes.
Source: MQTT 5.0, 3.3.2.3.5 and 3.3.2.3.6. The word is the publisher's secret, or another could vouch for its messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ingest.commands import Command

__all__ = ["Wanted", "read", "receipts", "topic_of", "wanted"]

TOPIC = re.compile(r"linli/v1/[^/+#]+/ack")
WORD = re.compile(rb"[!-~]{1,64}")
LONGEST = 4_096  # bytes of a receipt: small devices have small buffers


class Wanted(NamedTuple):
    """Where a receipt goes, and the word that says which message it is of."""

    topic: str
    word: bytes


def topic_of(name: str) -> str:
    """Give the topic on which an account of the broker hears its receipts, and no other can read."""
    return f"linli/v1/{name}/ack"


def wanted(topic: str | None, word: bytes | None) -> Wanted | None:
    """Read what a message says of its receipt; None where it wants none, or one that linli does not give."""
    if topic is None or word is None or not TOPIC.fullmatch(topic) or not WORD.fullmatch(word):
        return None
    return Wanted(topic, word)


def receipts(settled: Iterable[Wanted | None]) -> list[Command]:
    """Write the receipts of settled messages: few messages, of many words each."""
    words: dict[str, list[bytes]] = {}
    for one in settled:
        if one is not None:
            words.setdefault(one.topic, []).append(one.word)
    return [Command(topic, payload) for topic, mine in words.items() for payload in _joined(mine)]


def read(payload: bytes) -> list[bytes]:
    """Give the words of a receipt."""
    return payload.split(b"\n")


def _joined(words: list[bytes]) -> list[bytes]:
    pieces, size = [[words[0]]], len(words[0])
    for word in words[1:]:
        size += len(word) + 1
        if size > LONGEST:
            pieces.append([])
            size = len(word)
        pieces[-1].append(word)
    return [b"\n".join(piece) for piece in pieces]
