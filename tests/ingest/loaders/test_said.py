"""Every line that an import can say, as it stands in the sources, has its Chinese: a new one without fails here."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.loaders import chinese
from twin import datum
from twin.terms import EdgeKind, Service

ROOT = Path(__file__).parents[3]
# commands of their own, which load nothing; offers of devices, which are no import
OTHERS = {"commands.py", "crs_commands.py", "receipt_commands.py", "offered.py"}
LOADERS = sorted(path for path in (ROOT / "ingest" / "loaders").glob("*.py") if path.name not in OTHERS)
# what the loaders call: only what is refused in them reaches a person
TWIN = [
    ROOT / "twin" / f"{name}.py"
    for name in ("code_validity", "codes", "crs", "datum", "enrolment", "local_fit", "norms/rules", "places", "receipts", "undoing")
]  # fmt: skip
UNSAID = {"RuntimeError", "acting", "progress", "warning"}  # for the log, the history, and who watches it run
HAN = re.compile(r"[\u4e00-\u9fff]")
VALUE = "7"


def template(node: ast.AST) -> str | None:
    """Give a string of the source with 7 for each value in it; None for what is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) or VALUE for part in node.values)
    return None


def called(node: ast.AST) -> str:
    """Give the name of what a call calls; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def strings(node: ast.AST) -> Iterator[str]:
    """Give each string below a node that somebody may be told, docstrings left out."""
    if called(node) in UNSAID or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    text = template(node)
    if text is not None:
        yield text
    below = ast.walk(node) if isinstance(node, ast.JoinedStr) else ()
    for part in below:  # a word that one of two branches puts into the line
        if isinstance(part, ast.FormattedValue):
            yield from strings(part.value)
    if text is None:
        for part in ast.iter_child_nodes(node):
            yield from strings(part)


def in_functions(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from strings(node)


def refused(path: Path) -> Iterator[str]:
    """Give what is refused in a module: what is raised, and the reasons given for a row."""
    raised = {"Refused"} if path.stem == "rules" else {"Refused", "NotFound"}  # no import asks for a single norm
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        is_reason = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("reasons[")
        if is_reason or called(node) in raised:
            yield from strings(node)


def is_prose(text: str) -> bool:
    return " " in text.strip() and re.search(r"[a-z]{2}", text) is not None and not HAN.search(text)


def is_said(text: str) -> bool:
    """Tell whether a line has its Chinese, or a phrase or an end of a line; in it a value may be a line itself."""
    line = text.strip().removeprefix(f"{VALUE}: ")
    line = f"line {VALUE}{line}" if line[0] in ",:;" else line
    line = f"{line} {VALUE}" if line.endswith(":") else line
    tries = (line, line.replace(VALUE, f"line {VALUE}"), re.sub(f"{VALUE}$", f"line {VALUE}", line))
    return any(HAN.search(chinese.in_chinese(each) or chinese.word(each) or "") for each in tries)


@pytest.mark.parametrize("path", LOADERS, ids=lambda path: path.stem)
def test_whatever_a_loader_says_is_said_in_chinese(path: Path) -> None:
    assert [text for text in in_functions(path) if is_prose(text) and not is_said(text)] == []


@pytest.mark.parametrize("path", TWIN, ids=lambda path: path.stem)
def test_whatever_the_twin_refuses_of_an_import_is_said_in_chinese(path: Path) -> None:
    found = [text for text in refused(path) if is_prose(text)]
    assert found
    assert [text for text in found if not is_said(text)] == []


def test_a_line_that_nobody_put_into_chinese_would_be_found() -> None:
    source = 'def f():\n    """Say it."""\n    raise Refused(f"{path}: the moon {x} is no cheese")\n'
    (text,) = (text for text in strings(ast.parse(source)) if is_prose(text))
    assert text == "7: the moon 7 is no cheese"
    assert not is_said(text)


def test_warnings_of_old_systems_are_said_in_chinese() -> None:
    assert all(chinese.in_chinese(warning) for warning in datum.OLD_SYSTEMS.values())


@pytest.mark.parametrize("name", [*Service, *EdgeKind])
def test_each_kind_that_a_receipt_counts_has_its_chinese_word(name: str) -> None:
    assert HAN.search(chinese.word(f"3 {name}") or "")


@pytest.mark.parametrize("name", chinese.LINES)
def test_each_chinese_line_has_all_the_values_that_it_asks_for(name: str) -> None:
    for row in tomllib.loads((chinese.FOLDER / name).read_text(encoding="utf-8"))["line"]:
        said = chinese.in_chinese(chinese.MARK.sub("line7", row["en"].replace("{*}", "line 7")))
        assert said is not None, row["en"]
        assert "{" not in said


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("w12: a building without area", "w12：建筑没有面积"),
        ("n7: clinic: not open to the public", "n7：社区卫生服务站：不对公众开放"),
        ("edges: 12 path, 3 steps", "路段：12 步行道、3 台阶"),
        ("lift n4 Ost: dead end", "电梯 n4 Ost：尽端"),
        ("2 lifts: 1 by geometry, 1 closed", "2 部电梯：1 按几何判断、1 关闭"),
        ("3 residential buildings lie in no grid: w1, w2 and 1 more", "3 栋住宅不在任何网格内：w1、w2、另 1 个"),
        ("line 4: this key is enrolled in another place", "第 4 行：该设备编号已在其他地区登记"),
        (
            "9 residents in 2 buildings; given by building and grid and age band in a.csv: 9 of 12 residents located",
            "9 名居民，2 栋楼；按 a.csv 中的楼栋、网格与年龄段给出：12 名居民中 9 名已落位",
        ),
        (
            "8 hang on the network, at most 3 m from it; 1 are farther than 100 m from any walkable way",
            "8 个已接入路网，最远 3 米；1 个距任何可步行道路超过 100 米",
        ),
    ],
)
def test_words_and_lines_in_a_line_are_in_chinese_too(english: str, said: str) -> None:
    assert chinese.in_chinese(english) == said
