"""What people type and send stands in no log and in no answer about an error: planted marks are looked for."""

from __future__ import annotations

import logging

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.access import COOKIE
from api.app import create
from api.rates import Rates
from api.settings import ServeSettings
from tests.api.people import ROOT, enrol, token
from twin.roles import Role

MARK = "mark-13912345678-zhang"
OF_THE_TEST = ("httpx", "httpx2", "httpcore", "asyncio")  # the client's own loggers


def asked_with_marks(client: TestClient, headers: dict[str, str]) -> list[str]:
    """Send the mark in everything that can be sent; gives the answers that tell of an error."""
    answers = [
        client.post("/signin", data={"name": MARK, "password": MARK}),
        client.post("/signin", data={"name": "operator", "password": MARK}),
        client.get("/api/me", headers={"Authorization": f"Bearer {MARK}"}),
        client.get("/api/me", headers={"Cookie": f"{COOKIE}={MARK}"}),
        client.get(f"/api/{MARK}", headers=headers),
        client.get(f"/api/coverage?service={MARK}&group={MARK}&minutes=10", headers=headers),
        client.get(f"/sta/v1.1/Things?$filter=name eq '{MARK}' and", headers=headers),
        client.get(f"/ogc/collections/things/items?filter=name='{MARK}' AND", headers=headers),
        client.post("/api/what-if", json={"close": [{"kind": MARK, "id": 1}]}, headers=headers),
        client.post("/api/me/tokens", json={"name": MARK, "days": -1}, headers=headers),
        client.post("/api/me/tokens", json={"name": MARK}, headers=headers),
        client.get("/api/place", headers={**headers, "User-Agent": MARK, "Referer": f"{ROOT}/{MARK}"}),
    ]
    return [answer.text for answer in answers if answer.status_code >= 400]


@pytest.mark.parametrize("is_broken", [False, True], ids=["sound", "a table is missing"])
def test_no_mark_is_in_a_log_or_in_the_answer_to_what_was_refused(
    monaco: str, caplog: pytest.LogCaptureFixture, *, is_broken: bool
) -> None:
    headers = token(monaco, enrol(monaco, Role.OPERATOR))
    app = create(ServeSettings(), monaco)
    caplog.set_level(logging.DEBUG)
    with TestClient(app, base_url=ROOT, raise_server_exceptions=False) as client:
        app.state.sign_ins = Rates(1_000)
        if is_broken:  # an error that nobody foresaw, with the mark among its values
            with psycopg.connect(monaco, autocommit=True) as connection:
                connection.execute("ALTER TABLE user_token DROP COLUMN created_at, DROP COLUMN expires_at CASCADE")
        refused = asked_with_marks(client, headers)

    logged = [r.getMessage() + str(r.exc_text or "") for r in caplog.records if not r.name.startswith(OF_THE_TEST)]
    assert len(refused) >= 9
    assert [text for text in (*refused, *logged) if MARK in text] == []
