"""The OAuth 2.0 grants for machines: what a token is asked for with.

Client credentials: RFC 6749, section 4.4, the client known by HTTP Basic or, where the server wants it, in the
form (section 2.3.1). A signed assertion: RFC 7523, section 2.1 (Salesforce, Google). Neither gives a refresh
token that one could rely on (RFC 6749, section 4.4.3): an expired token is refreshed by asking for another one.
A refresh token that somebody was once given: section 6.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import quote_plus
from uuid import uuid4

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from pydantic import SecretStr

from connectors.kit.addresses import keeps_secrets

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_LIFETIME = timedelta(minutes=3)  # Salesforce takes none that lives longer


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A form for the token's address, and the headers beside it."""

    form: dict[str, str] = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


class TokenGrant(Protocol):
    """What buys access tokens at `token_url`."""

    @property
    def token_url(self) -> str:
        """Where tokens are given."""
        ...

    def request(self, now: datetime) -> TokenRequest:
        """What is sent there at this moment."""
        ...


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """A client's id and secret. Raises ValueError for a `token_url` on which the secret would travel in clear."""

    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str = ""
    secret_in_form: bool = False
    more: tuple[tuple[str, str], ...] = ()
    """Further fields of the form, such as `audience` or `resource`."""

    def __post_init__(self) -> None:
        _require_a_safe_address(self.token_url)

    def request(self, now: datetime) -> TokenRequest:
        """The form and who sends it; its time is that of the assertion, if there is one."""
        form = {"grant_type": "client_credentials", **dict(self.more)}
        if self.scope:
            form["scope"] = self.scope
        secret = self.client_secret.get_secret_value()
        if self.secret_in_form:
            return TokenRequest({**form, "client_id": self.client_id, "client_secret": secret})
        # Both are form-encoded first (RFC 6749, section 2.3.1), so a colon in them does no harm.
        both = f"{quote_plus(self.client_id)}:{quote_plus(secret)}".encode("ascii")
        return TokenRequest(form, {"Authorization": f"Basic {base64.b64encode(both).decode('ascii')}"})


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a person once allowed, as a token that buys others. It must stay good: one that the server replaces at each
    use is not kept, and serves once. Raises ValueError as `ClientCredentials` does."""

    token_url: str
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr
    scope: str = ""

    def __post_init__(self) -> None:
        _require_a_safe_address(self.token_url)

    def request(self, now: datetime) -> TokenRequest:
        """The form; the client is in it, as not every such client has a secret."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.refresh_token.get_secret_value(),
            "client_id": self.client_id,
        }
        if self.scope:
            form["scope"] = self.scope
        if secret := self.client_secret.get_secret_value():
            form["client_secret"] = secret
        return TokenRequest(form)


@dataclass(frozen=True, slots=True)
class JwtAssertion:
    """A JSON Web Token of our own, signed with a private key (PEM) whose public half the vendor has.

    Raises ValueError for a key that does not fit the algorithm, and as `ClientCredentials` does.
    """

    token_url: str
    issuer: str
    audience: str
    private_key: SecretStr
    subject: str = ""
    scope: str = ""
    algorithm: Literal["RS256", "ES256"] = "RS256"
    key_id: str = ""
    scope_in_claims: bool = False
    """Google reads the scope inside the assertion; the RFC has it in the form."""

    def __post_init__(self) -> None:
        _require_a_safe_address(self.token_url)
        self._signed({"iss": self.issuer})

    def request(self, now: datetime) -> TokenRequest:
        """The form and who sends it; its time is that of the assertion, if there is one."""
        claims: dict[str, str | int] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self.subject or self.issuer,
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFETIME).timestamp()),
            "jti": uuid4().hex,
        }
        form = {"grant_type": JWT_BEARER}
        if self.scope and self.scope_in_claims:
            claims["scope"] = self.scope
        elif self.scope:
            form["scope"] = self.scope
        return TokenRequest({**form, "assertion": self._signed(claims)})

    def _signed(self, claims: dict[str, str | int]) -> str:
        headers = {"kid": self.key_id} if self.key_id else None
        try:
            return jwt.encode(claims, self.private_key.get_secret_value(), self.algorithm, headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
            # From nothing: the library's error may quote the key.
            raise ValueError(
                f"the private key cannot sign {self.algorithm}; give the PEM file's text, without a password"
            ) from None


def _require_a_safe_address(url: str) -> None:
    if not keeps_secrets(url):
        raise ValueError(f"token_url {url!r} must be https (plain http only on this machine)")
