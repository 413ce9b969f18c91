from pathlib import Path

import pytest

from ingest.decoders import find, names, renamed
from ingest.settings import Subscription
from twin.errors import Refused
from twin.terms import Reading

CITY = Path(__file__).parents[2] / "golden/city.toml"
NOW = 1_795_507_200_000_000
SENSOR = b'{"Time":"2026-11-24T16:00:00","DS18B20":{"Temperature":21.5}}'


@pytest.mark.parametrize("name", names())
def test_each_format_is_found_by_its_name(name: str) -> None:
    assert callable(find(name, mapping=CITY if name == "mapped" else None))


@pytest.mark.parametrize(
    ("name", "mapping", "zone", "why"),
    [
        ("morse", None, None, "no decoder 'morse'; there are: aliyun, chirpstack,"),
        ("mapped", None, None, "decoder 'mapped' needs a mapping file"),
        ("senml", CITY, None, "decoder 'senml' takes no mapping"),
        ("senml", None, "Asia/Shanghai", "decoder 'senml' takes no zone"),
    ],
)
def test_what_a_format_does_not_take_is_refused(name: str, mapping: Path | None, zone: str | None, why: str) -> None:
    with pytest.raises(Refused, match=why):
        find(name, mapping, zone)


def test_a_zone_that_is_none_is_refused_in_the_settings() -> None:
    with pytest.raises(ValueError, match="no such time zone: 'Mars/Olympus'"):
        Subscription(filter="tele/#", decoder="tasmota", zone="Mars/Olympus")


def test_a_format_s_name_for_a_property_becomes_the_register_s() -> None:
    decode = renamed(find("tasmota", zone="Asia/Shanghai"), {"DS18B20.Temperature": "temperature"})
    assert decode("tele/cellar/SENSOR", SENSOR, NOW) == [Reading("cellar", "temperature", NOW, 21.5)]


def test_other_properties_keep_their_names() -> None:
    decode = renamed(find("tasmota", zone="Asia/Shanghai"), {"POWER": "open"})
    assert [one.property for one in decode("tele/cellar/SENSOR", SENSOR, NOW)] == ["DS18B20.Temperature"]
