"""Whatever is asked, the answer names what it rests on: place, network, norm and version, certainty, and whose pace it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from simulations import questions
from simulations.asking import Asked
from simulations.community import Community
from twin.db import engine

ASKED: Mapping[str, bytes] = {
    "coverage": b'{"services": ["clinic"], "groups": ["adult", "wheelchair"]}',
    "failures": b'{"most": 3}',
    "shelters": b'{"services": ["canteen"], "each": 0.1}',
    "audit": b'{"services": ["clinic"], "mends": 0, "most": 3}',
    "capacity": b'{"services": ["canteen"], "groups": ["75-84"]}',
    "siting": b'{"service": "clinic", "new": 1, "seconds": 5}',
    "scenario": b'{"services": ["clinic"], "groups": ["adult"], "edits": [{"edit": "close", "element": "facility#1"}]}',
    "front": b'{"service": "clinic", "new": 1, "seconds": 5}',
}
APART = {"outages"}  # needs lifts that were heard of: tests/api/test_simulations.py


@pytest.fixture(scope="module")
def asked(monaco: Community, monaco_database: str) -> Iterator[Asked]:
    database = engine(monaco_database)
    with database.connect() as connection:
        yield Asked(connection, monaco, ())
    database.dispose()


def rows(found: Any) -> Iterator[dict[str, Any]]:
    """Give every part of an answer that is about a service."""
    if isinstance(found, dict):
        if isinstance(found.get("service"), str):
            yield found
        for value in found.values():
            yield from rows(value)
    elif isinstance(found, list):
        for value in found:
            yield from rows(value)


def test_every_question_is_asked_here() -> None:
    assert set(ASKED) | APART == set(questions.QUESTIONS)


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_names_its_place_network_norm_and_certainty_and_each_row_its_group(asked: Asked, name: str) -> None:
    found = questions.ask(asked, name, questions.read(name, ASKED[name]))
    community = asked.community
    assert (found["place"], found["network_version"]) == (community.place.code, community.place.network_version)
    assert (found["norm"]["id"], found["norm"]["version"]) == (community.norm.id, community.norm.version)
    certainty = found["certainty"]  # of each service; the front is of one
    assert ({certainty} if isinstance(certainty, str) else set(certainty.values())) <= {"V1", "V2", "recalled", "A"}
    assert set(found["walks_as"]) == set(community.residents.bands)
    assert {"at", "closed", "unknown", "slower"} <= set(found)
    told = list(rows(found))
    assert told or name in {"failures", "shelters"}
    for row in told:
        assert "group" in row or "group" in found, row  # the audit is of one group, named once
        assert row.get("norm", found["norm"])["version"] == community.norm.version
    assert msgspec.json.decode(msgspec.json.encode(found)) is not None  # plain data: it can be kept and sent
