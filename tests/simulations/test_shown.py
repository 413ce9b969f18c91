"""What the answers of Monaco lose by being added up from residents that may be shown."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from simulations.community import Community, assemble
from simulations.coverage import coverage
from simulations.ranking import rank, street_lifts
from twin import db, residents
from twin.terms import Service


@pytest.fixture(scope="module")
def counted(monaco_database: str, monaco: Community) -> Iterator[Community]:
    """Monaco with its residents as they are counted."""
    with db.opened(monaco_database) as engine, engine.connect() as connection:
        people = residents.load(connection, monaco.buildings)
        yield assemble(monaco.place, monaco.network, monaco.buildings, people, monaco.facilities)


def test_coverage_is_within_two_hundredths_of_the_people_asked_about(monaco: Community, counted: Community) -> None:
    for service in (Service.PHARMACY, Service.CLINIC, Service.SUPERMARKET):
        for group in monaco.groups():
            found, true = (coverage(town, (), service, group, limit_s=600) for town in (monaco, counted))
            wrong = abs(int(found.possible.sum()) - int(true.possible.sum()))
            assert wrong <= 0.02 * true.residents.sum()


def test_the_people_behind_a_lift_are_told_within_twenty(monaco: Community, counted: Community) -> None:
    told = {one.elements: one.total for one in rank(monaco, (), street_lifts(monaco))}
    true = {one.elements: one.total for one in rank(counted, (), street_lifts(counted))}
    wrong = np.array([told.get(lift, 0) - n for lift, n in true.items()])
    assert max(true.values()) > 1_000
    assert np.abs(wrong).max() <= 20
