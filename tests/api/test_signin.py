"""Signing in with a local account, on the real database: what is taken, locked, ended, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from fastapi.testclient import TestClient

from api.access import COOKIE
from api.app import create
from api.rates import Rates
from api.settings import ServeSettings
from tests.api.people import PASSWORD, ROOT, browser, enrol, token
from twin import accounts, db
from twin.errors import Refused
from twin.roles import Role


@pytest.fixture(scope="module")
def running(monaco_of_file: str) -> Iterator[TestClient]:
    """The application, to which everybody signs in."""
    with TestClient(create(ServeSettings(), monaco_of_file), base_url=ROOT) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def operator(monaco_of_file: str) -> None:
    enrol(monaco_of_file, Role.OPERATOR)


@pytest.fixture
def client(running: TestClient, monaco_of_file: str) -> TestClient:
    running.app.state.sign_ins = Rates(1_000)  # type: ignore[attr-defined]
    with psycopg.connect(monaco_of_file, autocommit=True) as connection:
        connection.execute("UPDATE user_account SET failures = 0, locked_until = NULL, disabled = false")
    return browser(running.app)  # type: ignore[arg-type]


def sign_in(client: TestClient, password: str = PASSWORD, name: str = "operator") -> int:
    form = {"name": name, "password": password}
    return client.post("/signin", data=form, follow_redirects=False).status_code


def test_who_has_not_signed_in_is_sent_to_the_form_and_a_script_gets_401(client: TestClient) -> None:
    page, asked = client.get("/?lang=zh", follow_redirects=False), client.get("/api/place")

    assert (page.status_code, page.headers["location"]) == (303, "signin?lang=zh")
    assert (asked.status_code, asked.headers["www-authenticate"]) == (401, "Bearer")
    assert "登录" in client.get("/signin?lang=zh").text


def test_the_right_password_opens_a_session_in_a_cookie_no_script_reads(client: TestClient) -> None:
    answer = client.post("/signin", data={"name": "operator", "password": PASSWORD}, follow_redirects=False)

    assert answer.status_code == 303
    assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in answer.headers["set-cookie"].split(";")}
    assert client.get("/api/me").json() == {"name": "operator", "role": "operator", "grids": [], "account": True}
    assert client.post("/signout", follow_redirects=False).status_code == 303
    assert client.get("/api/me").status_code == 401


def test_five_failures_lock_for_half_an_hour_and_the_form_never_says_why(
    client: TestClient, monaco_of_file: str
) -> None:
    assert [sign_in(client, "wrong password") for _ in range(5)] == [401] * 5
    locked = client.post("/signin", data={"name": "operator", "password": PASSWORD})
    nobody = client.post("/signin", data={"name": "nobody at all", "password": PASSWORD})

    assert (locked.status_code, locked.text) == (401, nobody.text)
    with psycopg.connect(monaco_of_file, autocommit=True) as connection:
        minutes = connection.execute(
            "SELECT round(extract(epoch FROM locked_until - now()) / 60) FROM user_account WHERE name = 'operator'"
        ).fetchone()
        assert minutes == (30,)
        connection.execute("UPDATE user_account SET locked_until = now() WHERE name = 'operator'")
    assert sign_in(client) == 303


def test_a_session_ends_when_it_lies_idle_lasts_too_long_or_is_revoked(client: TestClient, monaco_of_file: str) -> None:
    for change in (
        "UPDATE user_session SET used_at = now() - interval '31 minutes'",
        "UPDATE user_session SET started_at = now() - interval '13 hours'",
        "UPDATE user_account SET disabled = true",
    ):
        with psycopg.connect(monaco_of_file, autocommit=True) as connection:
            connection.execute("UPDATE user_account SET disabled = false")
            assert sign_in(client) == 303
            assert client.get("/api/place").status_code == 200
            connection.execute(change)
        assert client.get("/api/place").status_code == 401
    with db.opened(monaco_of_file) as engine, engine.begin() as connection:
        accounts.change(connection, "operator", disabled=False)
    assert sign_in(client) == 303
    with db.opened(monaco_of_file) as engine, engine.begin() as connection:
        assert accounts.revoke(connection, "operator") >= 1
    assert client.get("/api/place").status_code == 401


def test_no_secret_is_kept_as_it_is(client: TestClient, monaco_of_file: str) -> None:
    assert sign_in(client) == 303
    secret = client.cookies[COOKIE]
    made = client.post("/api/me/tokens", json={"name": "dashboard"}).json()["token"]
    with psycopg.connect(monaco_of_file) as connection:
        tables = ("user_account", "user_session", "user_token", "audit_entry")
        held = [str(row) for name in tables for row in connection.execute(f"SELECT * FROM {name}").fetchall()]

    assert "$argon2id$" in " ".join(held)
    assert [row for row in held if PASSWORD in row or secret in row or made in row] == []


def test_a_change_by_a_browser_must_name_its_page(client: TestClient) -> None:
    assert sign_in(client) == 303
    del client.headers["Origin"]
    question = {"close": [{"kind": "edge", "id": 1}]}

    assert client.post("/api/what-if", json=question).status_code == 403
    assert client.post("/api/what-if", json=question, headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert client.post("/api/what-if", json=question, headers={"Origin": ROOT}).status_code != 403


def test_a_token_that_may_only_read_changes_nothing_and_an_expired_one_is_none(
    running: TestClient, monaco_of_file: str
) -> None:
    who = enrol(monaco_of_file, Role.INTEGRATOR)
    reads, writes = token(monaco_of_file, who, writes=False, name="reads"), token(monaco_of_file, who, name="writes")

    assert running.get("/api/me", headers=reads).json()["role"] == "integrator"
    assert running.post("/api/me/tokens", json={"name": "more"}, headers=reads).status_code == 403
    assert running.post("/api/me/tokens", json={"name": "more"}, headers=writes).status_code == 201
    with psycopg.connect(monaco_of_file, autocommit=True) as connection:
        connection.execute("UPDATE user_token SET expires_at = now()")
    assert running.get("/api/me", headers=reads).status_code == 401


def test_ten_tries_a_minute_from_one_address_are_enough(client: TestClient) -> None:
    client.app.state.sign_ins = Rates(10, clock=lambda: 0.0)  # type: ignore[attr-defined]

    assert [sign_in(client, "wrong", f"nobody {n}") for n in range(12)] == [401] * 10 + [429] * 2


def test_the_first_administrator_is_made_once(database: str) -> None:
    with db.opened(database) as engine, engine.begin() as connection:
        made = accounts.first_administrator(connection)
        assert made is not None
        assert accounts.first_administrator(connection) is None
        who = accounts.sign_in(connection, *made)
    assert who is not None
    assert who.role is Role.ADMINISTRATOR


@pytest.mark.parametrize("password", ["eleven char", "x" * 257])
def test_a_password_has_twelve_characters_and_no_novel(database: str, password: str) -> None:
    with (
        db.opened(database) as engine,
        engine.begin() as connection,
        pytest.raises(Refused, match="a password has 12 to 256"),
    ):
        accounts.create(connection, "somebody", Role.OPERATOR, password)


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0", "open_as": "operator"},
        {"hosts": ["twin.example"], "open_as": "operator"},
        {"open_as": "administrator"},
    ],
)
def test_open_without_signing_in_is_for_this_machine_and_no_administrator(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"open_as|signing in"):
        ServeSettings(**settings)
