"""Sign in at the city's own OpenID Connect provider: authorization code with PKCE [1]_, [2]_.

Who somebody is, the provider says; what they may do, the account here does: an administrator makes it beforehand with the
provider's subject, and a stranger with a valid sign-in gets nothing.

.. [1] OpenID Connect Core 1.0, section 3.1 (Authorization Code Flow)
.. [2] RFC 7636, Proof Key for Code Exchange; RFC 9700, Best Current Practice for OAuth 2.0 Security
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.settings import LOOPBACK, Oidc
from twin.errors import Refused

if TYPE_CHECKING:
    from joserfc.jwk import KeySetSerialization

__all__ = ["Attempt", "Provider", "Unreachable"]

SIGNED_BY = ["RS256", "PS256", "ES256", "EdDSA"]  # never none, never a shared secret
SCOPE = "openid"
ANSWER_S = 10.0
LEEWAY_S = 60
DISCOVERED_FOR_S = 3_600.0


class Unreachable(RuntimeError):
    """The provider does not answer, or not as one should."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in: three secrets that its browser keeps until it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        """Draw an attempt."""
        return cls(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))

    def packed(self) -> str:
        """Write it as one word."""
        return f"{self.state}.{self.nonce}.{self.verifier}"

    @classmethod
    def unpacked(cls, word: str) -> Attempt:
        """Read `packed`; raises Refused."""
        parts = word.split(".")
        if len(parts) != 3 or not all(parts):  # noqa: PLR2004  # its three fields
            raise Refused("this sign-in was not begun here, or too long ago")
        return cls(*parts)


class Provider:
    """A provider, found by its issuer's discovery document."""

    def __init__(self, settings: Oidc) -> None:
        self.settings = settings
        self._found: dict[str, Any] = {}
        self._found_at = 0.0

    def address(self, attempt: Attempt, back: str) -> str:
        """Give where to send the browser; raises Unreachable."""
        endpoint = str(self._discovered()["authorization_endpoint"])
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "scope": SCOPE,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def subject(self, attempt: Attempt, back: str, *, state: str, code: str) -> str:
        """Redeem what the browser brought back, and give who the provider says it is, with the issuer's name.

        Raises Refused where anything does not fit, Unreachable where the provider does not answer.
        """
        if not secrets.compare_digest(state.encode(), attempt.state.encode()):
            raise Refused("this sign-in was not begun here, or too long ago")
        found = self._discovered()
        given = self._redeemed(str(found["token_endpoint"]), attempt, back, code)
        keys = _fetched(str(found["jwks_uri"]))
        return f"{self.settings.issuer} {self._checked(str(given.get('id_token', '')), keys, attempt)}"

    def _checked(self, id_token: str, keys: dict[str, Any], attempt: Attempt) -> str:
        """Check an ID token's signature and claims; give its subject."""
        claims = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            nonce={"essential": True, "value": attempt.nonce},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )
        try:
            found = jwt.decode(
                id_token, KeySet.import_key_set(cast("KeySetSerialization", keys)), algorithms=SIGNED_BY
            ).claims
            claims.validate(found)
        except (JoseError, ValueError, KeyError) as error:
            raise Refused("the provider's word is not signed, or not for us") from error
        return str(found["sub"])

    def _redeemed(self, endpoint: str, attempt: Attempt, back: str, code: str) -> dict[str, Any]:
        """Give the code and its verifier for tokens; raises Refused where the provider takes them not."""
        secret = self.settings.client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": attempt.verifier,
        }
        proof = None if secret is None else httpx.BasicAuth(self.settings.client_id, secret.get_secret_value())
        if proof is None:
            form["client_id"] = self.settings.client_id
        try:
            answer = httpx.post(endpoint, data=form, auth=proof, timeout=ANSWER_S)
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from error
        if answer.is_client_error:
            raise Refused("the provider does not take this sign-in")
        return _read(answer)

    def _discovered(self) -> dict[str, Any]:
        """Read the provider's own description, which must be the issuer's."""
        if self._found and time.monotonic() - self._found_at < DISCOVERED_FOR_S:
            return self._found
        found = _fetched(f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        ends = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if found.get("issuer") != self.settings.issuer:
            raise Unreachable("it describes another issuer")
        if not all(_is_safe(str(found.get(end, ""))) for end in ends):
            raise Unreachable("it names addresses without TLS")
        self._found, self._found_at = found, time.monotonic()
        return found


def _fetched(address: str) -> dict[str, Any]:
    try:
        return _read(httpx.get(address, timeout=ANSWER_S))
    except httpx.HTTPError as error:
        raise Unreachable(type(error).__name__) from error


def _read(answer: httpx.Response) -> dict[str, Any]:
    """Read a JSON object; raises Unreachable where it is none."""
    try:
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unreachable(type(error).__name__) from error
    if not isinstance(found, dict):
        raise Unreachable("it answers no JSON object")
    return found


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
