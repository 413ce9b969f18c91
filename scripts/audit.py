"""Look for known vulnerabilities in what the lock names, where their data can be had: `make audit`.

pip-audit says "No known vulnerabilities found" also where it could look nothing up; this tells the two apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"
OPTIONS = ("--disable-pip", "--format", "json", "--progress-spinner", "off", "--timeout", "10")
FOUND, NOT_CHECKED = 1, 0


def judged(report: dict[str, Any]) -> tuple[int, list[str]]:
    """Give the exit code for a report of pip-audit, and the lines to say."""
    every = report["dependencies"]
    skipped = [one["name"] for one in every if "skip_reason" in one]
    if len(skipped) == len(every):
        return NOT_CHECKED, ["nothing was checked: the data of known vulnerabilities cannot be had here"]
    lines = [
        f"{one['name']} {one['version']}: {bug['id']}, mended in {', '.join(bug['fix_versions']) or 'no version'}"
        for one in every
        for bug in one.get("vulns", ())
    ]
    checked = f"{len(every) - len(skipped)} of {len(every)} packages were checked"
    if skipped:
        checked += f", not {', '.join(skipped)}"
    return (FOUND if lines else 0), [*lines, f"{checked}: {len(lines)} known vulnerabilities"]


def asked(requirements: Path) -> dict[str, Any]:
    """Run pip-audit; a report in which all is skipped where it ends without one."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(requirements), *OPTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(done.stderr.strip().rpartition("\n")[2], file=sys.stderr)
        return {"dependencies": []}
    return report


def first(lock: Path) -> str:
    """Give the lock's first package with its hashes."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    begin = next(n for n, line in enumerate(lines) if "==" in line)
    end = next(n for n, line in enumerate(lines[begin:], begin) if not line.endswith("\\"))
    return "\n".join(lines[begin : end + 1]) + "\n"


def main() -> int:
    """Check one package, and all the others where that went."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(first(LOCK), encoding="utf-8")
        code, lines = judged(asked(one))
        if "nothing was checked" not in lines[0]:
            code, lines = judged(asked(LOCK))
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
