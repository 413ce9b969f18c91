"""A device's unit through the broker: converted, and set aside with an alarm where it changes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from tests import sensors
from tests.workplace import Devices, Workplace, stored, wait_until
from twin import account, alarms, unit_watch
from twin.db import Engine


def pack(value: float, unit: str | None, age_s: float = 0) -> str:
    said = f', "u": "{unit}"' if unit else ""
    return f'[{{"bn": "roof:", "n": "temperature"{said}, "t": {time.time() - age_s}, "v": {value}}}]'


def received(engine: Engine) -> int:
    with engine.connect() as connection:
        return account.total(connection).received


def has_received(engine: Engine, count: int) -> bool:
    return received(engine) == count


def standing(engine: Engine) -> list[tuple[str, dict[str, object]]]:
    with engine.connect() as connection:
        place_id = connection.scalars(sa.text("SELECT id FROM place")).one()
        return [(alarm.kind, alarm.detail) for alarm in alarms.now(connection, place_id)]


def test_a_device_in_fahrenheit_is_stored_in_celsius(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack(77, "[degF]"))
        wait_until(lambda: received(engine) == 1)
    assert stored(engine) == [("roof", 25.0)]
    assert standing(engine) == []


def test_another_unit_is_set_aside_with_an_alarm_that_names_the_device_until_the_right_one_comes(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
    with workplace.working(workplace.settings()):
        for count, (value, unit) in enumerate([(20, "Cel"), (50, "[degF]"), (50, "[degF]"), (3, "kPa")], 1):
            city.send("senml/roof", pack(value, unit))
            wait_until(partial(has_received, engine, count))
        ((kind, detail),) = standing(engine)
        assert (kind, detail["key"]) == ("wrong_unit", "roof")
        assert detail["units"] == [{"property": "temperature", "now": "kPa", "usual": "Cel"}]
        city.send("senml/roof", pack(21, "°C"))
        wait_until(lambda: received(engine) == 5)
    assert standing(engine) == []
    assert stored(engine) == [("roof", 20.0), ("roof", 21.0)]
    with engine.connect() as connection:
        assert account.total(connection).quarantined == 3
        codes = connection.scalars(sa.text("SELECT DISTINCT reason_code FROM quarantine")).all()
    assert codes == ["wrong_unit"]


def test_no_unit_after_a_foreign_one_is_not_taken_for_the_registered_one(
    workplace: Workplace, engine: Engine, city: Devices
) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack(50, "[degF]"))
        city.send("senml/roof", pack(50, None))
        wait_until(lambda: received(engine) == 2)
    assert stored(engine) == [("roof", 10.0)]
    assert [kind for kind, _ in standing(engine)] == ["wrong_unit"]


def test_a_unit_that_a_person_accepts_is_believed(workplace: Workplace, engine: Engine, city: Devices) -> None:
    with engine.begin() as connection:
        sensors.community(connection)
        sensors.stream(connection, "roof", "temperature", "Cel", lowest=-40, highest=60)
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack(20, "Cel"))
        city.send("senml/roof", pack(50, "[degF]"))
        wait_until(lambda: received(engine) == 2)
    with engine.begin() as connection:
        assert unit_watch.accept(connection, "roof", "temperature", datetime.now(UTC)) == "Cel"
    assert standing(engine) == []
    with workplace.working(workplace.settings()):
        city.send("senml/roof", pack(59, "[degF]"))
        wait_until(lambda: received(engine) == 3)
    assert stored(engine) == [("roof", 20.0), ("roof", 15.0)]
