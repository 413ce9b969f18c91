"""What an import says when it is done: what was read, what it changed, what it refused and why."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 20  # refused rows that are printed; the receipt holds them all


@dataclass(frozen=True, slots=True)
class Receipt:
    """The outcome of loading one file: read = added + changed + unchanged + rejected rows."""

    read: int
    added: int
    changed: int
    unchanged: int
    rejected: tuple[tuple[int, str], ...] = ()  # row in the file as an editor numbers it, reason

    def lines(self) -> list[str]:
        """Write the receipt for a person, one fact a line."""
        counts = (
            f"{self.read} read: {self.added} added, {self.changed} changed, {self.unchanged} unchanged, "
            f"{len(self.rejected)} rejected"
        )
        shown = [f"row {row}: {reason}" for row, reason in self.rejected[:SHOWN]]
        more = len(self.rejected) - SHOWN
        return [counts, *shown, *([f"and {more} more"] if more > 0 else [])]
