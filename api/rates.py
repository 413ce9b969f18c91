"""How often somebody may ask: a bucket each that fills evenly through the minute."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KNOWN = 10_000  # whoever was not heard of for longest is forgotten: their bucket would be full again


class Rates:
    """Count what each asks; in one process, without a lock: it is asked in the event loop alone."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self.clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # name: what is left, as of when

    def take(self, name: str) -> bool:
        """Tell whether this one may ask now, and count it."""
        now = self.clock()
        left, then = self._left.pop(name, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - then) * self.per_minute / 60)
        may = left >= 1
        self._left[name] = (left - 1 if may else left, now)
        if len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        return may
