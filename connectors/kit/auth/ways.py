"""The ways that need nothing fetched: a token, a password, a key in a header, a certificate.

All of them keep their secret as `SecretStr`, and none quotes it in an error.
"""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
from pydantic import SecretStr


class HeaderProof(Protocol):
    """What proves itself by headers that are the same for every call."""

    def headers(self) -> dict[str, str]:
        """Names and values; the values are secret."""
        ...


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token in `Authorization` (RFC 6750), or with a vendor's own word before it: `Token token=`, `GenieKey `.

    Raises ValueError for a token that no header can carry.
    """

    token: SecretStr
    before: str = "Bearer "

    def __post_init__(self) -> None:
        _in_a_header(self.token, "token")

    def headers(self) -> dict[str, str]:
        """The header as it is sent."""
        return {"Authorization": f"{self.before}{self.token.get_secret_value()}"}


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """A user and a password (RFC 7617), both in UTF-8. Raises ValueError for a user with a colon in its name."""

    user: str = field(repr=False)  # Freshdesk takes its key as the user
    password: SecretStr

    def __post_init__(self) -> None:
        if ":" in self.user:
            raise ValueError("a user name with a colon cannot be sent by basic authentication (RFC 7617)")

    def headers(self) -> dict[str, str]:
        """The header as it is sent."""
        both = f"{self.user}:{self.password.get_secret_value()}".encode()
        return {"Authorization": f"Basic {base64.b64encode(both).decode('ascii')}"}


@dataclass(frozen=True, slots=True)
class ApiKeyHeader:
    """A key in a header of the vendor's own: `X-Rundeck-Auth-Token`. Raises ValueError as `BearerToken` does."""

    header: str
    key: SecretStr

    def __post_init__(self) -> None:
        _in_a_header(self.key, "API key")

    def headers(self) -> dict[str, str]:
        """The header as it is sent."""
        return {self.header: self.key.get_secret_value()}


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Our half of mutual TLS: PEM files, of which the certificate's may hold the key as well.

    `authority` is a certificate authority of the house's own, trusted beside the public ones.
    """

    certificate: Path
    key: Path | None = None
    key_password: SecretStr | None = None
    authority: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For one client of its own. Raises ValueError that names the file that cannot be used."""
        context = httpx.create_ssl_context(trust_env=False)
        # Without one, OpenSSL would ask at the terminal for the password of a key that has one.
        password = "" if self.key_password is None else self.key_password.get_secret_value()
        try:
            context.load_cert_chain(self.certificate, self.key, password)
        except OSError as error:  # ssl.SSLError is one
            files = self.certificate if self.key is None else f"{self.certificate} with {self.key}"
            raise ValueError(
                f"the client certificate {files} cannot be used ({_why(error)}):"
                " give PEM files that belong together, and the key's password if it has one"
            ) from error
        if self.authority is not None:
            try:
                context.load_verify_locations(self.authority)
            except OSError as error:
                raise ValueError(
                    f"the authority {self.authority} cannot be used ({_why(error)}): give a PEM file"
                ) from error
        return context


def _why(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__


def _in_a_header(secret: SecretStr, what: str) -> None:
    """What a header cannot carry would fail at each call, in an error of httpx that holds the secret."""
    text = secret.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or text != text.strip():
        raise ValueError(f"the {what} is empty or has characters no header can carry; copy it again, whole")
