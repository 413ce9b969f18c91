"""Unknown devices of formats that describe them are offered, and enrolled only by a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
import typer
from typer.testing import CliRunner, Result

from ingest.decoders import describes_devices, names
from ingest.device_commands import devices
from ingest.settings import Subscription
from tests import sensors
from tests.ingest.test_formats import CASES
from tests.ingest.test_retrying import NOON, PACK, arrive, place
from tests.workplace import Devices, Workplace, wait_until
from twin import account, db, offers
from twin.db import Connection, Engine
from twin.errors import Refused
from twin.offers import MOST_PROPERTIES, Described, Seen

__all__ = ["place"]

app = typer.Typer()
app.add_typer(devices, name="devices")


def run(database: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["devices", *words], obj=lambda: database)


def offered(database: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(run(database, "offered", "--json").stdout)
    return found


def test_formats_that_say_which_devices_there_are_offer_them() -> None:
    assert [name for name in names() if describes_devices(name)] == ["homeassistant", "homie", "senml", "sparkplug"]
    assert not describes_devices("unknown")


def test_an_unknown_device_is_offered_enrolled_and_then_stored(
    workplace: Workplace, engine: Engine, city: Devices, database: str
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
    pack = b'[{"bn":"roof:","n":"temperature","u":"Cel","v":20},{"n":"humidity","v":55},{"n":"mood","vs":"fine"}]'
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack)
        city.send("zigbee2mqtt/lamp", b'{"temperature": 1}')  # a format that says nothing of its devices
        wait_until(lambda: received(engine) == 4)
    (offer,) = offered(database)
    assert (offer["key"], offer["format"], offer["topic"], offer["readings"]) == ("roof", "senml", "senml/roof", 3)
    assert offer["properties"] == {
        "temperature": {"unit": "Cel", "value": 20},
        "humidity": {"unit": None, "value": 55},
        "mood": {"unit": None, "value": None},
    }
    assert offer["measured_at"] == offer["last_seen"]
    assert "humidity [?], mood [?], temperature [Cel]" in run(database, "offered").stdout
    where = ("--lon", "7.5", "--lat", "43.5")
    done = run(
        database, "enrol", "roof", "--kind", "climate", *where, "--datum", "WGS84", "--interval-s", "30", "--json"
    )
    assert json.loads(done.stdout) == {
        "key": "roof", "kind": "climate", "properties": ["temperature", "humidity", "battery"], "left": ["mood"],
    }  # fmt: skip
    assert offered(database) == []
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack)
        wait_until(lambda: received(engine) == 6)
    with engine.connect() as connection:
        thing = connection.execute(sa.text("SELECT format, topic, interval_s FROM thing")).one()
        values = connection.scalars(sa.text("SELECT value FROM observation ORDER BY 1")).all()
    assert (tuple(thing), values) == (("senml", "senml/roof", 30), [20.0, 55.0])


def received(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received


@pytest.mark.parametrize("name", ["homie", "sparkplug"])
def test_devices_that_described_themselves_are_offered(
    workplace: Workplace, engine: Engine, city: Devices, database: str, name: str
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
    subscription, messages, key = CASES[name]
    assert isinstance(subscription, Subscription)
    settings = workplace.settings().model_copy(update={"subscriptions": (subscription,)})
    with workplace.working(settings):
        for topic, payload in messages:
            city.send(topic, payload)
        wait_until(lambda: bool(offered(database)))
    (offer,) = offered(database)
    assert (offer["key"], offer["format"]) == (key, name)
    assert "depth" in str(offer["properties"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("roof", "--kind", "tank", "--watches", "edge:n1"), "unknown kind 'tank'"),
        (("cellar", "--kind", "climate", "--watches", "edge:n1"), "no device cellar is offered"),
        (("roof", "--kind", "pm", "--watches", "edge:n1"), "roof says humidity, temperature; a pm says pm2_5"),
        (("roof", "--kind", "climate", "--watches", "edge:n1"), "roof: watches edge:n1, which is not in this place"),
        (("roof", "--kind", "climate", "--watches", "edge:n1", "--text", "humidity"), "humidity is what its kind says"),
        (
            ("roof", "--kind", "climate", "--watches", "edge:n1", "--text", "x"),
            "roof says no x; it says humidity, temp",
        ),
        (("roof", "--kind", "climate", "--watches", "edge:n1", "--category", "x=a"), "'x=a' is no category"),
        (("roof", "--kind", "climate"), "roof: has neither lon and lat nor an element that it watches"),
        (("roof", "--kind", "climate", "--lon", "7.5"), "lon and lat are given together"),
        (("roof", "--kind", "climate", "--lon", "7.5", "--lat", "43.5"), "say the datum of lon and lat"),
        (
            ("hot", "--kind", "climate", "--watches", "edge:n1"),
            "temperature of hot comes in kPa; of a climate it is in Cel",
        ),
    ],
)
def test_what_cannot_be_enrolled_is_refused_in_one_line(database: str, words: tuple[str, ...], why: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        arrive(connection, "senml/roof", PACK, 0)
        arrive(connection, "senml/hot", b'[{"n":"hot:temperature","u":"kPa","v":1}]', 0)
    error = run(database, "enrol", *words).exception
    assert str(error).startswith(why)


def test_offers_add_up_and_a_flood_of_properties_is_bounded(place: Connection) -> None:
    arrive(place, "senml/roof", PACK, 0, 3)
    (offer,) = offers.offers(place)
    assert (offer.readings, offer.first_seen, (offer.last_seen - NOON).seconds) == (4, NOON, 180)
    many = {str(number): Described(None, 1) for number in range(MOST_PROPERTIES)}
    offers.note(place, [Seen("roof", "senml", "t", NOON, None, many, 1)])
    assert set(offers.offers(place)[0].properties) == {"temperature", "humidity"}


def test_a_key_that_several_formats_speak_of_needs_its_format_said(place: Connection) -> None:
    seen = [
        Seen("x", name, "t", datetime(2026, 1, 1, tzinfo=UTC), None, {"p": Described("Cel", 1)})
        for name in ("homie", "senml")
    ]
    offers.note(place, seen)
    with pytest.raises(Refused, match="several formats"):
        offers.find(place, "x", None)
    assert offers.find(place, "x", "homie").format == "homie"


def test_a_unit_is_accepted_by_a_command(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel")
        connection.execute(sa.text("UPDATE datastream SET stated_unit = 'Cel', wrong_unit = 'K'"))
    assert "so far: Cel" in run(database, "unit", "roof", "temperature").stdout
    with db.opened(database) as engine, engine.connect() as connection:
        found = connection.execute(sa.text("SELECT stated_unit, wrong_unit FROM datastream")).one()
    assert tuple(found) == (None, None)
