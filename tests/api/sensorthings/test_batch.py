"""$batch: requests in one body, change sets whole or not at all."""

from __future__ import annotations

import json

from fastapi.testclient import TestClient

from tests.api.sensorthings.test_writes import datastream, thing

ROOT = "http://127.0.0.1/sta/v1.1"


def multipart(*parts: str) -> bytes:
    return "".join(f"--b\r\n{part}\r\n" for part in (*parts,)).encode() + b"--b--\r\n"


def part(line: str, body: str = "", reference: str = "") -> str:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    head += f"Content-ID: {reference}\r\n" if reference else ""
    return f"{head}\r\n{line} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}\r\n"


def change_set(*parts: str) -> str:
    inside = "".join(f"--c\r\n{one}\r\n" for one in parts)
    return f"Content-Type: multipart/mixed; boundary=c\r\n\r\n{inside}--c--\r\n"


def send(client: TestClient, body: bytes) -> str:
    answer = client.post("$batch", content=body, headers={"content-type": "multipart/mixed; boundary=b"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batch_")
    return answer.text


def name_of_first(client: TestClient) -> str:
    """What the first thing is called now; the tests of this folder share a town, and some rename it."""
    name: str = client.get("Things(1)").json()["name"]
    return name


def test_a_multipart_batch_reads_and_writes(writing: TestClient) -> None:
    text = send(
        writing,
        multipart(
            part("GET /sta/v1.1/Things(1)?$select=name"),
            change_set(
                part("POST Things", '{"name": "Batched", "description": "d"}', "1"),
                part("PATCH $1", '{"description": "changed in the same set"}'),
            ),
            part("GET Things?$filter=name%20eq%20'Batched'&$select=description"),
            part("GET Nothing"),
        ),
    )
    assert json.dumps({"name": name_of_first(writing)}, separators=(",", ":"), ensure_ascii=False) in text
    assert "HTTP/1.1 201 Created" in text
    assert '{"value":[{"description":"changed in the same set"}]}' in text
    assert "HTTP/1.1 404 Not Found" in text


def test_a_change_set_is_done_whole_or_not_at_all(writing: TestClient) -> None:
    good = part("POST Things", '{"name": "Undone", "description": "d"}')
    text = send(writing, multipart(change_set(good, part("POST Things", '{"name": "no description"}'))))
    assert "HTTP/1.1 400 Bad Request" in text
    assert "201" not in text
    assert writing.get("Things?$filter=name eq 'Undone'").json()["value"] == []


def test_a_json_batch_refers_to_what_it_has_made(writing: TestClient) -> None:
    requests = [
        {"id": "t", "atomicityGroup": "g", "method": "post", "url": "Things", "body": thing(Datastreams=[])},
        {"id": "d", "atomicityGroup": "g", "method": "post", "url": "$t/Datastreams", "body": datastream()},
        {"id": "o", "method": "post", "url": "$d/Observations", "body": {"result": 4}},
        {"id": "r", "method": "get", "url": "Things(1)/name/$value"},
    ]
    answers = writing.post("$batch", json={"requests": requests}).json()["responses"]
    assert [(one["id"], one["status"]) for one in answers] == [("t", 201), ("d", 201), ("o", 201), ("r", 200)]
    assert answers[3]["body"] == name_of_first(writing)
    assert writing.get(answers[1]["location"] + "/Observations").json()["value"][0]["result"] == 4.0


def test_a_json_group_is_done_whole_or_not_at_all(writing: TestClient) -> None:
    body = {"name": "Undone too", "description": "d"}
    requests = [
        {"id": "1", "atomicityGroup": "g", "method": "post", "url": "Things", "body": body},
        {"id": "2", "atomicityGroup": "g", "method": "delete", "url": "Things(9999)"},
    ]
    answers = writing.post("$batch", json={"requests": requests}).json()["responses"]
    assert [one["status"] for one in answers] == [424, 424]
    assert writing.get("Things?$filter=name eq 'Undone too'").json()["value"] == []


def test_a_batch_that_is_none_is_refused(writing: TestClient) -> None:
    for media_type, body in (
        ("multipart/mixed", b"x"),
        ("multipart/mixed; boundary=b", multipart("junk")),
        ("multipart/mixed; boundary=b", multipart(part("BREW Things"))),
        ("text/plain", b"x"),
        ("application/json", b"[]"),
        ("application/json", b'{"requests": [1]}'),
    ):
        answer = writing.post("$batch", content=body, headers={"content-type": media_type})
        assert answer.status_code == 400 or "HTTP/1.1 400" in answer.text, (media_type, body, answer.text)


def test_a_batch_that_only_reads_needs_no_permission_to_write(reading: TestClient) -> None:
    requests = [{"id": "r", "method": "get", "url": "Things"}, {"id": "w", "method": "delete", "url": "Things(1)"}]
    answers = reading.post("$batch", json={"requests": requests}).json()["responses"]
    assert [one["status"] for one in answers] == [200, 403]
