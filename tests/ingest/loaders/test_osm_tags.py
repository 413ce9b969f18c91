"""Tags are read by the table."""

from __future__ import annotations

from ingest.loaders.osm_tags import floors, levels, map_class, metres, services, table
from twin.terms import Service


def test_every_service_has_tags() -> None:
    assert set(table()["facilities"]) == {service.value for service in Service}


def test_a_facility_is_known_by_its_tags() -> None:
    assert services({"amenity": "pharmacy"}) == [Service.PHARMACY]
    assert services({"amenity": "social_facility", "social_facility:for": "senior"}) == [Service.ELDER_DAY_CARE]
    assert services({"amenity": "social_facility"}) == []
    assert services({"leisure": "garden"}) == []
    assert services({"amenity": "clinic", "healthcare": "hospital"}) == [Service.CLINIC, Service.HOSPITAL]


def test_levels_may_be_several_and_ranges() -> None:
    assert levels("14;0") == (0.0, 14.0)
    assert levels("-1-2") == (-1.0, 0.0, 1.0, 2.0)
    assert levels("0.5") == (0.5,)
    assert levels("G") == levels(None) == ()


def test_lengths_have_units() -> None:
    assert [metres(text) for text in ("1.5", "1,5 m", "150 cm", "0", "wide", None)] == [1.5, 1.5, 1.5, None, None, None]


def test_half_floors_count_up() -> None:
    assert [floors(text) for text in ("3", "2.5", "0", "-1", "many", "1000", None)] == [
        3,
        3,
        None,
        None,
        None,
        None,
        None,
    ]


def test_the_first_class_that_matches_is_drawn() -> None:
    assert map_class({"natural": "water", "water": "river"}, "water") == "river"
    assert map_class({"natural": "water"}, "water") == "lake"
    assert map_class({"highway": "proposed"}, "street") is None
