"""linli crs guess, and the datum that linli load wants, as a user types them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from twin import crs, db

CHECKOUT = Path(__file__).resolve().parents[3]


def linli(database: str, *argv: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linli", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "LINLI_SERVICES__DATABASE_URL": database, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_guess_says_which_datum_a_street_layer_is_in(monaco: str, tmp_path: Path) -> None:
    engine = db.engine(monaco)
    with engine.connect() as connection:
        points = "SELECT ST_X(point), ST_Y(point) FROM network_node ORDER BY id LIMIT 800"
        lon, lat = np.array(connection.execute(sa.text(points)).all()).T
    engine.dispose()
    x, y = crs.project(32632, lon, lat)
    rows = "\n".join(f"{north!r},{east!r},street" for east, north in zip(x.tolist(), y.tolist(), strict=True))
    (tmp_path / "streets.csv").write_text(f"x,y,what\n{rows}\n", encoding="utf-8")  # north first, as surveyors do
    done = linli(monaco, "crs", "guess", "streets.csv", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "it is EPSG:32632 with x and y the wrong way round"
    said = json.loads(linli(monaco, "crs", "guess", "streets.csv", "--json", folder=tmp_path).stdout)
    assert said["answer"]["names"] == ["EPSG:32632"]
    assert said["answer"]["median_m"] < 0.01


def test_a_load_without_a_datum_is_one_line_and_exit_code_2(monaco: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,service,name,lon,lat\nc1,clinic,A,7.42,43.73\n", encoding="utf-8")
    done = linli(monaco, "load", "facilities", "a.csv", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("linli: a.csv: its datum is not declared: say --datum WGS84, CGCS2000, GCJ-02,")
    assert done.stderr.endswith("[no-datum]\n")
    wrong = linli(monaco, "load", "facilities", "a.csv", "--datum", "mars", folder=tmp_path)
    assert wrong.stderr.startswith("linli: unknown datum 'mars'; say for example WGS84")


def test_the_line_is_chinese_where_the_locale_is(monaco: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,service,name,lon,lat\nc1,clinic,A,7.42,43.73\n", encoding="utf-8")
    done = linli(monaco, "load", "facilities", "a.csv", folder=tmp_path, LC_ALL="zh_CN.UTF-8")
    assert done.stderr.startswith("linli: a.csv: 未声明坐标系：请用 --datum 指明")
    assert done.stderr.endswith("[no-datum]\n")
