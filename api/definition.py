"""The definition of the interface, /api/openapi.json: what FastAPI knows of the routes, and of each an example and headers.

The example of a route is one file of `api/examples`, named by its method and path (`name`), as JSON: `path`, `query` and
`body` or `form` of a request, the `answer` to it, its `media` type where it is not JSON, those that there are `also`, and
a `schema` of the answer; without one it is what the answer itself shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api import tags
from api.access import every_route
from api.errors import PROBLEM
from api.guard import CHANGING
from api.once import HEADER, LONGEST, SHORTEST
from api.paging import PAGES

__all__ = ["example", "file_of", "install", "name", "schema_of"]

EXAMPLES = Path(__file__).with_name("examples")
JSON = "application/json"
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "asked again with the same key, the request is answered the same and not done again; for a day",
    "schema": {"type": "string", "minLength": SHORTEST, "maxLength": LONGEST, "pattern": r"^[\x21-\x7e]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of what is to be changed, as it was read; 412 where it has changed since",
    "schema": {"type": "string", "pattern": r"^[\x20-\x7e]*$"},
    "example": '"b0c5b1d4ab8a3c6f2e2a0b9d9d1c7e55"',
}
ETAG = {"ETag": {"description": "the state of what is shown, for If-Match", "schema": {"type": "string"}}}
LINK = {"Link": {"description": 'the next page, rel="next"; none on the last', "schema": {"type": "string"}}}
UNCHANGED = {"description": "it is as If-None-Match has it", "headers": ETAG}


def install(app: FastAPI) -> None:
    """Give the app its definition."""

    @cache
    def definition() -> dict[str, Any]:
        return _described(app)

    app.openapi = definition  # type: ignore[method-assign]  # FastAPI's own way to another definition


def name(method: str, path: str) -> str:
    """Give the name of a route's example: `get_api_runs_run` of GET /api/runs/{run}."""
    return re.sub(r"[^a-z0-9]+", "_", f"{method} {path.replace(':path', '')}".lower()).strip("_")


def file_of(*media: str) -> dict[str, Any]:
    """Describe a request or an answer that is a file, for a route."""
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in media}
    return {"description": "a file", "content": content}


@cache
def example(method: str, path: str) -> dict[str, Any]:
    """Read the example of a route; empty where there is none."""
    file = EXAMPLES / f"{name(method, path)}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def schema_of(values: Iterable[Any]) -> dict[str, Any]:
    """Give the JSON Schema that values of one meaning show; of what is only ever null nothing is known."""
    held = list(values)
    types = sorted({_type(value) for value in held})
    if "number" in types and "integer" in types:
        types.remove("integer")
    if types in ([], ["null"]):
        return {}
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    if "array" in types:
        schema["items"] = schema_of(item for value in held if isinstance(value, list) for item in value)
    if "object" in types:
        schema |= _members([value for value in held if isinstance(value, dict)])
    return schema


def _members(objects: list[dict[str, Any]]) -> dict[str, Any]:
    names = sorted({key for one in objects for key in one})
    if any(key.isdecimal() for key in names):  # rows by their keys
        return {"additionalProperties": schema_of(value for one in objects for value in one.values())}
    required = [key for key in names if all(key in one for one in objects)]
    properties = {key: schema_of(one[key] for one in objects if key in one) for key in names}
    return {"properties": properties} | ({"required": required} if required else {})


def _type(value: Any) -> str:
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else TYPES[type(value)]


def _described(app: FastAPI) -> dict[str, Any]:
    definition = get_openapi(title=app.title, version=app.version, routes=app.routes)
    for route in every_route(app.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                operation = definition["paths"][route.path_format][method.lower()]
                _add_headers(operation, route, method)
                _add_example(operation, example(method, route.path_format))
    return definition


def _add_headers(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    parameters = operation.setdefault("parameters", [])
    answers = operation["responses"]
    headers = _good(answers).setdefault("headers", {})
    if method in CHANGING:
        parameters.append(KEY)
    if tags.is_marked(route, tags.MATCHED):
        parameters.append(IF_MATCH)
    else:
        answers.pop("412", None)
    if tags.is_marked(route, tags.SHOWN):
        headers |= ETAG
        answers["304"] = UNCHANGED
    if _is_paged(route.dependant):
        headers |= LINK


def _is_paged(dependant: Dependant) -> bool:
    return any(each.call is PAGES for each in dependant.dependencies)


def _add_example(operation: dict[str, Any], shown: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        values = shown.get(parameter["in"], {})
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    if "body" in shown:
        operation["requestBody"]["content"][JSON]["example"] = shown["body"]
    if "form" in shown:
        operation["requestBody"] = _form(shown["form"])
    if "answer" in shown:
        media, good = shown.get("media", JSON), _good(operation["responses"])
        schema = good.get("content", {}).get(JSON, {}).get("schema", {})
        if set(schema) <= {"title", "type", "additionalProperties"}:  # FastAPI knows no more than that it is an answer
            schema = shown.get("schema") or schema_of([shown["answer"]])
        others = {other: {"schema": {"type": "string", "format": "binary"}} for other in shown.get("also", ())}
        good["content"] = {media: {"schema": schema, "example": shown["answer"]}} | others
    for status, answer in operation["responses"].items():
        if answer.get("content", {}).get("application/problem+json", {}).get("schema") == PROBLEM:
            refused = {"type": "about:blank", "title": answer["description"], "status": int(status)}
            answer["content"]["application/problem+json"]["example"] = refused | {"detail": answer["description"]}


def _form(fields: dict[str, Any]) -> dict[str, Any]:
    """Describe a form with a file."""
    properties = {
        key: {"type": "string", "format": "binary"} if key == "file" else {"type": "string"} for key in fields
    }
    schema = {"type": "object", "required": ["kind", "file"], "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema, "example": fields}}}


def _good(answers: dict[str, Any]) -> dict[str, Any]:
    """Give the answer that is no refusal."""
    found: dict[str, Any] = answers[next(status for status in answers if status.startswith("2"))]
    return found
