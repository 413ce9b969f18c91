"""Signing in at a provider by another's code, which checks the client and its code."""

from __future__ import annotations

import json
import re
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.provider import Attempt, Provider, Unreachable
from api.settings import Oidc, ServeSettings
from tests.api.people import ROOT
from twin import accounts, db
from twin.errors import Refused
from twin.roles import Role

# the provider's own use of its libraries
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

BACK = f"{ROOT}/signin/oidc/back"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider on this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock

        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def registered(issuer: str) -> Oidc:
    asked = {"redirect_uris": [BACK]}
    given = httpx.post(f"{issuer}/oauth2/clients", json=asked).raise_for_status().json()
    return Oidc(issuer=issuer, client_id=given["client_id"], client_secret=given["client_secret"])


@pytest.fixture
def client(registered: Oidc, monaco: str) -> Iterator[TestClient]:
    with db.opened(monaco) as engine, engine.begin() as connection:
        accounts.create(connection, "chen", Role.PLANNER, None, subject=f"{registered.issuer} chen-8f2c")
    with TestClient(create(ServeSettings(oidc=registered), monaco), base_url=ROOT) as client:
        yield client


def consent(address: str, subject: str) -> str:
    """Sign in at the provider as somebody, and give where it sends the browser."""
    return httpx.post(address, data={"sub": subject}, follow_redirects=False).headers["location"]


def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(client: TestClient) -> None:
    assert "signin/oidc" in client.get("/signin").text
    there = client.get("/signin/oidc", follow_redirects=False).headers["location"]
    asked = parse_qs(urlsplit(there).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]

    back = client.get(consent(there, "chen-8f2c"))
    assert back.status_code == 200
    assert re.search(r'http-equiv="refresh" content="0; url=../../"', back.text)
    assert client.get("/api/me").json()["name"] == "chen"
    assert client.get("/api/me").json()["role"] == "planner"


def test_below_a_prefix_the_attempt_is_kept_where_the_browser_has_the_sign_in(registered: Oidc, monaco: str) -> None:
    with TestClient(create(ServeSettings(oidc=registered, root_path="/linli"), monaco), base_url=ROOT) as behind:
        answer = behind.get("/signin/oidc", follow_redirects=False)
    assert "Path=/linli/signin;" in answer.headers["set-cookie"]
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["redirect_uri"] == [f"{ROOT}/linli/signin/oidc/back"]


def test_a_stranger_with_a_valid_sign_in_gets_nothing_and_it_is_written_down(client: TestClient, monaco: str) -> None:
    there = client.get("/signin/oidc", follow_redirects=False).headers["location"]

    assert client.get(consent(there, "somebody else")).status_code == 403
    assert client.get("/api/me").status_code == 401
    with psycopg.connect(monaco) as connection:
        last = connection.execute("SELECT event FROM audit_entry ORDER BY id DESC LIMIT 1").fetchone()
    assert last == ("sign-in refused",)


def test_what_comes_back_without_the_attempt_that_began_it_is_refused(client: TestClient) -> None:
    there = client.get("/signin/oidc", follow_redirects=False).headers["location"]
    back = consent(there, "chen-8f2c")
    stolen = client.cookies.pop("linli_attempt") if "linli_attempt" in client.cookies else None
    client.cookies.clear()

    assert stolen is not None
    assert client.get(back).status_code == 422
    client.get("/signin/oidc", follow_redirects=False)  # an attempt of one's own does not fit another's code
    assert client.get(back).status_code == 422
    assert client.get("/api/me").status_code == 401


def test_a_code_is_good_once_and_only_with_its_nonce(registered: Oidc) -> None:
    provider, attempt = Provider(registered), Attempt.new()

    def code() -> dict[str, str]:
        found = parse_qs(urlsplit(consent(provider.address(attempt, BACK), "chen-8f2c")).query)
        return {"state": found["state"][0], "code": found["code"][0]}

    once = code()
    assert provider.subject(attempt, BACK, **once) == f"{registered.issuer} chen-8f2c"
    with pytest.raises(Refused):
        provider.subject(attempt, BACK, **once)
    with pytest.raises(Refused, match="not signed, or not for us"):
        provider.subject(Attempt(attempt.state, "another nonce", attempt.verifier), BACK, **code())


def test_a_token_signed_with_nothing_or_by_somebody_else_is_refused(registered: Oidc) -> None:
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    provider, attempt = Provider(registered), Attempt.new()
    keys = httpx.get(f"{registered.issuer}/jwks").json()
    stranger = RSAKey.generate_key(2048, parameters={"kid": keys["keys"][0].get("kid", "k")})
    claims = {
        "iss": registered.issuer,
        "aud": registered.client_id,
        "sub": "chen-8f2c",
        "nonce": attempt.nonce,
        "iat": 1,
        "exp": 4_000_000_000,
    }
    forged = jwt.encode({"alg": "RS256", "kid": stranger.kid}, claims, stranger)
    unsigned = "eyJhbGciOiJub25lIn0." + forged.split(".")[1] + "."
    for token in (forged, unsigned, "", "a.b.c"):
        with pytest.raises(Refused):
            provider._checked(token, keys, attempt)


class Recorder(BaseHTTPRequestHandler):
    """A token endpoint that keeps what it is given and takes nothing."""

    given: ClassVar[list[dict[str, list[str]]]] = []

    def do_GET(self) -> None:
        here = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        ends = dict.fromkeys(("authorization_endpoint", "token_endpoint", "jwks_uri"), f"{here}/end")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"issuer": here, **ends}).encode())

    def do_POST(self) -> None:
        self.given.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.send_response(400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_the_code_goes_out_with_the_verifier_of_the_challenge_that_asked_for_it() -> None:
    # verifier and challenge are those of RFC 7636, appendix B
    attempt = Attempt("state", "nonce", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    server = HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    provider = Provider(Oidc(issuer=f"http://127.0.0.1:{server.server_port}", client_id="linli"))
    asked = parse_qs(urlsplit(provider.address(attempt, BACK)).query)
    with pytest.raises(Refused, match="does not take"):
        provider.subject(attempt, BACK, state="state", code="the code")
    server.shutdown()
    server.server_close()

    assert asked["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
    (given,) = Recorder.given
    assert (given["code"], given["code_verifier"]) == (["the code"], [attempt.verifier])


class Imposter(BaseHTTPRequestHandler):
    """Describes another issuer."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"issuer": "https://elsewhere.example"}')

    def log_message(self, *_: object) -> None:
        return


def test_a_provider_that_is_away_or_describes_another_is_a_502(monaco: str) -> None:
    imposter = HTTPServer(("127.0.0.1", 0), Imposter)
    threading.Thread(target=imposter.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{imposter.server_port}"
    with pytest.raises(Unreachable, match="another issuer"):
        Provider(Oidc(issuer=issuer, client_id="x")).address(Attempt.new(), BACK)
    imposter.shutdown()
    imposter.server_close()
    with TestClient(create(ServeSettings(oidc=Oidc(issuer=issuer, client_id="x")), monaco), base_url=ROOT) as client:
        assert client.get("/signin/oidc", follow_redirects=False).status_code == 502
