"""Clients written by others work unchanged against the served application."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import frost_sta_client as fsc
import istsos4_client as istsos
import pytest
from geojson import Point

pytestmark = pytest.mark.filterwarnings("ignore:furl.pathstr is deprecated")  # frost-sta-client's own
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def frost(served: str) -> fsc.SensorThingsService:
    return fsc.SensorThingsService(served)


@pytest.fixture
def station(frost: fsc.SensorThingsService) -> fsc.Thing:
    """A thing with a location, as the client's own example makes it."""
    place = fsc.Location("Square", "On the square", "application/geo+json", location=Point((7.42, 43.73)))
    thing = fsc.Thing("Station", "A station", {"owner": {"name": "city"}}, locations=[place])
    frost.create(thing)
    return thing


def stream(thing: fsc.Thing) -> fsc.Datastream:
    """A datastream with the existing thing attached, its sensor and property new."""
    return fsc.Datastream(
        name="Air",
        description="Air temperature",
        observation_type="http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
        unit_of_measurement=fsc.UnitOfMeasurement("Degree Celsius", "°C", "http://qudt.org/vocab/unit/DEG_C"),
        thing=thing,
        sensor=fsc.Sensor("HDC1080", "A chip", "application/pdf", metadata="https://example.org/hdc1080.pdf"),
        observed_property=fsc.ObservedProperty("Temperature", "http://example.org/t", "How warm it is"),
    )


def test_frost_creates_a_thing_with_its_location_and_finds_it(
    frost: fsc.SensorThingsService, station: fsc.Thing
) -> None:
    found = frost.things().find(station.id)
    assert (found.name, found.description, found.properties) == ("Station", "A station", {"owner": {"name": "city"}})
    (place,) = found.get_locations().query().list().entities
    assert (place.name, place.location["coordinates"]) == ("Square", [7.42, 43.73])


def test_frost_posts_a_datastream_with_a_thing_that_is_there(
    frost: fsc.SensorThingsService, station: fsc.Thing
) -> None:
    datastream = stream(frost.things().find(station.id))
    frost.create(datastream)
    found = (
        frost.datastreams().query().filter(f"Thing/id eq {station.id}").expand("Thing,Sensor,ObservedProperty").list()
    )
    (one,) = found.entities
    assert (one.id, one.thing.id, one.sensor.name, one.observed_property.name) == (
        datastream.id,
        station.id,
        "HDC1080",
        "Temperature",
    )
    assert one.unit_of_measurement.definition == "http://qudt.org/vocab/unit/DEG_C"
    assert [one.id for one in found.entities[0].thing.get_datastreams().query().list()] == [datastream.id]


def test_frost_patches_and_updates_a_thing(frost: fsc.SensorThingsService, station: fsc.Thing) -> None:
    frost.patch(
        station,
        [
            {"op": "replace", "path": "/name", "value": "Renamed"},
            {"op": "add", "path": "/properties/floor", "value": 3},
            {"op": "remove", "path": "/properties/owner"},
        ],
    )
    patched = frost.things().find(station.id)
    assert (patched.name, patched.description, patched.properties) == ("Renamed", "A station", {"floor": 3})
    patched.description = "Another"
    frost.update(patched)
    assert frost.things().find(station.id).description == "Another"


def test_frost_filters_by_place(frost: fsc.SensorThingsService, station: fsc.Thing) -> None:
    near = "geo.distance(Locations/location, geography'POINT (7.42 43.73)') lt 0.0001"
    assert station.id in [thing.id for thing in frost.things().query().filter(near).list()]
    box = "st_within(location, geography'POLYGON ((7.419 43.72, 7.421 43.72, 7.421 43.74, 7.419 43.74, 7.419 43.72))')"
    assert {place.name for place in frost.locations().query().filter(box).list()} == {"Square"}


def test_frost_posts_observations_one_by_one_and_as_an_array(
    frost: fsc.SensorThingsService, station: fsc.Thing
) -> None:
    datastream = stream(station)
    frost.create(datastream)
    single = fsc.Observation(phenomenon_time=NOW.isoformat(), result=1.5, datastream=datastream)
    frost.create(single)
    array = fsc.model.ext.data_array_value.DataArrayValue()
    array.datastream = datastream
    array.components = {array.Property.PHENOMENON_TIME, array.Property.RESULT}
    for minutes in range(1, 4):
        moment = (NOW - timedelta(minutes=minutes)).isoformat()
        array.add_observation(fsc.Observation(phenomenon_time=moment, result=float(minutes), datastream=datastream))
    document = fsc.model.ext.data_array_document.DataArrayDocument()
    document.add_data_array_value(array)
    frost.observations().create(document)
    found = datastream.get_observations().query().orderby("phenomenonTime", "desc").top(2).list()
    assert [one.result for one in found] == [1.5, 1.0, 2.0, 3.0]
    assert frost.observations().find(single.id).result == 1.5


def test_frost_walks_all_pages_and_deletes(frost: fsc.SensorThingsService, station: fsc.Thing) -> None:
    pages = frost.observations().query().filter("Datastream/id eq 3").top(3).list()
    ids = [one.id for one in pages]
    assert ids == sorted(set(ids))
    assert [one.result for one in pages][:10] == [float(n) for n in range(10)]  # what other tests added comes behind
    frost.delete(station)
    assert list(frost.things().query().filter(f"id eq {station.id}").list()) == []


def test_istsos4_makes_lists_and_changes(served: str) -> None:
    with istsos.Client(served) as client:
        place = istsos.Location(name="Quay", description="", location={"type": "Point", "coordinates": [7.41, 43.72]})
        thing = client.post(istsos.Thing(name="Gauge", description="At the quay", locations=[place]))
        sensor = client.post(istsos.Sensor(name="S", description="d", encoding_type="text/plain", metadata="m"))
        observed = client.post(istsos.ObservedProperty(name="Level", description="d", definition="urn:level"))
        datastream = client.post(
            istsos.Datastream(
                name="Level",
                description="d",
                unit_of_measurement=istsos.UnitOfMeasurement(name="metre", symbol="m", definition="ucum:m"),
                observation_type="OM_Measurement",
                thing=thing,
                sensor=sensor,
                observed_property=observed,
            )
        )
        assert datastream.iot_id is not None
        found = client.get(istsos.Datastream, datastream.iot_id, expand="Thing")
        assert isinstance(found.thing, istsos.Thing)
        assert (found.name, found.thing.iot_id, found.unit_of_measurement.symbol) == ("Level", thing.iot_id, "m")
        client.patch(istsos.Thing(iot_id=thing.iot_id, name="Gauge 2", description="At the quay"))
        chosen = f"id le 2 or id eq {thing.iot_id}"
        names = [one.name for one in client.iter_list(istsos.Thing, orderby="id desc", filter=chosen, top=1)]
        assert (names[0], len(names)) == ("Gauge 2", 3)
        assert thing.iot_id is not None
        client.delete(istsos.Thing, thing.iot_id)
        assert client.list(istsos.Datastream, filter="name eq 'Level'") == []
