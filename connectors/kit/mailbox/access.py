"""What an operator tells us about a mailbox that is read, whatever it is read for."""

from __future__ import annotations

import re
import ssl
from enum import StrEnum
from typing import Protocol

from pydantic import SecretStr

from connectors.kit.addresses import LOOPBACK
from connectors.kit.authorities import authorities
from connectors.kit.mailbox.oauth import OAuthLogin

# One plain address in ASCII, as SMTP takes it without extensions.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class MailSecurity(StrEnum):
    """How a mail server is spoken to: TLS from the first byte, TLS after STARTTLS, or in clear (this machine only)."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


class WatchedMailbox(Protocol):
    """A mailbox as whoever reads it needs it."""

    @property
    def user(self) -> str:
        """Who logs in."""
        ...

    @property
    def password(self) -> SecretStr:
        """Theirs."""
        ...

    @property
    def oauth(self) -> OAuthLogin | None:
        """How tokens are bought that are used in place of a password."""
        ...

    @property
    def imap_host(self) -> str:
        """The server that holds it."""
        ...

    @property
    def imap_port(self) -> int:
        """Where it listens."""
        ...

    @property
    def imap_security(self) -> MailSecurity:
        """How it is spoken to."""
        ...

    @property
    def tls(self) -> ssl.SSLContext:
        """Whom we trust."""
        ...

    @property
    def folder(self) -> str:
        """Where mail arrives."""
        ...

    @property
    def sent_folder(self) -> str | None:
        """Where sent mail is kept: "" finds the folder marked as such, None reads none."""
        ...

    @property
    def first_days(self) -> int:
        """How many days back to read at first; 0 reads only what arrives from then on."""
        ...

    @property
    def mark_read(self) -> bool:
        """Whether mail is marked as read once it is kept."""
        ...

    @property
    def most_bytes(self) -> int:
        """How much of one mail is read."""
        ...

    @property
    def look_seconds(self) -> float:
        """How often to look beside what the server tells at once."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """How long the server may take to answer."""
        ...


def require_an_address(address: str) -> str:
    """Raises ValueError for what is not one plain address."""
    if ADDRESS.fullmatch(address) is None:
        raise ValueError("address must be one plain address, like support@acme.example")
    return address


def require_one_line(text: str) -> str:
    """Raises ValueError for line breaks and their like, which would end a command to a mail server."""
    if any(ord(character) < 32 for character in text):
        raise ValueError("no line breaks or control characters here")
    return text


def require_a_safe_server(side: str, security: MailSecurity, host: str) -> None:
    """Raises ValueError where the password would travel in clear; `side` is imap or smtp."""
    if security is MailSecurity.NONE and host not in LOOPBACK:
        raise ValueError(f"{side}_security none sends the password in clear: use tls or starttls")


def require_one_login(password: SecretStr, oauth: OAuthLogin | None) -> None:
    """Raises ValueError where there is neither a password nor another way in, or both."""
    if bool(password.get_secret_value()) is (oauth is not None):
        raise ValueError("give a password, or oauth in its place")


def require_a_certificate(pem: str) -> str:
    """Raises ValueError for what is no certificate; "" is none, and well."""
    if pem:
        try:
            ssl.create_default_context(cadata=pem)
        except ssl.SSLError as error:
            raise ValueError(
                "authority_pem must be a certificate: -----BEGIN CERTIFICATE----- ..."
            ) from error
    return pem


def trusted(authority_pem: str) -> ssl.SSLContext:
    """The private authority if there is one, else everybody's."""
    return ssl.create_default_context(cadata=authority_pem) if authority_pem else authorities()
