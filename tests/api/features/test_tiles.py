"""Vector tiles: decoded by GDAL, with a version that grows with each change and with nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import httpx
import pyogrio
import pytest
import shapely
import sqlalchemy as sa

from tests.api.features.conftest import Get
from twin import db

LON, LAT = 7.4246, 43.7384  # Monaco


def place_of(level: int) -> tuple[int, int]:
    """The row and column of the tile that has Monaco's middle in it."""
    across = 2**level
    column = int((LON + 180) / 360 * across)
    row = int((1 - math.asinh(math.tan(math.radians(LAT))) / math.pi) / 2 * across)
    return row, column


def address(name: str, level: int) -> str:
    row, column = place_of(level)
    return f"/collections/{name}/tiles/WebMercatorQuad/{level}/{row}/{column}"


@pytest.mark.parametrize("name", ["grids", "buildings", "facilities", "network", "things"])
def test_a_tile_holds_what_is_there(client: httpx.Client, tmp_path: Path, name: str) -> None:
    level = 13  # all of Monaco is in two tiles
    answer = client.get(address(name, level))
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    row, column = place_of(level)
    folder = tmp_path / str(level) / str(column)
    folder.mkdir(parents=True)
    file = folder / f"{row}.mvt"
    file.write_bytes(answer.content)
    meta, _, shapes, _ = pyogrio.raw.read(file, layer=name)
    assert len(shapes) > 10
    middle = shapely.centroid(shapely.GeometryCollection(list(shapely.from_wkb(shapes))))
    mercator = 20_037_508.342789244
    assert middle.x / mercator * 180 == pytest.approx(LON, abs=0.03)
    assert middle.y == pytest.approx(math.asinh(math.tan(math.radians(LAT))) / math.pi * mercator, abs=4_000)
    assert len(meta["fields"]) > 2


def test_a_client_that_has_the_tile_is_told_so(client: httpx.Client) -> None:
    first = client.get(address("grids", 13))
    again = client.get(address("grids", 13), headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_version_grows_with_a_change_and_with_nothing_else(
    monaco_of_file: str, client: httpx.Client, get: Get
) -> None:
    def versions() -> dict[str, str]:
        names = ("grids", "facilities", "things")
        return {name: get(f"/collections/{name}/tiles/WebMercatorQuad")["version"] for name in names}

    before = versions()
    assert versions() == before
    engine = db.engine(monaco_of_file)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE facility SET name = name WHERE id = (SELECT min(id) FROM facility)"))
    engine.dispose()
    after = versions()
    assert after["facilities"] != before["facilities"]
    assert {name: after[name] for name in ("grids", "things")} == {name: before[name] for name in ("grids", "things")}
    etag = client.get(address("facilities", 13)).headers["etag"]
    assert after["facilities"] in etag


def test_a_tile_without_features_is_empty_and_one_outside_is_not_there(client: httpx.Client) -> None:
    assert client.get("/collections/grids/tiles/WebMercatorQuad/5/0/0").status_code == 204
    for outside in ("0/0/1", "0/1/0", "23/0/0", "3/-1/0"):
        assert client.get(f"/collections/grids/tiles/WebMercatorQuad/{outside}").status_code == 404
    assert client.get("/collections/coverage/tiles").status_code == 404
    assert client.get("/collections/grids/tiles/WorldCRS84Quad").status_code == 404


def test_the_tile_set_leads_to_the_tile(client: httpx.Client, get: Get) -> None:
    (one,) = get("/collections/buildings/tiles")["tilesets"]
    tile_set = client.get(one["links"][0]["href"]).json()
    (template,) = [link["href"] for link in tile_set["links"] if link.get("templated")]
    row, column = place_of(14)
    filled = template.replace("{tileMatrix}", "14").replace("{tileRow}", str(row)).replace("{tileCol}", str(column))
    assert client.get(filled).status_code == 200
    (scheme,) = [link["href"] for link in tile_set["links"] if link["rel"].endswith("tiling-scheme")]
    matrices = client.get(scheme).json()["tileMatrices"]
    assert matrices[14]["cellSize"] == pytest.approx(9.554628535647032)
