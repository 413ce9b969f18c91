"""The set-up installs what is missing where it may, and names the command where it may not."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
REFUSED = 2
# libraries and fonts are looked for where Debian has them, whatever PATH says
FILES = {
    "fonts-noto-cjk": "share/fonts/opentype/noto/NotoSansCJK-*.ttc",
    "libpango-1.0-0 libpangoft2-1.0-0": "lib/*/libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "lib/*/libharfbuzz-subset.so.0",
}
ABSENT = "".join(f" {packages}" for packages, files in FILES.items() if not list(Path("/usr").glob(files)))
NEEDED = ("sh", "dirname", "cat", "flock", "ls", "tail", "env", "cut", "sha256sum")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A checkout with the set-up alone in it, and a PATH without linli's tools."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(CHECKOUT / "deploy/setup.sh", tmp_path / "deploy")
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "bin" / name).symlink_to(found)
    program(tmp_path, "python3", 'case "$*" in *ensurepip*) exit 1 ;; *-V*) echo Python 3.12.1 ;; esac')
    program(tmp_path, "id", "echo 1000")
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def set_up(folder: Path, target: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(folder / "deploy/setup.sh"), target],
        env={"PATH": str(folder / "bin"), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_user_who_may_not_install_gets_the_command(bare: Path) -> None:
    done = set_up(bare, "demo")
    packages = f"debian-archive-keyring mmdebstrap bubblewrap uidmap python3-venv espeak-ng{ABSENT}"
    install = f"apt-get install -y --no-install-recommends {packages}"
    assert done.returncode == REFUSED
    assert done.stderr == f"linli: missing Debian packages; run: sudo apt-get update && sudo {install}\n"


def test_a_user_with_sudo_gets_the_packages(bare: Path) -> None:
    program(bare, "sudo", f'echo "$*" >> "{bare}/asked"; exit 0')
    set_up(bare, "demo")
    packages = f"debian-archive-keyring mmdebstrap bubblewrap uidmap python3-venv espeak-ng{ABSENT}"
    install = f"apt-get install -y --no-install-recommends {packages}"
    assert (bare / "asked").read_text().splitlines() == [
        "-n true",
        "-n apt-get -q update",
        f"-n env DEBIAN_FRONTEND=noninteractive {install}",
    ]


def test_an_installation_that_fails_is_named(bare: Path) -> None:
    program(bare, "sudo", 'case "$*" in *update) echo "E: no network"; exit 100 ;; esac')
    done = set_up(bare, "demo")
    assert done.returncode == REFUSED
    assert done.stderr.splitlines()[0] == "E: no network"
    assert done.stderr.splitlines()[1].startswith("linli: apt-get failed (.setup.log); run: apt-get install")


def test_an_old_python_is_refused(bare: Path) -> None:
    program(bare, "python3", 'case "$*" in *-V*) echo Python 3.9.2 ;; *) exit 1 ;; esac')
    done = set_up(bare, "test")
    assert done.returncode == REFUSED
    assert done.stderr == "linli: Python 3.11 or newer is needed, python3 is Python 3.9.2; set PYTHON=\n"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_address_or_machine_path(name: str) -> None:
    lines = (CHECKOUT / name).read_text().splitlines()
    pins = [line for line in lines if line and line[0].isalnum()]
    assert all("==" in pin for pin in pins)
    assert sum("--hash=sha256:" in line for line in lines) > len(pins)
    assert [line for line in lines if "://" in line or "--index" in line or "--find-links" in line] == []
