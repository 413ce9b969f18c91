"""Errors come from one table, as problem+json, in the reader's language: whatever raises them, and whatever layer."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import chinese
from api.app import create
from api.errors import DOCUMENTED, STATUS
from api.settings import ServeSettings
from tests.api.people import ROOT as HERE
from tests.api.people import enrol, token
from tests.ingest.loaders.test_said import HAN, called, is_prose, is_said, strings
from twin.roles import Role

ROOT = Path(__file__).parents[2]
ZH = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
RAISED = {
    "Refused",
    "NotFound",
    "Stale",
    "Forbidden",
    "HTTPException",
    "problem",
    "Unreadable",
    "Superseded",
    "Problem",
}
FOLDERS = ("api", "api/routes", "api/features", "api/formats", "twin", "twin/queries", "simulations")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.py")) if "commands" not in path.stem]


@pytest.fixture(scope="module")
def client(monaco_of_file: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), monaco_of_file), base_url=HERE) as client:
        yield client


@pytest.fixture(scope="module")
def operator(monaco_of_file: str) -> dict[str, str]:
    return token(monaco_of_file, enrol(monaco_of_file, Role.OPERATOR))


# Each layer that refuses, and each kind of what it says: method, address, headers, status, and the Chinese.
REFUSED = [
    ("GET", "/api/state", {"Authorization": ""}, 401, "请先登录"),
    ("GET", "/api/users", {}, 403, "角色 operator 无权执行此操作"),
    ("GET", "/api/nothing", {}, 404, "没有此地址"),
    ("DELETE", "/api/place", {}, 403, "角色 operator 无权执行此操作"),
    ("GET", "/api/alarms/77", {}, 404, "没有告警 77"),
    ("GET", "/api/alarms?limit=0", {}, 422, "query.limit：不得小于 1"),
    ("GET", "/api/alarms?limit=x", {}, 422, "query.limit：应为整数"),
    ("GET", "/api/alarms?colour=red", {}, 422, "query.colour：不允许其他字段"),
    ("GET", "/api/alarms?cursor=x", {}, 400, "cursor：不是此列表给出的游标"),
    (
        "POST",
        "/api/alarms/acknowledge",
        {"Idempotency-Key": "x"},
        400,
        "Idempotency-Key：16 至 255 个可见字符，最好用 UUID",
    ),
    ("POST", "/api/alarms/acknowledge", {}, 422, "body：缺少此字段"),
    ("POST", "/api/alarm-rules/1/switch", {"If-Match": '"x"'}, 412, "读取之后已被修改，请重新读取"),
    ("POST", "/api/what-if", {"Origin": "http://evil.example"}, 403, "请求来自其他站点的页面"),
    ("GET", "/api/exports/grids.doc?purpose=plan", {}, 422, "没有此格式；可用："),
    ("GET", "/ogc/collections/nothing", {}, 404, "没有集合"),
    ("GET", "/api/place", {"Host": "evil.example"}, 400, "本服务不使用此主机名"),
]


@pytest.mark.parametrize(("method", "path", "headers", "status", "said"), REFUSED)
def test_a_refusal_is_one_line_of_problem_json_in_the_readers_language(  # noqa: PLR0917  # pytest fills them by name
    client: TestClient,
    operator: dict[str, str],
    method: str,
    path: str,
    headers: dict[str, str],
    status: int,
    said: str,
) -> None:
    asked = {name: value for name, value in (operator | headers).items() if value}
    english = client.request(method, path, headers=asked)
    other = client.request(method, path, headers=asked | ZH)
    for answer, language in ((english, "en"), (other, "zh")):
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.headers["content-language"] == language
        assert answer.json().keys() == {"type", "title", "status", "detail"}
        assert (answer.json()["status"], "\n" in answer.json()["detail"]) == (status, False)
        assert int(answer.headers["content-length"]) == len(answer.content)
    assert not HAN.search(english.text)
    assert other.json()["detail"].startswith(said)
    assert HAN.search(other.json()["title"])


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [("zh", True), ("en", False), ("", False), ("*", False), ("fr,zh;q=0.3", True), ("en;q=0.2,zh-TW;q=0.8", True),
     ("zh;q=0.2,en;q=0.8", False), ("zh;q=x", False), ("zh;q=nan", False), ("zh," * 5_000, True), ("en,zh", False)],
)  # fmt: skip
def test_the_language_is_the_one_that_is_accepted_most(accepted: str, wanted: bool) -> None:
    assert chinese.is_wanted(accepted) is wanted


def test_every_status_that_an_error_has_is_documented_and_has_a_chinese_title() -> None:
    codes = {status.value for status in STATUS.values()} | {int(status) for status in DOCUMENTED}
    assert {code for code in codes if not HAN.search(chinese.title(code) or "")} == set()


def refused(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if called(node) in RAISED:
            yield from strings(node)


def is_in_chinese(line: str) -> bool:
    tries = (
        line,
        f"{line.rstrip()} 7",
        f"no device 7 is offered{line}",
    )  # a part of a line, with what stands beside it
    return any(HAN.search(chinese.in_chinese(each) or "") for each in tries) or is_said(line)


@pytest.mark.parametrize("folder", FOLDERS)
def test_whatever_is_refused_has_its_chinese_line(folder: str) -> None:
    found = [(path.stem, text) for path in SOURCES if path.parent == ROOT / folder for text in refused(path)]
    assert [each for each in found if is_prose(each[1]) and not is_in_chinese(each[1])] == []
    assert len(found) > 2 or folder == "api/formats"
