"""What a session subscribes to: the filters of the settings, those of the twin's mappings, and those nobody reads yet."""

from __future__ import annotations

from collections.abc import Sequence

from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.decoders import remembers
from ingest.settings import IngestSettings

__all__ = ["Filters", "Wanted", "covers"]

Wanted = list[tuple[str, SubscribeOptions]] | list[tuple[str, int]]


class Filters:
    """The filters of one session, each once: of one that another covers, the broker would send everything twice."""

    def __init__(self, settings: IngestSettings) -> None:
        self._settings = settings
        self._share = f"$share/{settings.group}/" if settings.group else ""
        self._beside = self._uncovered(())

    def all(self, *, is_first: bool) -> Wanted:
        """Give what is subscribed to after a connection; is_first: the first of this process."""
        own = [(one.filter, remembers(one.decoder)) for one in self._settings.subscriptions]
        return self._asked([*own, *((one, False) for one in self._beside)], is_first=is_first)

    def change(self, filters: Sequence[str]) -> tuple[Wanted, list[str]]:
        """Take these filters of mappings in the place of those before; give what is new, and what is not wanted now."""
        before, self._beside = self._beside, self._uncovered(filters)
        new = [(one, False) for one in self._beside if one not in before]
        return self._asked(new, is_first=False), [self._share + one for one in before if one not in self._beside]

    def _asked(self, filters: Sequence[tuple[str, bool]], *, is_first: bool) -> Wanted:
        if self._settings.broker.protocol == "3.1.1":
            return [(self._share + one, 1) for one, _ in filters]
        return [
            (self._share + one, SubscribeOptions(qos=1, retainHandling=_retained(is_first=is_first and remembered)))
            for one, remembered in filters
        ]

    def _uncovered(self, filters: Sequence[str]) -> list[str]:
        """Give these filters and those that nobody reads, without what is covered by another or by the settings."""
        own = [one.filter for one in self._settings.subscriptions]
        wanted = list(dict.fromkeys([*self._settings.unread, *filters]))
        return [
            one
            for one in wanted
            if not any(covers(other, one) for other in own)
            and not any(covers(other, one) for other in wanted if other != one)
        ]


def covers(wide: str, narrow: str) -> bool:
    """Tell whether every topic of one filter is of the other too."""
    wider, narrower = wide.split("/"), narrow.split("/")
    for position, level in enumerate(wider):
        if level == "#":
            return True
        if position >= len(narrower) or narrower[position] == "#" or level not in ("+", narrower[position]):
            return False
    return len(wider) == len(narrower)


def _retained(*, is_first: bool) -> int:
    """Say when the broker sends retained messages: when the subscription is new, else each reconnection brings all.

    A decoder that remembers what devices said of themselves begins each process without it.
    """
    return SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE if is_first else SubscribeOptions.RETAIN_SEND_IF_NEW_SUB
