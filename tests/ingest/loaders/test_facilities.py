"""A facility file: each refused row has its line and one reason, and a file loaded twice changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
import sqlalchemy as sa

from ingest.loaders import hours
from ingest.loaders.facilities import Known, kinds, load, read
from twin import db, facilities, network, places
from twin.datum import WGS_84
from twin.db import Connection
from twin.errors import Refused

HEAD = "id,service,name,lon,lat,step_free,capacity,source"
GOOD = "c1,clinic,Town clinic,7.42,43.735,yes,30,demo"


@pytest.fixture
def village(database: str) -> Iterator[Connection]:
    engine = db.engine(database)
    with engine.begin() as connection:
        places.put(
            connection,
            code="village",
            name="Village",
            name_zh="村",
            boundary=shapely.box(7.41, 43.73, 7.43, 43.74),
            timezone="Europe/Monaco",
            residents=10,
            households=4,
            attribution="none",
        )
        yield connection
    engine.dispose()


def write(tmp_path: Path, *rows: str, head: str = HEAD) -> Path:
    path = tmp_path / "some facilities.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def stored(connection: Connection) -> list[tuple[object, ...]]:
    query = "SELECT source_id, service, name, step_free, capacity, source, ST_X(point), ST_Y(point) FROM facility ORDER BY 1"
    return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_row_is_stored_as_it_is(village: Connection, tmp_path: Path) -> None:
    place = places.get(village)
    path = write(tmp_path, GOOD, "c2,canteen,食堂,7.421,43.736,,,")
    receipt = load(village, path, place=place, datum=WGS_84)
    assert (receipt.read, receipt.added, receipt.rejected) == (2, 2, ())
    assert stored(village) == [
        ("c1", "clinic", "Town clinic", True, 30, "demo", 7.42, 43.735),
        ("c2", "canteen", "食堂", None, None, "some facilities", 7.421, 43.736),
    ]
    assert places.get(village).network_version == place.network_version + 1


def test_the_same_file_twice_changes_nothing(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    load(village, path, place=places.get(village), datum=WGS_84)
    version = places.get(village).network_version
    receipt = load(village, path, place=places.get(village), datum=WGS_84)
    assert (receipt.changes, receipt.unchanged) == (0, 1)
    assert places.get(village).network_version == version


def test_a_row_that_is_gone_from_the_file_is_removed_and_other_sources_stay(
    village: Connection, tmp_path: Path
) -> None:
    other = GOOD.replace("c1", "x1").replace("demo", "town")
    load(village, write(tmp_path, GOOD, GOOD.replace("c1", "c2"), other), place=places.get(village), datum=WGS_84)
    receipt = load(village, write(tmp_path, GOOD.replace("Town", "New")), place=places.get(village), datum=WGS_84)
    assert (receipt.added, receipt.changed, receipt.removed) == (0, 1, 1)
    assert [row[:3] for row in stored(village)] == [("c1", "clinic", "New clinic"), ("x1", "clinic", "Town clinic")]


NOTHING = Known(lambda _lon, _lat: 0.0, owners={}, services=kinds(), spots={}, addresses={})
REFUSED = {
    GOOD.replace("clinic", "clinick", 1): "unknown service 'clinick'",
    GOOD.replace("Town clinic", ""): "no name",
    GOOD.replace("7.42", "nan"): "lon nan is no lon on the earth",
    GOOD.replace("7.42", "inf"): "lon inf is no lon on the earth",
    GOOD.replace("43.735", "north"): "lat 'north' is not a number",
    GOOD.replace("43.735", "91"): "lat 91 is no lat on the earth",
    GOOD.replace("7.42,43.735", "116.4,39.9"): "km outside the place",
    GOOD.replace("7.42,43.735", "43.735,7.42"): "are the wrong way round",
    GOOD.replace("Town clinic", '"=HYPERLINK(""http://x"")"'): "is a formula, no text",
    GOOD.replace("yes", "perhaps"): "step_free 'perhaps' is neither yes nor no nor empty",
    GOOD.replace(",30,", ",-3,"): "capacity '-3' is not a whole number of people",
    GOOD.replace(",30,", ",99999999999,"): "capacity '99999999999' is not a whole number",
    GOOD.replace("demo", "osm"): "source osm is the map's own",
    GOOD + ",more": "more fields than columns",
    GOOD.replace("Town", "To\0wn"): "a NUL character in it",
}


def test_each_refused_row_has_its_line_and_reason_and_nothing_is_loaded(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("c1", "c0"), *REFUSED)
    with pytest.raises(Refused) as refusal:
        load(village, path, place=places.get(village), datum=WGS_84)
    head, *lines = str(refusal.value).splitlines()
    assert f"{len(REFUSED)} of {len(REFUSED) + 1} rows refused, nothing loaded" in head
    for number, (line, reason) in enumerate(zip(lines, REFUSED.values(), strict=True), start=3):
        assert line.startswith(f"  line {number}: ")
        assert reason in line
    assert stored(village) == []


def test_partial_loads_the_other_rows_and_keeps_the_reasons(village: Connection, tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, GOOD, GOOD.replace("c1", "c2"))
    receipt = load(village, path, place=places.get(village), datum=WGS_84, partial=True)
    assert (receipt.read, receipt.added) == (3, 2)
    assert receipt.rejected == (("line 3", "the same as line 2"),)


def test_a_facility_of_another_source_is_not_taken_over(village: Connection, tmp_path: Path) -> None:
    load(village, write(tmp_path, GOOD), place=places.get(village), datum=WGS_84)
    with pytest.raises(Refused, match="clinic c1 is one of demo's"):
        load(village, write(tmp_path, GOOD.replace("demo", "town")), place=places.get(village), datum=WGS_84)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"id,service\n", "no column name"),
        (b"id,service,name,lon,lat,colour\n", "unknown column colour"),
        (b"", "no column id"),
        (b"id,service,name,lon,lat\nc1,clinic,\xff,7,43\n", "neither what it declares nor UTF-8 nor GB18030"),
        (b'id,service,name,lon,lat\nc1,clinic,"open,7,43\n', "after line 1: unexpected end of data"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=reason):
        read(path, datum=WGS_84, known=NOTHING)


def test_a_missing_file_is_said(village: Connection, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(village, tmp_path / "none.csv", place=places.get(village), datum=WGS_84)


FULL = "id,service,name,address,floor,entrance_lon,entrance_lat,capacity,staff,办公面积,服务面积,activity_m2,emergency_m2,开放时间,organisation,无障碍"
ROW = "c7,社区服务站,服务站,Main Street 5,2F,7.4201,43.7351,40,6,80,320.5,150,50,周一至周五 8:30—17:00,91350100M000100Y43,是"


def building(connection: Connection, source_id: str, address: str) -> None:
    statement = """
    INSERT INTO building (place_id, source_id, address, kind, residential, floors, floors_assumed, footprint_m2, point, geom)
    SELECT id, :source, :address, 'yes', true, 6, false, 100, ST_SetSRID(ST_Point(7.42, 43.735), 4326),
           ST_Multi(ST_SetSRID(ST_MakeEnvelope(7.4199, 43.7349, 7.4201, 43.7351), 4326)) FROM place
    """
    connection.execute(sa.text(statement), {"source": source_id, "address": address})


def test_all_that_a_row_says_is_kept_and_given_back(village: Connection, tmp_path: Path) -> None:
    building(village, "w5", "Main Street 5")
    place = places.get(village)
    load(village, write(tmp_path, ROW, head=FULL), place=place, datum=WGS_84)
    (found,) = facilities.register(village, place.id)
    assert found == facilities.Registered(
        source_id="c7",
        service="community_station",
        name="服务站",
        name_zh=None,
        opening_hours="Mo-Fr 08:30-17:00",
        step_free=True,
        capacity=40,
        source="some facilities",
        organisation="91350100M000100Y43",
        floor=2,
        address="Main Street 5",
        building="w5",
        staff=6,
        office_m2=80,
        service_m2=320.5,
        activity_m2=150,
        emergency_m2=50,
        lon=7.42,
        lat=43.735,
        entrance_lon=7.4201,
        entrance_lat=43.7351,
    )
    assert load(village, write(tmp_path, ROW, head=FULL), place=place, datum=WGS_84).changes == 0


def test_a_facility_without_coordinates_needs_no_datum_and_stands_at_its_building(
    village: Connection, tmp_path: Path
) -> None:
    building(village, "w5", "Main Street 5")
    place = places.get(village)
    path = write(tmp_path, "c1,clinic,Clinic,w5", head="id,service,name,building")
    load(village, path, place=place, datum=None)
    assert stored(village)[0][-2:] == (7.42, 43.735)
    with pytest.raises(Refused, match="its datum is not declared"):
        load(village, write(tmp_path, GOOD), place=place, datum=None)


@pytest.mark.parametrize(
    ("floor", "lift", "said", "step_free", "is_upstairs"),
    [("1", False, "", -1, False), ("2", False, "", 0, True), ("2", True, "", -1, True), ("3", False, "yes", 1, True)],
)
def test_s19_the_lift_of_its_building_is_part_of_the_way_to_a_facility_upstairs(
    village: Connection, tmp_path: Path, *, floor: str, lift: bool, said: str, step_free: int, is_upstairs: bool
) -> None:
    building(village, "w5", "Main Street 5")
    house = village.execute(sa.text("UPDATE building SET lift = :lift RETURNING id"), {"lift": lift}).scalar_one()
    place = places.get(village)
    row = f"c1,clinic,Clinic,w5,{floor},{said}"
    load(village, write(tmp_path, row, head="id,service,name,building,floor,step_free"), place=place, datum=None)
    found = facilities.load(village, network.load(village, place.id))
    assert (found.step_free.tolist(), found.upstairs_in.tolist()) == ([step_free], [house if is_upstairs else -1])


WRONG = {
    ROW.replace("Main Street 5", ""): "no place: lon and lat, building, or address",
    ROW.replace("Main Street 5", "Nowhere 1"): "no building with the address 'Nowhere 1'",
    ROW.replace("Main Street 5", "Twin Street 1"): "several buildings with the address 'Twin Street 1'",
    ROW.replace("2F", "0"): "floor '0' is no floor",
    ROW.replace("320.5", "-1"): "service_m2 '-1' is no floor area",
    ROW.replace("320.5", "nan"): "service_m2 'nan' is no floor area",
    ROW.replace(",6,", ",6.5,"): "staff '6.5' is not a whole number of people",
    ROW.replace("Y43", "Y44"): "the check digit is 4, it must be 3",
    ROW.replace("8:30", "8:75"): "opening_hours: 8:75 is no time of day",
    ROW.replace("周一至周五 8:30—17:00", "mornings"): "opening_hours 'mornings' are neither hours such as 08:00-17:00",
    ROW.replace("7.4201", "9.42"): "the entrance, lon 9.42, lat 43.7351, is outside the place",
}


def test_each_wrong_field_of_the_register_has_its_line(village: Connection, tmp_path: Path) -> None:
    for source, address in (("w5", "Main Street 5"), ("w6", "Twin Street 1"), ("w7", "Twin Street 1")):
        building(village, source, address)
    with pytest.raises(Refused) as refusal:
        load(village, write(tmp_path, *WRONG, head=FULL), place=places.get(village), datum=WGS_84)
    for line, reason in zip(str(refusal.value).splitlines()[1:], WRONG.values(), strict=True):
        assert reason in line


@pytest.mark.parametrize(
    ("said", "hours_"),
    [
        ("08:00-17:00", "08:00-17:00"),
        ("8：00～17：00", "08:00-17:00"),
        ("周一至周五 8点-17点半；周六 9:00-12:00", "Mo-Fr 08:00-17:30; Sa 09:00-12:00"),
        ("工作日 08:30-11:30，14:00-17:30", "Mo-Fr 08:30-11:30,14:00-17:30"),
        ("24小时", "24/7"),
        ("每天 6:00-22:00", "06:00-22:00"),
        ("Mo-Fr 08:00-12:00,14:00-18:00; Sa,Su off; PH off", "Mo-Fr 08:00-12:00,14:00-18:00; Sa,Su off; PH off"),
        ("Apr-Oct: Mo-Su 07:00-20:00", "Apr-Oct: Mo-Su 07:00-20:00"),
        ("Mo-Sa 18:00-26:00", "Mo-Sa 18:00-26:00"),
    ],
)
def test_hours_of_both_syntaxes_are_kept_in_one(said: str, hours_: str) -> None:
    assert hours.as_openstreetmap(said) == hours_
    assert hours.as_openstreetmap(hours_) == hours_


def test_a_table_of_the_users_own_says_what_a_service_is_called(village: Connection, tmp_path: Path) -> None:
    own = tmp_path / "kinds.toml"
    own.write_text('clinic = ["health house"]\n', encoding="utf-8")
    path = write(tmp_path, GOOD.replace("clinic", "health house", 1))
    place = places.get(village)
    with pytest.raises(Refused, match="unknown service 'health house'"):
        load(village, path, place=place, datum=WGS_84)
    load(village, path, place=place, datum=WGS_84, own_kinds=own)
    assert stored(village)[0][1] == "clinic"
    own.write_text('clinik = ["health house"]\n', encoding="utf-8")
    with pytest.raises(Refused, match="clinik is no service with a list of names"):
        kinds(own)
