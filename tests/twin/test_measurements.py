"""What an auditor measures becomes so in the twin, by name and for good; what cannot be measured is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from deploy.services import Services
from tests.conftest import _copied
from tests.twin.test_photos import camera
from twin import db, measurable, measurements, photos, places, roles
from twin.db import Connection, Engine
from twin.errors import Forbidden, NotFound, Refused
from twin.measurements import Measured
from twin.roles import Role, Who

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AUDITOR = Who("Li Wei", Role.AUDITOR, 7)


@pytest.fixture(scope="module")
def engine(services: Services, monaco_template: str) -> Iterator[Engine]:
    """One database for all tests, each of which rolls back."""
    with _copied(services, monaco_template) as url:
        engine = roles.guard(db.engine(url))
        yield engine
        engine.dispose()


@pytest.fixture
def auditor(engine: Engine) -> Iterator[Connection]:
    """A transaction of an auditor, as the interfaces open it."""
    with roles.asking(AUDITOR), engine.connect() as connection, connection.begin() as begun:
        yield connection
        begun.rollback()


def path(connection: Connection, where: str = "kind = 'path'") -> Any:
    return connection.execute(sa.text(f"SELECT * FROM network_edge WHERE {where} ORDER BY id LIMIT 1")).one()


def measured(connection: Connection, edge: Any, kind: str, at: datetime = NOON, **said: Any) -> int:
    place = places.get(connection).id
    return measurements.put(connection, place, Measured(f"edge:{edge.source_id}", kind, at, **said))


def test_a_width_in_centimetres_becomes_the_edges_in_the_auditors_name(auditor: Connection) -> None:
    before, edge = places.get(auditor), path(auditor)
    photo = photos.draw(camera())
    photos.put(auditor, photo)
    measured(auditor, edge, "width", value=84, unit="cm", note=" beside the hydrant ", photo=photo.hash)
    after = path(auditor, f"id = {edge.id}")
    assert (after.width_m, after.by_hand) == (0.84, ["width_m"])
    assert places.get(auditor).network_version == before.network_version + 1
    (kept,) = measurements.kept(auditor, before.id, [f"edge:{edge.source_id}"])
    assert (kept.value, kept.unit, kept.measured_by, kept.note) == (0.84, "m", "Li Wei", "beside the hydrant")
    assert (kept.element_id, kept.photo, kept.is_in_twin, kept.measured_at) == (edge.id, photo.hash, True, NOON)
    assert photos.content(auditor, photo.hash) == photo.content
    revision = auditor.execute(
        sa.text("SELECT actor FROM revision WHERE id = :id"), {"id": after.revision}
    ).scalar_one()
    assert revision == "Li Wei"
    past = auditor.execute(sa.text("SELECT width_m FROM network_edge_past WHERE id = :id"), {"id": edge.id}).one()
    assert past.width_m == edge.width_m


@pytest.mark.parametrize(
    ("kind", "said", "column", "value"),
    [
        ("kerb_height", {"value": 0, "unit": "cm"}, "kerb", "flush"),
        ("kerb_height", {"value": 30, "unit": "mm"}, "kerb", "lowered"),
        ("kerb_height", {"value": 0.12, "unit": "m"}, "kerb", "raised"),
        ("surface", {"word": "gravel"}, "surface", "gravel"),
        ("barrier", {"word": "turnstile"}, "barrier", "turnstile"),
        ("barrier", {"word": "none"}, "barrier", None),
    ],
)
def test_each_kind_is_written_as_the_network_says_it(
    auditor: Connection, kind: str, said: dict[str, Any], column: str, value: Any
) -> None:
    edge = path(auditor)
    measured(auditor, edge, kind, **said)
    assert getattr(path(auditor, f"id = {edge.id}"), column) == value


def test_a_gradient_keeps_the_direction_that_the_height_model_knows(auditor: Connection) -> None:
    auditor.execute(sa.text("RESET ROLE"))
    auditor.execute(
        sa.text(
            "UPDATE network_edge SET elevation_incline = -0.02, elevation_error = 0.01, incline = NULL WHERE kind = 'path'"
        )
    )
    edge = path(auditor)
    measured(auditor, edge, "gradient", value=12, unit="1:n")
    assert path(auditor, f"id = {edge.id}").incline == -0.0833
    flat = path(auditor, "kind = 'street' AND incline IS NULL AND elevation_incline IS NULL")
    measured(auditor, flat, "gradient", value=6.5, unit="%")
    assert path(auditor, f"id = {flat.id}").incline == 0.065


def test_what_was_measured_before_and_written_later_is_history(auditor: Connection) -> None:
    edge = path(auditor)
    measured(auditor, edge, "width", value=1.5, unit="m")
    measured(auditor, edge, "width", NOON - timedelta(days=3), value=0.7, unit="m")
    assert path(auditor, f"id = {edge.id}").width_m == 1.5
    newest, oldest = measurements.kept(auditor, places.get(auditor).id)
    assert [(one.value, one.is_in_twin) for one in (newest, oldest)] == [(1.5, True), (0.7, False)]


def test_an_entrance_and_a_lift_are_measured_too(auditor: Connection) -> None:
    place = places.get(auditor).id
    shop = auditor.execute(sa.text("SELECT source_id FROM facility LIMIT 1")).scalar_one()
    house = auditor.execute(sa.text("SELECT source_id FROM building WHERE lift IS NULL LIMIT 1")).scalar_one()
    measurements.put(auditor, place, Measured(f"facility:{shop}", "entrance_steps", NOON, value=2, unit="1"))
    measurements.put(auditor, place, Measured(f"building:{house}", "lift_present", NOON, word="yes"))
    steps = auditor.execute(sa.text("SELECT step_free FROM facility WHERE source_id = :s"), {"s": shop}).scalars().all()
    lift = auditor.execute(sa.text("SELECT lift FROM building WHERE source_id = :s"), {"s": house}).scalar_one()
    assert (set(steps), lift) == ({False}, True)
    handrail = path(auditor, "kind = 'steps'")
    measured(auditor, handrail, "handrail", word="one")
    assert [one.is_in_twin for one in measurements.kept(auditor, place, [f"edge:{handrail.source_id}"])] == [False]


@pytest.mark.parametrize(
    ("kind", "said", "why"),
    [
        ("colour", {"word": "red"}, "no measurement is called 'colour'"),
        ("width", {"value": 84, "unit": "inch"}, "width is in cm, m, mm"),
        ("width", {"value": 84, "unit": "m"}, "width is from 0.1 to 50 m"),
        ("width", {"word": "wide"}, "width is a number"),
        ("surface", {"word": "lava"}, "surface is one of asphalt"),
        ("step_count", {"value": 3, "unit": "1"}, "that is not measured of path"),
        ("gradient", {"value": 0, "unit": "1:n"}, "gradient is from 0 to 0.6"),
        ("entrance_steps", {"value": 1, "unit": "1"}, "entrance_steps is measured of a facility"),
        ("width", {"value": 1, "unit": "m", "note": "x" * 501}, "the note is longer"),
        ("width", {"value": 1, "unit": "m", "at": datetime.now(UTC) + timedelta(hours=1)}, "not in the future"),
    ],
)
def test_what_cannot_be_measured_is_refused(auditor: Connection, kind: str, said: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        measured(auditor, path(auditor), kind, **said)


def test_an_element_of_elsewhere_is_not_found(auditor: Connection) -> None:
    with pytest.raises(NotFound, match="no edge 'nowhere'"):
        measurements.put(auditor, places.get(auditor).id, Measured("edge:nowhere", "width", NOON, value=1, unit="m"))


def test_a_photo_with_somebody_on_it_is_taken_away_and_its_measurement_stays(auditor: Connection) -> None:
    photo = photos.draw(camera())
    photos.put(auditor, photo)
    measured(auditor, path(auditor), "width", value=1, unit="m", photo=photo.hash)
    photos.remove(auditor, photo.hash)
    with pytest.raises(NotFound):
        photos.content(auditor, photo.hash)
    with pytest.raises(NotFound):
        photos.remove(auditor, photo.hash)
    (kept,) = measurements.kept(auditor, places.get(auditor).id)
    assert (kept.value, kept.photo) == (1.0, None)


def test_an_auditor_changes_the_network_by_measurements_alone(engine: Engine) -> None:
    for statement in (
        "UPDATE network_edge SET width_m = 9",
        "DELETE FROM measurement",
        "UPDATE measurement SET value = 9",
        "INSERT INTO photo (hash, media_type, width, height) VALUES (repeat('0', 64), 'x', 1, 1)",
        "SELECT measurement_put(1, 'edge', 'x', 'width', 1, NULL, 'm', now(), '', NULL, 'name', 'x')",
    ):
        with roles.asking(AUDITOR), engine.connect() as connection, pytest.raises((Forbidden, sa.exc.DatabaseError)):
            connection.execute(sa.text(statement))


def test_residents_and_grid_workers_neither_measure_nor_see_photos(engine: Engine) -> None:
    for role in (Role.PUBLIC, Role.GRID_WORKER):
        with roles.asking(Who("x", role)), engine.connect() as connection, pytest.raises(Forbidden):
            connection.execute(sa.text("SELECT content FROM photo"))
        with roles.asking(Who("x", role)), engine.connect() as connection, pytest.raises(Forbidden):
            measured(connection, path(connection), "width", value=1, unit="m")


def test_elements_are_found_near_a_spot_and_by_name(auditor: Connection) -> None:
    place = places.get(auditor).id
    edge = path(auditor, "name IS NOT NULL AND kind = 'street'")
    lon, lat = auditor.execute(
        sa.text("SELECT ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom)) FROM network_edge WHERE id = :id"),
        {"id": edge.id},
    ).one()
    near = measurable.near(auditor, place, lon, lat)
    assert f"edge:{edge.source_id}" in [one.element for one in near]
    distances = [one.metres or 0 for one in near]
    assert distances == sorted(distances)
    assert max(distances) <= measurable.FARTHEST_M
    assert measurable.near(auditor, place, 0.0, 0.0) == []
    assert edge.name in {one.name for one in measurable.named(auditor, place, edge.name.lower())}
    assert measurable.named(auditor, place, "100%") == measurable.named(auditor, place, " ") == []
