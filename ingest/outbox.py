"""What the twin has not confirmed yet: kept in a file over a crash and a power cut, or in memory."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from twin.errors import Refused

__all__ = ["Kept", "Outbox"]

TABLES = """
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS secret (word TEXT NOT NULL);
"""
WORD_BYTES = 12  # of the secret: nobody else can say the words that confirm our messages


class Kept(NamedTuple):
    """A message that waits; `word` is what its receipt will say."""

    number: int
    topic: str
    payload: bytes
    word: bytes


class Outbox:
    """Messages in the order in which they came, until they are confirmed. One thread at a time may use it.

    Raises Refused where the file cannot be opened or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        try:
            self._file = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = FULL")  # what is kept survives a power cut
            self._file.executescript(TABLES)
        except sqlite3.Error as error:
            raise Refused(f"no outbox at {path}: {error}") from None
        self._secret = self._draw_secret()
        self._count = int(self._file.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def __len__(self) -> int:
        """Say how many wait."""
        return self._count

    def keep(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Put messages in; they are on the disk when this returns."""
        rows = list(messages)
        self._write("INSERT INTO waiting (topic, payload) VALUES (?, ?)", rows)
        self._count += len(rows)

    def after(self, number: int, most: int) -> list[Kept]:
        """Give the oldest messages with higher numbers, at most so many."""
        query = "SELECT number, topic, payload FROM waiting WHERE number > ? ORDER BY number LIMIT ?"
        rows = self._file.execute(query, (number, most))
        return [Kept(found, topic, payload, self._word(found)) for found, topic, payload in rows]

    def find(self, numbers: Iterable[int]) -> list[Kept]:
        """Give these messages, where they wait still."""
        found = []
        for number in numbers:
            row = self._file.execute("SELECT topic, payload FROM waiting WHERE number = ?", (number,)).fetchone()
            found += [] if row is None else [Kept(number, row[0], row[1], self._word(number))]
        return found

    def confirm(self, words: Iterable[bytes]) -> list[int]:
        """Let go of what these words of a receipt are of, and give the numbers; a stranger's words do nothing."""
        prefix = f"{self._secret}-".encode()
        said = [word.removeprefix(prefix) for word in words if word.startswith(prefix)]
        numbers = [int(one) for one in said if one.isdigit()]
        before = self._file.total_changes
        self._write("DELETE FROM waiting WHERE number = ?", [(number,) for number in numbers])
        self._count -= self._file.total_changes - before
        return numbers

    def close(self) -> None:
        """Close the file; what waits stays in it."""
        self._file.close()

    def _word(self, number: int) -> bytes:
        return f"{self._secret}-{number}".encode()

    def _draw_secret(self) -> str:
        row = self._file.execute("SELECT word FROM secret").fetchone()
        if row is None:
            row = (secrets.token_urlsafe(WORD_BYTES),)
            self._file.execute("INSERT INTO secret VALUES (?)", row)
        return str(row[0])

    def _write(
        self, statement: str, rows: list[tuple[object, ...]] | list[tuple[str, bytes]] | list[tuple[int]]
    ) -> None:
        try:
            self._file.execute("BEGIN")
            self._file.executemany(statement, rows)
            self._file.execute("COMMIT")
        except sqlite3.Error as error:
            raise Refused(f"the outbox {self._path or 'in memory'} cannot be written: {error}") from None
