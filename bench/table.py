"""One table of measurements: ours beside each peer, the ratio, the goal, and whether it is met."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

FORMAT = "{:<46}{:>20}  {:<36}{:>11}{:>13}  {:<22}{}"


def cpu_ms(work: Callable[[], object], rounds: int) -> float:
    """Give the median CPU time of `work` [ms]."""
    return in_turn({"it": work}, rounds)["it"]


def in_turn(engines: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the median CPU time of each [ms], measured in turn so that all have the same company."""
    spent: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, work in engines.items():
            start = time.process_time()
            work()
            spent[name].append((time.process_time() - start) * 1000)
    return {name: median(each) for name, each in spent.items()}


@dataclass(slots=True)
class Results:
    """Rows, printed as they come; counts the goals that are met."""

    met: int = 0
    goals: int = 0
    missed: list[str] = field(default_factory=list)

    def head(self, title: str) -> None:
        """Print the head of a part."""
        print(f"\n{title}")
        print(FORMAT.format("", "ours", "beside", "theirs", "ours/theirs", "goal", ""))

    def beside(self, what: str, ours_ms: float, who: str, theirs_ms: float, *, goal: float | None = None) -> None:
        """Print ours beside a peer; goal: the most that ours/theirs may be."""
        ratio = ours_ms / theirs_ms
        wanted = "" if goal is None else f"≤ {goal:.3g}"
        print(
            FORMAT.format(
                what, _shown(ours_ms), who, _shown(theirs_ms), f"{ratio:.4g}", wanted, self._said(what, ratio, goal)
            )
        )

    def alone(self, what: str, value: float, unit: str, *, goal: float | None = None, note: str = "") -> None:
        """Print a figure of ours without a peer; goal: the most that it may be."""
        wanted = "" if goal is None else f"≤ {goal:g} {unit}"
        print(FORMAT.format(what, f"{value:.3g} {unit}", note, "", "", wanted, self._said(what, value, goal)))

    def left_out(self, what: str, who: str, why: str) -> None:
        """Say what was not measured, and why."""
        print(f"{what:<46}{'':>20}  {who}: left out, {why}")

    def close(self) -> None:
        """Print how many goals are met."""
        print(f"\n{self.met} of {self.goals} goals met{'; not: ' + ', '.join(self.missed) if self.missed else ''}")

    def _said(self, what: str, value: float, goal: float | None) -> str:
        if goal is None:
            return ""
        self.goals += 1
        if value <= goal:
            self.met += 1
            return "met"
        self.missed.append(what)
        return "NOT MET"


def _shown(time_ms: float) -> str:
    return f"{time_ms / 1000:.2f} s" if time_ms >= 10_000 else f"{time_ms:.3g} ms"  # noqa: PLR2004
