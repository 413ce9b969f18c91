"""Fields that are kept from one what-if to the next: each begins where the last one ended, and only repairs."""

from __future__ import annotations

from collections.abc import Sequence

from simulations.choices import Choices
from simulations.community import Community
from simulations.live import Track
from simulations.states import Element
from twin.terms import MobilityGroup, Service

__all__ = ["MOST_BYTES", "Tracks"]

MOST_BYTES = 1 << 28  # kept at most; a track beyond that is made for one question and dropped
PER_NODE, PER_SLOT = 12, 8  # bytes, of a service's field and of a group's links


class Tracks:
    """The tracks of one community, by group and by whether the unknown is taken as closed; for one thread at a time.

    The same services are asked of every time: all that the community has.
    """

    def __init__(self, community: Community) -> None:
        self.community = community
        self._kept: dict[tuple[MobilityGroup, bool], Track] = {}
        self._choices: dict[MobilityGroup, Choices] = {}
        graph = community.graph
        self._each = PER_NODE * graph.nodes * len(community.services()) + PER_SLOT * len(graph.arc)

    def at(
        self, group: MobilityGroup, services: Sequence[Service], closed: frozenset[Element], *, unknown_closed: bool
    ) -> Track:
        """Give a track on which exactly these elements are closed, with these services among its own."""
        kept = self._kept.get((group, unknown_closed))
        if kept is not None:
            kept.move(closed)
            return kept
        if (len(self._kept) + 1) * self._each > MOST_BYTES:
            return Track(self.community, group, services, closed)
        made = self._kept[group, unknown_closed] = Track(self.community, group, self.community.services(), closed)
        return made

    def choices(self, group: MobilityGroup, closed: frozenset[Element]) -> Choices:
        """Give the choices within the norm of a group with exactly these elements closed; the unknown is as open."""
        if group in self._choices:
            self._choices[group].move(closed)
        else:
            limits = self.community.norm.limits
            limits_s = {service: limits[service].limit_s for service in self.community.services()}
            self._choices[group] = Choices(self.community, group, limits_s, closed)
        return self._choices[group]
