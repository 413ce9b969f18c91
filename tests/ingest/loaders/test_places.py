"""Three places load with the same command, each whole, each with figures that make sense."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import shapely

from simulations import community
from simulations.coverage import coverage
from simulations.states import reports
from twin import db, grids, residents
from twin.network import components
from twin.terms import EdgeKind, MobilityGroup, Service

CHECKOUT = Path(__file__).resolve().parents[3]
DESCRIPTION = """
code = "{code}"
name = "{code}"
name_zh = "{code}"
timezone = "{zone}"
datum = "WGS84"
attribution = "© OpenStreetMap contributors (ODbL)"
boundary = "boundary.geojson"
extract = "{extract}"

[residents]
total = {residents}
source = "a round number for this test"
households = {households}
households_source = "a round number for this test"
error = "not known"

[residents.shares]
"0-17" = 18
"18-64" = 60
"65-74" = 12
"75-84" = 7
"85+" = 3
"""


@dataclass(frozen=True)
class Case:
    """A place and what is in its extract; served is the part of adults within 15 minutes of a supermarket."""

    code: str
    extract: str
    zone: str
    box: tuple[float, float, float, float] | None  # None: the demo's own description
    residents: int
    households: int
    srid: int
    edges: int
    dwellings: int
    lifts: int
    facilities: int
    served: float


CASES = (
    Case("monaco", "monaco/monaco.osm.pbf", "Europe/Monaco", None, 38423, 17905, 32632, 6041, 985, 57, 247, 0.93),
    Case(
        "helsinki",
        "helsinki/helsinki-centre.osm.pbf",
        "Europe/Helsinki",
        (24.93, 60.16, 24.96, 60.18),
        20_000,
        11_000,
        32635,
        6687,
        322,
        23,
        148,
        1.0,
    ),
    Case(
        "kirchfeld",
        "osm/osr-karlsruhe-kirchfeld.osm.pbf",
        "Europe/Berlin",
        (8.375, 49.035, 8.415, 49.07),
        6_000,
        2_900,
        32632,
        2150,
        2001,
        0,  # a suburb: no public lift
        48,
        0.86,
    ),
)
NEAR = 0.05  # what a rule for a tag may come to change of a count, before somebody must look


def describe(case: Case, folder: Path, data: Path) -> Path:
    if case.box is None:
        return CHECKOUT / "demo" / "place.toml"
    path = folder / "place.toml"
    values = {"code": case.code, "zone": case.zone, "residents": case.residents, "households": case.households}
    path.write_text(DESCRIPTION.format(extract=data / case.extract, **values), encoding="utf-8")
    (folder / "boundary.geojson").write_text(shapely.to_geojson(shapely.box(*case.box)), encoding="utf-8")
    return path


def load(database: str, description: Path, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "linli", "load", "place", str(description)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "LINLI_SERVICES__DATABASE_URL": database},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.code)
def test_a_place_loads_whole_by_one_command_and_again_without_a_change(
    case: Case, database: str, shared: Path, tmp_path: Path
) -> None:
    if not (shared / "data" / case.extract).is_file():
        pytest.skip(f"no {case.extract}")
    description = describe(case, tmp_path, shared / "data")
    load(database, description, tmp_path)
    with db.opened(database) as engine, engine.connect() as connection:
        found = community.load(connection)
        people = residents.load(connection, found.buildings)
        cut = grids.load(connection, found.place.id)
        adults = coverage(found, reports(found, []), Service.SUPERMARKET, MobilityGroup.ADULT, limit_s=900)
    walk = found.network
    counted = {
        "edges": len(walk.edge_ids),
        "dwellings": int(found.buildings.residential.sum()),
        "lifts": int(walk.of_kind(EdgeKind.LIFT).sum()),
        "facilities": len(found.facilities.ids),
    }
    assert counted == {name: pytest.approx(getattr(case, name), rel=NEAR) for name in counted}
    assert found.place.metric_srid == case.srid  # UTM: 32 N holds Monaco and Karlsruhe, 35 N Helsinki
    assert np.mean(components(walk) == 0) > 0.95  # a network in pieces is one read wrongly
    assert int(people.counts.sum()) == case.residents  # spread to the last one
    leaves = np.array(cut.levels) == "grid"
    assert ((cut.households[leaves] >= 300) & (cut.households[leaves] <= 500)).all()
    assert int(cut.households[leaves].sum()) == pytest.approx(case.households, rel=NEAR)
    assert adults.certain.sum() / adults.residents.sum() == pytest.approx(case.served, abs=NEAR)
    if case.box is not None:  # the demo's second load is tests/ingest/loaders/test_commands.py's
        assert f"{case.code} was loaded already: nothing changed" in load(database, description, tmp_path)
