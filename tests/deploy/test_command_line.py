"""The command line answers quickly and refuses in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SLOW = {
    "numpy",
    "numba",
    "scipy",
    "shapely",
    "pyproj",
    "sqlalchemy",
    "psycopg",
    "fastapi",
    "pydantic",
    "paho",
    "msgspec",
}
REFUSED = 2


def linli(*argv: str, folder: Path, path: str = str(CHECKOUT), **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linli", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_help_loads_nothing_that_takes_long(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "linli", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "typer" in loaded
    assert not loaded & SLOW


def test_status_says_what_does_not_run(tmp_path: Path) -> None:
    done = linli("status", folder=tmp_path)
    assert (done.returncode, done.stdout.split()[:3]) == (1, ["database", "not", "running"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LINLI_SERVICE__DATA", "unknown setting in the environment: LINLI_SERVICE__DATA"),
        ("LINLI_SERVICES__DATABSE_URL", "setting services.databse_url: Extra inputs are not permitted"),
        ("LINLI_SERVICES__ENGINE", "setting services.engine: Input should be 'auto', 'compose' or 'embedded'"),
        ("LINLI_SERVICES__DATABASE_URL", "setting services.database_url: Value error, expected postgresql://"),
        ("LINLI_CONFIG", "no such file: x (LINLI_CONFIG)"),
    ],
)
def test_a_setting_that_is_wrong_is_refused_in_one_line(tmp_path: Path, name: str, said: str) -> None:
    done = linli("status", folder=tmp_path, **{name: "x"})
    assert done.returncode == REFUSED
    assert done.stderr.startswith(f"linli: {said}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[services]\nengin = 'auto'", "setting services.engin: Extra inputs are not permitted"),
        ("[servics]\n", "setting servics: Extra inputs are not permitted"),
        ("[services\n", "linli.toml: "),
    ],
)
def test_a_settings_file_that_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "linli.toml").write_text(text)
    done = linli("status", folder=tmp_path)
    assert done.returncode == REFUSED
    assert done.stderr.startswith(f"linli: {said}")
    assert len(done.stderr.splitlines()) == 1


def test_a_package_that_hides_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin/__init__.py").touch()
    done = linli("--help", folder=tmp_path)
    assert done.returncode == REFUSED
    assert done.stderr.startswith(f"linli: the package twin is at {tmp_path}/twin/__init__.py, not in {CHECKOUT}")
