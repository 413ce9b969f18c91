"""Every line that a loader says has its Chinese one, with the same values in it."""

import re
import tomllib
from pathlib import Path

import pytest

from ingest.loaders import lines, refusal
from ingest.loaders.chinese import in_chinese
from ingest.loaders.refusal import RefusedFile
from twin.errors import Refused

EXPECTED = Path(__file__).parents[2] / "golden" / "bad" / "expected.toml"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    "line",
    [line for line in tomllib.loads(EXPECTED.read_text(encoding="utf-8")).values() if not line.endswith("]")],
)
def test_each_line_of_a_broken_file_is_said_in_chinese(line: str) -> None:
    said = in_chinese(line)
    assert said is not None
    assert CHINESE.search(said)
    assert "{" not in said


@pytest.mark.parametrize("code", refusal.codes())
def test_each_code_has_a_line_in_both_languages(code: str) -> None:
    values: dict[str, object] = dict.fromkeys(NAMES, 7)
    refused = RefusedFile(code, None, **values)
    assert CHINESE.search(refused.text("zh"))
    assert not CHINESE.search(refused.text("en"))


NAMES = ("size", "most", "kind", "suffix", "kinds", "ratio", "count", "name", "why", "what", "seconds", "megabytes", "signal", "names", "examples", "stated", "unit")  # fmt: skip


def test_values_come_over_in_their_places() -> None:
    assert in_chinese("line 3: lon 43.7, lat 7.4 are the wrong way round") == "第 3 行：lon 43.7、lat 7.4 经纬度颠倒"
    assert in_chinese("overlap of 12 m² between a and b") == "a 与 b 重叠 12 平方米"
    assert in_chinese("nobody says this") is None


def test_a_refusal_does_not_name_the_folder() -> None:
    path = Path("/tmp/secret/folder/shops.csv")
    (line,) = lines.of_refusal(Refused(f"{path}: no column service"), path)
    assert line == {"en": "no column service", "zh": "缺少列 service"}
    (line,) = lines.of_refusal(RefusedFile("no-file", path), path)
    assert line == {"en": "not a plain file [no-file]", "zh": "不是普通文件 [no-file]"}
