"""The definition has an example of every request and answer; each fits its schema, and each is true when it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

from api.access import every_route
from api.app import create
from api.definition import EXAMPLES, example, name
from api.settings import ServeSettings
from deploy.services import Services
from tests.api import examples
from tests.api.people import ROLES, ROOT, enrol, token
from tests.conftest import _copied
from twin.roles import Role

Document = dict[str, Any]


def routes() -> list[tuple[str, str]]:
    """Every method and path of the definition: what reads first."""
    app = create(ServeSettings(), "postgresql://nowhere/none")
    found = [route for route in every_route(app.routes) if isinstance(route, APIRoute) and route.include_in_schema]
    every = [(method, route.path) for route in found for method in route.methods or ()]
    return sorted(every, key=lambda each: (ORDER.index(each[0]), each[1]))


ORDER = ["GET", "POST", "PATCH", "PUT", "DELETE"]
ROUTES = routes()


@pytest.fixture(scope="module")
def town(services: Services, monaco_template: str) -> Iterator[str]:
    with _copied(services, monaco_template) as url:
        examples.plant(url)
        yield url


@pytest.fixture(scope="module")
def client(town: str) -> Iterator[TestClient]:
    with TestClient(create(ServeSettings(), town), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(town: str) -> dict[Role, dict[str, str]]:
    return {role: token(town, enrol(town, role)) for role in ROLES}


@pytest.fixture(scope="module")
def document(client: TestClient) -> Document:
    found: Document = client.get("/api/openapi.json").json()
    return found


def contents(operation: Document) -> Iterator[tuple[str, Document]]:
    """Each content of a request and its answers, with what it is of."""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {media}", content
    for status, answer in operation["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield f"{status} {media}", content


def wrong(document: Document, schema: Document, value: Any) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [f"{error.instance_path}: {error.message}"[:200] for error in Draft202012Validator(whole).iter_errors(value)]


def test_every_route_has_an_example_of_its_request_and_of_each_answer(document: Document) -> None:
    missing = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            missing += [
                (method, path, each["name"])
                for each in operation["parameters"]
                if each.get("required") and "example" not in each
            ]
            is_file = {"schema": {"type": "string", "format": "binary"}}
            missing += [
                (method, path, what)
                for what, content in contents(operation)
                if "example" not in content and content != is_file
            ]
            is_told = "204" in operation["responses"] or any(what.startswith("2") for what, _ in contents(operation))
            missing += [] if is_told else [(method, path, "answer")]
    assert len(document["paths"]) > 40
    assert missing == []


def test_each_example_fits_its_schema_and_no_schema_is_empty(document: Document) -> None:
    found = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for what, content in contents(operation):
                if "example" in content:
                    found += [
                        (method, path, what, each) for each in wrong(document, content["schema"], content["example"])
                    ]
                if not content["schema"]:
                    found.append((method, path, what, "says nothing"))
            for each in operation["parameters"]:
                if "example" in each:
                    found += [
                        (method, path, each["name"], no) for no in wrong(document, each["schema"], each["example"])
                    ]
    assert found == []


def test_no_example_is_of_a_route_that_is_gone() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.json")} - {name(method, path) for method, path in ROUTES} == set()


def test_every_list_refuses_what_is_no_cursor_in_one_clear_line(
    client: TestClient, tokens: dict[Role, dict[str, str]], document: Document
) -> None:
    asked = {}
    for method, path in ROUTES:
        operation = document["paths"][path.replace(":path", "")][method.lower()]
        named = {each["name"] for each in operation["parameters"]}
        if method == "GET" and "cursor" in named and "unasked" not in example(method, path):
            shown = dict(example(method, path))
            shown["query"] = shown.get("query", {}) | {"cursor": "x"} | ({"each": True} if "each" in named else {})
            answer = examples.ask(client, tokens[examples.asker(method, path, shown)], method, path, shown)
            asked[path] = (answer.status_code, answer.json().get("detail"))
    assert len(asked) > 15
    assert {path for path, said in asked.items() if said != (400, "cursor: not one that this list gave")} == set()


def test_few_examples_are_not_asked_and_each_says_why() -> None:
    unasked = [example(method, path)["unasked"] for method, path in ROUTES if "unasked" in example(method, path)]
    assert len(unasked) < len(ROUTES) / 4
    assert all(len(why) > 10 for why in unasked)


@pytest.mark.parametrize(("method", "path"), [each for each in ROUTES if "unasked" not in example(*each)])
def test_each_example_is_answered_as_its_schema_says(
    client: TestClient, tokens: dict[Role, dict[str, str]], document: Document, method: str, path: str
) -> None:
    assert isinstance(client.app, FastAPI)
    shown = example(method, path)
    answer = examples.ask(client, tokens[examples.asker(method, path, shown)], method, path, shown)
    assert answer.status_code < 300, answer.text
    if answer.status_code == 204:
        return
    responses = document["paths"][path.replace(":path", "")][method.lower()]["responses"]
    content = responses[str(answer.status_code) if str(answer.status_code) in responses else "200"]["content"]
    media = answer.headers["content-type"]
    assert media in content
    if "json" in media:
        assert wrong(document, content[media]["schema"], answer.json()) == []
