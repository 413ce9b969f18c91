"""Imports are looked up, taken back and traced on the command line."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def linli(database: str, *argv: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linli", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "LINLI_SERVICES__DATABASE_URL": database, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_an_import_leaves_a_receipt_and_can_be_taken_back(monaco: str, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("id,service,name,lon,lat\na,clinic,A,7.42,43.735\n", encoding="utf-8")
    done = linli(monaco, "load", "facilities", "own.csv", "--datum", "wgs84", folder=tmp_path)
    assert done.stdout.splitlines()[-1] == "receipt 1; linli load undo 1 takes it back"

    undone = linli(monaco, "load", "undo", "1", "--actor", "li.wei", folder=tmp_path)
    assert (undone.returncode, undone.stderr) == (0, "")
    assert undone.stdout == "receipt 1 is taken back; rows put back or removed: 1 of facility\n"
    again = linli(monaco, "load", "undo", "1", folder=tmp_path)
    assert (again.returncode, again.stderr) == (2, "linli: receipt 1 was taken back already\n")

    chinese = linli(monaco, "load", "undo", "1", folder=tmp_path, LC_ALL="zh_CN.UTF-8")
    assert (chinese.returncode, chinese.stderr) == (2, "linli: 回执 1 已撤销过\n")

    (listed,) = linli(monaco, "load", "receipts", folder=tmp_path).stdout.splitlines()
    assert listed.split(" ", 3)[3].startswith(
        "import facilities own.csv: 1 read, 1 added, 0 changed, 0 removed, 0 rejected, taken back by li.wei"
    )
    (entry,) = map(json.loads, linli(monaco, "load", "receipts", "--json", folder=tmp_path).stdout.splitlines())
    assert (entry["kind"], entry["undone_by"], entry["added"]) == ("facilities", "li.wei", 1)

    told = linli(monaco, "history", "facility:a", folder=tmp_path).stdout.splitlines()
    assert [line.split(" ", 2)[2] for line in told] == [
        "import (load facilities own.csv) clinic: added",
        "li.wei (undo receipt 1: facilities) clinic: gone",
    ]


def test_coverage_of_a_moment_is_asked_with_its_offset(monaco: str, tmp_path: Path) -> None:
    refused = linli(monaco, "simulate", "coverage", "--at", "2026-11-24 08:00", folder=tmp_path)
    assert refused.stderr == "linli: '2026-11-24 08:00' is no moment: write it as 2026-11-24T08:00+08:00\n"
    before = linli(monaco, "simulate", "coverage", "--at", "2001-01-01T00:00Z", folder=tmp_path)
    assert (before.returncode, before.stderr) == (2, "linli: no place is loaded\n")


def test_coverage_as_of_a_moment_before_an_import_is_that_of_before(monaco: str, tmp_path: Path) -> None:
    words = ("simulate", "coverage", "--service", "clinic", "--group", "75-84", "--json")
    (before,) = json.loads(linli(monaco, *words, folder=tmp_path).stdout)["coverage"]
    moment = datetime.now(UTC).isoformat()
    (tmp_path / "own.csv").write_text("id,service,name,lon,lat\na,clinic,A,7.4215,43.7395\n", encoding="utf-8")
    loaded = linli(monaco, "load", "facilities", "own.csv", "--datum", "wgs84", folder=tmp_path)
    assert loaded.returncode == 0, loaded.stderr
    (now,) = json.loads(linli(monaco, *words, folder=tmp_path).stdout)["coverage"]
    (then,) = json.loads(linli(monaco, *words, "--at", moment, folder=tmp_path).stdout)["coverage"]
    assert then == before != now
