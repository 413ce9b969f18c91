"""The doctor names what is wrong, and the one command that mends it."""

from pathlib import Path

import pytest

from deploy import doctor, rootfs, services
from deploy.doctor import Finding
from deploy.errors import Unavailable
from deploy.services import Services
from deploy.settings import ServiceSettings


def by_part(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.part: finding for finding in findings}


def test_healthy_services_have_nothing_to_mend(services: Services) -> None:
    found = by_part(doctor.examine(services.broker.settings))
    parts = ("root", "database", "timescaledb", "postgis", "edition", "broker", "accounts", "queue")
    assert {part: found[part].grade for part in parts} == dict.fromkeys(parts, "ok")
    assert [finding for finding in found.values() if finding.grade != "ok" and not finding.mend] == []


def test_stopped_services_are_named_with_the_command_that_starts_them(tmp_path: Path) -> None:
    settings = ServiceSettings(data=tmp_path / "none", engine="embedded")
    found = by_part(doctor.examine(settings))
    for part in ("database", "broker"):
        assert found[part] == Finding(part, "fail", f"not running: {part}", "linli up")


def test_a_missing_tool_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = ServiceSettings(data=tmp_path / "none", cache=tmp_path / "cache", engine="embedded")
    found = by_part(doctor.examine(settings))
    for tool, package in (("bwrap", "bubblewrap"), ("mmdebstrap", "mmdebstrap"), ("setsid", "util-linux")):
        assert found[tool] == Finding(tool, "fail", "missing", rootfs.install_command(package))
    with pytest.raises(Unavailable, match=r"missing: mmdebstrap, bubblewrap.*apt-get install"):
        services.up(settings)


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    url = "postgresql://linli:secret@127.0.0.1:1/linli"
    settings = ServiceSettings(data=tmp_path, database_url=url, broker_url="mqtt://127.0.0.1:1")
    found = by_part(doctor.examine(settings))
    assert (found["database"].grade, found["broker"].grade) == ("fail", "fail")
    assert "secret" not in "".join(finding.as_line() for finding in found.values())


def test_a_finding_shows_as_a_line_and_as_json() -> None:
    finding = Finding("bwrap", "fail", "missing", "apt-get install bubblewrap")
    assert finding.as_line().splitlines() == ["fail bwrap        missing", f"{'':<18}mend: apt-get install bubblewrap"]
    assert finding.as_json() == (
        '{"part": "bwrap", "grade": "fail", "said": "missing", "mend": "apt-get install bubblewrap"}'
    )
