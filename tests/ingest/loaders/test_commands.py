"""linli load, as a user types it."""

import os
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]


def load(database: str, *argv: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "linli", "load", *argv],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "LINLI_SERVICES__DATABASE_URL": database, **env},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_demo_is_loaded_by_one_command_and_a_second_says_that_nothing_changed(monaco: str, tmp_path: Path) -> None:
    done = load(monaco, "demo", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Monaco was loaded already: nothing changed" in done.stdout
    assert "residents: 5447 read, 0 added, 0 changed, 0 removed, 5447 unchanged, 0 rejected" in done.stdout


def test_grids_are_generated_where_no_file_is_given(monaco: str, tmp_path: Path) -> None:
    done = load(monaco, "grids", folder=tmp_path)
    assert done.returncode == 0
    assert "grids: 51 read, 51 added, 0 changed, 51 removed" in done.stdout  # under another prefix
    assert "45 of 45 generated grids hold 300 to 500 households" in done.stdout


def test_a_refused_file_is_exit_code_2_and_says_each_line(monaco: str, tmp_path: Path) -> None:
    (tmp_path / "shops.csv").write_text("id,service,name,lon,lat\n1,shop,A,7.42,43.73\n", encoding="utf-8")
    done = load(monaco, "facilities", "shops.csv", "--datum", "wgs84", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    head, line = done.stderr.splitlines()
    assert head == "linli: shops.csv: 1 of 1 rows refused, nothing loaded (say --partial to load the others)"
    assert line.startswith("  line 2: unknown service 'shop'; there are pharmacy, clinic,")


def test_a_missing_file_is_exit_code_2_and_one_line(monaco: str, tmp_path: Path) -> None:
    done = load(monaco, "residents", "none.csv", folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, "linli: no such file: none.csv\n")


def test_in_a_chinese_locale_receipts_and_refusals_are_chinese(monaco: str, tmp_path: Path) -> None:
    shops = tmp_path / "shops.csv"
    shops.write_text("id,service,name,lon,lat\n1,药店,A,7.42,43.735\n2,药店,B,43.735,7.42\n", encoding="utf-8")
    refused = load(monaco, "facilities", "shops.csv", "--datum", "wgs84", folder=tmp_path, LC_ALL="zh_CN.UTF-8")
    assert refused.stderr.splitlines() == [
        "linli: shops.csv: 2 行中有 1 行被拒绝，未导入任何数据（用 --partial 只导入其余行）",
        "  第 3 行：lon 43.735、lat 7.42 经纬度颠倒",
    ]
    argv = ("facilities", "shops.csv", "--datum", "wgs84", "--partial")
    assert load(monaco, *argv, folder=tmp_path, LC_ALL="zh_CN.UTF-8").stdout.splitlines()[:2] == [
        "设施：读取 2，新增 1，更新 0，删除 0，未变 0，拒绝 1",
        "拒绝 第 3 行：lon 43.735、lat 7.42 经纬度颠倒",
    ]
