"""compose.yaml opens nothing to the world and knows no password.

Its containers are not started here: that needs a Docker engine. Where Docker's Compose is
installed it reads the file; elsewhere the text alone is looked at.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import compose, mosquitto, state
from deploy.settings import ServiceSettings

TEXT = compose.FILE.read_text()
# answers `docker` as an engine would, and notes what it was asked
DOCKER = """#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$*" in *" port broker 1883") test -e "$(dirname "$0")/up" && echo 127.0.0.1:18830 ;; esac
case "$*" in *" up "*) touch "$(dirname "$0")/up" ;; esac
exit 0
"""


def test_no_password_has_a_default() -> None:
    named = re.findall(r"\$\{(\w+)(.*?)\}", TEXT)
    assert {name for name, _ in named} >= {"LINLI_ADMIN_PASSWORD", "LINLI_DATABASE_PORT", "LINLI_BROKER_PORT"}
    assert {rest for _, rest in named} == {":?written by linli up"}
    assert re.findall(r"PASSWORD: (.*)", TEXT) == ["${LINLI_ADMIN_PASSWORD:?written by linli up}"]


def test_ports_are_open_on_this_machine_alone() -> None:
    published = re.findall(r"ports:\n\s+- (\S+?):\$", TEXT)
    assert published == ["127.0.0.1", "127.0.0.1"]


def test_both_services_have_a_health_check_a_named_volume_and_a_fixed_image() -> None:
    assert TEXT.count("healthcheck:") == len(re.findall(r"^    image: \S+:\S*\d", TEXT, re.MULTILINE)) == 2
    assert TEXT.rpartition("\nvolumes:\n")[2].split() == ["database:", "broker:"]


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode != 0,
    reason="no Docker Compose here to read compose.yaml",
)
def test_compose_reads_the_file(tmp_path: Path) -> None:
    env = tmp_path / "env"
    names = re.findall(r"\$\{(\w+)", TEXT)
    env.write_text("".join(f"{name}=15432\n" for name in names))
    command = ["docker", "compose", "--env-file", str(env), "--file", str(compose.FILE), "config", "--quiet"]
    assert subprocess.run(command, capture_output=True, text=True).stderr == ""


def test_the_broker_starts_by_the_engine_with_accounts_and_a_closed_env_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings = ServiceSettings(data=tmp_path / "data", engine="compose")
    known = state.State(engine="compose")
    assert compose.has_engine()
    assert compose.running(settings, known) == {"database": None, "broker": None}
    compose.start_broker(settings, known, say=lambda _: None)
    assert compose.running(settings, known) == {"database": None, "broker": "127.0.0.1:18830"}
    assert (settings.data / "compose.env").stat().st_mode & 0o777 == 0o600
    conf = (settings.data / "broker/mosquitto.conf").read_text()
    assert "listener 1883 0.0.0.0\nallow_anonymous false\npassword_file /mosquitto/config/passwords\n" in conf
    assert f"max_packet_size {mosquitto.PACKET_BYTES}\n" in conf
    assert "up --detach --wait broker" in (tmp_path / "asked").read_text()
