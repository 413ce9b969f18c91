"""Everything a simulation asks about a place, as arrays, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from simulations import graph, mobility
from simulations.graph import Graph
from simulations.mobility import Mobility
from twin import buildings, effects, facilities, network, norms, places, residents
from twin.buildings import Buildings
from twin.db import Connection
from twin.effects import ElementStates
from twin.facilities import Facilities
from twin.history import revision_at
from twin.network import Network
from twin.norms import Norm
from twin.places import Place
from twin.residents import Residents, by_floor
from twin.terms import ElementKind, MobilityGroup, Service

SERVICES = tuple(Service)  # Facilities.service indexes it


@dataclass(frozen=True, slots=True, eq=False)
class Households:
    """The residents by floor: one row a floor of a building on which somebody lives.

    Of a band that is too few to be counted nobody is said to live on any floor, but somebody does on one: `lives` is
    true of all of them, so that what they lose is not overlooked.
    """

    building: NDArray[np.int32]  # (rows,) index into Buildings, ascending
    floor: NDArray[np.int16]  # (rows,) from 1, the ground floor
    people: NDArray[np.int32]  # (rows, bands)
    lives: NDArray[np.bool_]  # (rows, bands) somebody does, or may


@dataclass(frozen=True, slots=True, eq=False)
class Community:
    """A place for simulations. All arrays are read-only by agreement; states of elements live beside it."""

    place: Place
    network: Network
    buildings: Buildings
    residents: Residents
    facilities: Facilities
    households: Households
    graph: Graph
    mobility: Mobility
    norm: Norm
    times: Mapping[MobilityGroup, NDArray[np.int32]]  # arc times [ms] with everything open, (arcs,)

    def group_of(self, band: int) -> MobilityGroup:
        """Give the group that the band of this column walks as."""
        return mobility.walking_group(self.residents.bands[band])

    def bands_of(self, group: MobilityGroup) -> tuple[list[int], bool]:
        """Give the columns of the age bands a group stands for, and whether they are counted only "if needed".

        An age group stands for the bands that walk as it. Those in ASKED_OF_ALL, and an age group no band walks as, are
        asked of all residents: how many would be served if they moved so. Nobody's disability is known to linli.
        """
        columns = range(len(self.residents.bands))
        own = [] if group in ASKED_OF_ALL else [band for band in columns if self.group_of(band) is group]
        return (own, False) if own else (list(columns), True)

    def groups(self) -> tuple[MobilityGroup, ...]:
        """Give the groups worth holding: those that some band walks as, and those in ASKED_OF_ALL."""
        walked = {self.group_of(band) for band in range(len(self.residents.bands))}
        return tuple(group for group in MobilityGroup if group in walked or group in ASKED_OF_ALL)

    def services(self) -> tuple[Service, ...]:
        """Give the services that have a facility at all."""
        present = set(self.facilities.service.tolist())
        return tuple(service for code, service in enumerate(SERVICES) if code in present)

    def door_ms(self, node_m: NDArray[np.float64], group: MobilityGroup) -> NDArray[np.int32]:
        """Time from doors to their nodes [ms], 0 where there is no node; shape as given."""
        return np.rint(np.nan_to_num(node_m) / self.mobility.gaits[group].speed * 1000).astype(np.int32)


ASKED_OF_ALL = (MobilityGroup.FRAIL, MobilityGroup.WHEELCHAIR, MobilityGroup.PUSHCHAIR, MobilityGroup.BLIND)


def load(connection: Connection, code: str | None = None, at: datetime | None = None) -> Community:
    """Read a place, the only one where no code is given, as it is or was at a moment; raises NotFound.

    Its residents are those that may be shown, so that whatever is computed of them may be shown too.
    """
    revision = None if at is None else revision_at(connection, at)
    place = places.get(connection, code, revision)
    streets = network.load(connection, place.id, revision)
    states = effects.element_states(connection, place.id, at, revision)
    houses = _with_watched_lifts(buildings.load(connection, streets, revision), states)
    people = residents.load_shown(connection, place.id, houses, revision)
    return assemble(place, streets, houses, people, facilities.load(connection, streets, revision))


def assemble(place: Place, streets: Network, houses: Buildings, people: Residents, services: Facilities) -> Community:
    """Put a community together from what the twin holds, with the mobility and the norm of this installation."""
    moving = mobility.load()
    return Community(
        place=place,
        network=streets,
        buildings=houses,
        residents=people,
        facilities=services,
        households=_households(houses, people),
        graph=graph.build(len(streets.node_ids), streets.tail, streets.head),
        mobility=moving,
        norm=norms.load(),
        times={group: mobility.arc_times(streets, group, moving) for group in MobilityGroup},
    )


def _with_watched_lifts(houses: Buildings, states: ElementStates) -> Buildings:
    """Take it for known that a building has a lift where a sensor watches one."""
    watched = [state.element_id for state in states if state.element_kind is ElementKind.BUILDING_LIFT]
    return replace(houses, lift=np.where(np.isin(houses.ids, watched), 1, houses.lift).astype(np.int8))


def _households(houses: Buildings, people: Residents) -> Households:
    """Spread each building's residents over its floors."""
    lived_in = np.flatnonzero(people.lives.any(axis=1))
    split = [by_floor(people.counts[at] // people.units, int(houses.floors[at])) for at in lived_in.tolist()]
    bands = len(people.bands)
    counts = np.concatenate(split) * people.units if split else np.zeros((0, bands), np.int64)
    building = np.repeat(lived_in, [len(rows) for rows in split])
    floor = np.concatenate([np.arange(1, len(rows) + 1) for rows in split]) if split else np.zeros(0)
    lives = (counts > 0) | (people.lives & (people.counts == 0))[building]
    kept = lives.any(axis=1)
    return Households(
        building[kept].astype(np.int32), floor[kept].astype(np.int16), counts[kept].astype(np.int32), lives[kept]
    )
