"""The look for known vulnerabilities says when it could not look, and fails only for what it found."""

from __future__ import annotations

from typing import Any

import pytest

from scripts import audit

SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1)"}
SOUND: dict[str, Any] = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "c", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": []}]}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([], 0, ["nothing was checked: the data of known vulnerabilities cannot be had here"]),
        ([SKIPPED], 0, ["nothing was checked: the data of known vulnerabilities cannot be had here"]),
        ([SOUND], 0, ["1 of 1 packages were checked: 0 known vulnerabilities"]),
        ([SOUND, SKIPPED], 0, ["1 of 2 packages were checked, not b: 0 known vulnerabilities"]),
        ([SOUND, WEAK], 1, ["c 2: PYSEC-1, mended in 2.1", "2 of 2 packages were checked: 1 known vulnerabilities"]),
    ],
)
def test_a_report_is_judged_by_what_was_looked_up(
    dependencies: list[dict[str, Any]], code: int, said: list[str]
) -> None:
    assert audit.judged({"dependencies": dependencies, "fixes": []}) == (code, said)


def test_the_lock_names_its_first_package_with_hashes() -> None:
    begin = audit.first(audit.LOCK)
    assert "==" in begin.splitlines()[0]
    assert "--hash=sha256:" in begin
    assert not begin.strip().endswith("\\")
