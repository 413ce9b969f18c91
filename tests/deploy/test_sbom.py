"""The bill of materials names every library of the lock, with its version and the hashes it is installed by."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def test_the_bill_of_materials_is_the_lock(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    words = ["requirements", "requirements.lock", "--pyproject", "pyproject.toml", "--output-reproducible"]
    command = [sys.executable, "-m", "cyclonedx_py", *words, "--output-format", "JSON", "--output-file", str(bill)]
    subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True)

    found = json.loads(bill.read_text(encoding="utf-8"))
    lock = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock, re.MULTILINE))
    assert found["bomFormat"] == "CycloneDX"
    assert {(part["name"], part["version"]) for part in found["components"]} == locked
    assert len(locked) > 50
    for part in found["components"]:
        hashes = [each["alg"] for link in part["externalReferences"] for each in link.get("hashes", [])]
        assert "SHA-256" in hashes, part["name"]
