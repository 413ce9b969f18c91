"""The command line answers quickly and refuses in one line."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
HELP_S = 0.5
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


def test_help_takes_less_than_half_a_second(tmp_path: Path) -> None:
    times = []
    for _ in range(5):
        before = time.monotonic()
        assert linli("--help", folder=tmp_path).returncode == 0
        times.append(time.monotonic() - before)
    assert min(times) < HELP_S  # the least: what a busy machine adds is not ours


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
