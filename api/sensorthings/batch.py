"""Answer $batch: requests in one body, as multipart/mixed or as JSON; a change set is done whole or not at all.

Source: OGC 18-088, 11 (multipart); OData JSON Format 4.01, 19 (JSON).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
from fastapi.responses import Response

from api.errors import problem
from api.sensorthings.answers import Request, json
from api.sensorthings.bodies import document
from api.sensorthings.service import STATUS, refusal
from twin.db import Connection
from twin.errors import Refused

__all__ = ["Desk", "answer_json", "answer_multipart"]

MOST = 200  # requests in a batch
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})
REQUEST_LINE = re.compile(r"([A-Z]+) (\S+)(?: HTTP/1\.[01])?")
HEAD_END = re.compile(rb"\r?\n\r?\n")
REFERENCE = re.compile(r"\$([A-Za-z0-9_.-]+)")
VERSION = "v1.1/"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests are answered: `begin` opens a transaction, `answer` answers in it and raises what is wrong."""

    begin: Callable[[], AbstractContextManager[Connection]]
    answer: Callable[[Connection, Request], Response]


class Undone(Exception):
    """A request of a change set failed: none of it stays."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Part:
    """A request of a batch; its address may begin with the reference of one before it, such as `$1/Datastreams`."""

    root: str
    method: str
    address: str
    body: bytes
    media_type: str
    reference: str

    def request(self, made: dict[str, str]) -> Request:
        """Give the request, with the addresses of what was made in the place of references."""
        if self.method not in METHODS:
            raise Refused(f"a batch has requests of {', '.join(sorted(METHODS))}")
        address, body = self.address, self.body
        found = REFERENCE.match(address)
        if found and found[1] in made:
            address = made[found[1]] + address[found.end() :]
        for reference, location in made.items():
            identity = location[location.rindex("(") + 1 : -1].replace("'", '"')
            body = body.replace(f'"${reference}"'.encode(), identity.encode())
        split = urlsplit(address.removeprefix(self.root))
        path = split.path
        if VERSION in path:
            path = path.split(VERSION, 1)[1]
        query = split.query.encode("ascii", "replace")
        return Request(self.method, self.root, unquote(path), query, body, self.media_type)


def answer_multipart(request: Request, desk: Desk) -> Response:
    """Answer a multipart batch in kind. Raises Refused where it is none."""
    batch = _message(request.media_type, request.body)
    boundary = f"batch_{uuid.uuid4()}"
    answers: list[bytes] = []
    made: dict[str, str] = {}
    for part, content in _parts(batch):
        if part.get_content_maintype() == "multipart":
            inner = [_single(request.root, one, body) for one, body in _parts(part)]
            answers.append(_change_set(inner, _done(inner, desk, made)))
        else:
            single = [_single(request.root, part, content)]
            answers.append(_written(single[0], _done(single, desk, made)[0]))
    return Response(_joined(boundary, answers), media_type=f"multipart/mixed; boundary={boundary}")


def _message(media_type: str, body: bytes) -> Message:
    head = b"Content-Type: " + media_type.encode("ascii", "replace") + b"\r\n\r\n"
    message = BytesParser().parsebytes(head + body)
    if not message.is_multipart():
        raise Refused("a batch is multipart/mixed with a boundary, or JSON")
    return message


def _parts(message: Message) -> Iterator[tuple[Message, bytes]]:
    payload = message.get_payload()
    if not isinstance(payload, list) or len(payload) > MOST:
        raise Refused(f"a batch has parts, {MOST} at most")
    for part in payload:
        if not isinstance(part, Message):
            raise Refused("a batch has parts")
        content = part.get_payload(decode=True)
        yield part, content if isinstance(content, bytes) else b""


def _single(root: str, part: Message, content: bytes) -> Part:
    """Read the request in a part: a line, headers, an empty line, a body."""
    head, *rest = HEAD_END.split(content.strip(), maxsplit=1)
    first, _, headers = head.decode("utf-8", "replace").partition("\n")
    line = REQUEST_LINE.fullmatch(first.strip())
    if line is None:
        raise Refused("a part of a batch is a request such as GET Things HTTP/1.1")
    found = re.search(r"(?im)^content-type:\s*(.+?)\s*$", headers)
    reference = str(part.get("Content-ID", ""))[:100]
    return Part(root, line[1], line[2], rest[0] if rest else b"", found[1] if found else "", reference)


def _done(parts: list[Part], desk: Desk, made: dict[str, str]) -> list[Response]:
    """Answer requests in one transaction; where one of several fails, its answer is the only one."""
    responses: list[Response] = []
    try:
        with desk.begin() as connection:
            for part in parts:
                response = desk.answer(connection, part.request(made))
                if response.status_code >= HTTPStatus.BAD_REQUEST and len(parts) > 1:
                    raise Undone(response)
                responses.append(response)
                if part.reference and "location" in response.headers:
                    made[part.reference] = response.headers["location"]
    except Undone as undone:
        return [undone.response]
    except tuple(STATUS) as error:
        return [refusal(error)]
    return responses


def _change_set(parts: list[Part], answers: list[Response]) -> bytes:
    boundary = f"changeset_{uuid.uuid4()}"
    if len(answers) == 1 and len(parts) > 1:
        return _written(parts[0], answers[0])
    written = [_written(part, response) for part, response in zip(parts, answers, strict=True)]
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + _joined(boundary, written)


def _written(part: Part, response: Response) -> bytes:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if part.reference:
        lines.append(f"Content-ID: {part.reference}")
    status = HTTPStatus(response.status_code)
    lines += ["", f"HTTP/1.1 {status.value} {status.phrase}"]
    if response.media_type or "content-type" in response.headers:
        lines.append(f"Content-Type: {response.headers.get('content-type', response.media_type)}")
    if "location" in response.headers:
        lines.append(f"Location: {response.headers['location']}")
    return "\r\n".join([*lines, "", ""]).encode() + bytes(response.body)


def _joined(boundary: str, parts: list[bytes]) -> bytes:
    mark = f"--{boundary}".encode()
    return b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def answer_json(request: Request, desk: Desk) -> Response:
    """Answer a JSON batch in kind; requests of one `atomicityGroup` are a change set. Raises Refused."""
    given = document(request.body)
    requests = given.get("requests") if isinstance(given, dict) else None
    if not isinstance(requests, list) or len(requests) > MOST or not all(isinstance(one, dict) for one in requests):
        raise Refused(f"a JSON batch is an object with requests, {MOST} at most")
    made: dict[str, str] = {}
    answers: list[dict[str, Any]] = []
    for group in _groups(requests):
        parts = [_json_part(request.root, one) for one in group]
        responses = _done(parts, desk, made)
        if len(responses) < len(parts):
            responses = [*[problem(HTTPStatus.FAILED_DEPENDENCY, "undone: another of its group failed")] * len(parts)]
        answers += [_json_answer(part, response) for part, response in zip(parts, responses, strict=True)]
    return json({"responses": answers})


def _groups(requests: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Gather requests that follow one another in one group; without a group each is alone."""
    group: list[dict[str, Any]] = []
    for one in requests:
        name = one.get("atomicityGroup")
        if group and (name is None or name != group[-1].get("atomicityGroup")):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _json_part(root: str, one: dict[str, Any]) -> Part:
    stated = one.get("headers")
    headers: dict[str, Any] = stated if isinstance(stated, dict) else {}
    media_type = next((str(value) for name, value in headers.items() if name.lower() == "content-type"), "")
    body = b"" if one.get("body") is None else msgspec.json.encode(one["body"])
    return Part(
        root, str(one.get("method", "")).upper(), str(one.get("url", "")), body, media_type, str(one.get("id", ""))
    )


def _json_answer(part: Part, response: Response) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": part.reference, "status": response.status_code}
    if "location" in response.headers:
        answer["location"] = response.headers["location"]
    if response.body:
        is_json = "json" in response.headers.get("content-type", "")
        answer["body"] = msgspec.Raw(bytes(response.body)) if is_json else bytes(response.body).decode()
    return answer
