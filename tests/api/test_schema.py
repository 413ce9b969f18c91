"""Every operation of the interface, asked by schemathesis with what its definition allows and what it does not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
import uvicorn
from jsonschema_rs import Draft202012Validator
from schemathesis.core.errors import InvalidSchema
from schemathesis.core.result import Ok, Result

from api.app import create
from api.server import listen
from api.settings import ServeSettings
from deploy.services import Services
from tests.conftest import _copied
from twin.roles import Role

EXAMPLES = 12  # for each operation
SLOW = {("post", "/api/imports")}  # a file is wanted; tests/api/test_imports.py sends good and bad ones


@pytest.fixture(scope="module")
def address(services: Services, monaco_template: str) -> Iterator[str]:
    """The application, open as an operator."""
    with _copied(services, monaco_template) as url:
        settings = ServeSettings(port=0, open_as=Role.OPERATOR)
        listening = listen(settings)
        server = uvicorn.Server(
            uvicorn.Config(create(settings, url), log_level="critical", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def described(result: Result[Any, InvalidSchema]) -> Any:
    """Give an operation; one whose definition cannot be read fails the test."""
    assert isinstance(result, Ok), result.err()
    return result.ok()


def unlike(answer: Any, documented: dict[str, Any], components: Any) -> str:
    """Say how a JSON answer is not as its schema has it; empty where it is."""
    content = documented[str(answer.status_code)].get("content", {})
    media = answer.headers.get("content-type", [""])[0]
    schema = content.get(media, {}).get("schema")
    if schema is None or "json" not in media:
        return ""
    errors = Draft202012Validator({**schema, "components": components}).iter_errors(answer.json())
    return "; ".join(f"{error.instance_path}: {error.message}"[:150] for error in errors)[:400]


def ask_all(operation: Any, components: Any, wrong: dict[tuple[str, str, int], str]) -> int:
    """Ask one operation EXAMPLES times; note what should not have been answered."""
    documented = operation.definition.raw["responses"]
    asked = []

    @hypothesis.given(case=operation.as_strategy())
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    def ask(case: Any) -> None:
        answer = case.call(timeout=60)
        asked.append(answer.status_code)
        if answer.status_code >= 500 or str(answer.status_code) not in documented:
            wrong[case.method, case.path, answer.status_code] = f"{case.as_curl_command()} {answer.text[:200]}"
        elif said := unlike(answer, documented, components):
            wrong[case.method, case.path, answer.status_code] = f"{case.as_curl_command()} {said}"

    ask()
    return len(asked)


def test_no_request_ends_in_a_server_error_or_in_an_answer_that_is_not_as_documented(address: str) -> None:
    document = httpx.get(f"{address}/api/openapi.json", timeout=30).json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=address)
    wrong: dict[tuple[str, str, int], str] = {}
    operations = [described(result) for result in schema.get_all_operations()]
    asked = sum(ask_all(one, document["components"], wrong) for one in operations if (one.method, one.path) not in SLOW)
    assert wrong == {}
    assert asked > 100
