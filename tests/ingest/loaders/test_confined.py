"""A stranger's file is read in a process that may open nothing else and is stopped in time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import shapely

from ingest.loaders import confined, features
from ingest.loaders.refusal import RefusedFile
from tests.ingest.loaders import layers


def test_gdal_has_no_drivers_but_those_that_are_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import pyogrio; print(*sorted(pyogrio.list_drivers()), sep=',')"],
        env={**os.environ, **confined.LIMITED},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip().split(",") == ["ESRI Shapefile", "GPKG", "MEM"]


def test_a_geometry_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    # 250 random vertices: a minute (design/reliability.md §0.10)
    path = layers.geojson(tmp_path / "star.geojson", layers.feature("a", layers.star(250)))
    with pytest.raises(RefusedFile, match=r"took more than 2 s of computing to read \[too-long\]"):
        features.read(path, "areas", cpu_s=2)


def test_wkb_nested_50000_deep_is_one_line_and_not_the_end_of_linli(tmp_path: Path) -> None:
    path = layers.deep_geopackage(tmp_path / "deep.gpkg", 50_000)
    with pytest.raises(RefusedFile, match=r"deep.gpkg: cannot be read: Unable to read geometry \[unreadable\]"):
        features.read(path, "areas")


def test_a_module_in_the_users_folder_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit(9)", encoding="utf-8")
    path = layers.geojson(tmp_path / "one.geojson", layers.feature("a", layers.BOX))
    monkeypatch.chdir(tmp_path)
    assert len(features.read(path, "areas").features) == 1


def test_a_missing_file_is_said() -> None:
    with pytest.raises(FileNotFoundError):
        features.read(Path("none.gpkg"), "areas")


def test_what_it_gives_is_what_was_in_the_file(tmp_path: Path) -> None:
    box = shapely.box(7.41, 43.73, 7.42, 43.74)
    path = layers.geojson(tmp_path / "one.geojson", layers.feature("a", box))
    (feature,) = features.read(path, "areas").features
    assert (feature.number, feature.properties["code"], feature.why) == (1, "a", "")
    assert shapely.equals(feature.shape, box)
