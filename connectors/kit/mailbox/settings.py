"""What an operator tells us about any mailbox that we open, and what of it cannot be."""

from __future__ import annotations

import ssl
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.mailbox.access import (
    MailSecurity,
    require_a_certificate,
    require_a_safe_server,
    require_an_address,
    require_one_line,
    require_one_login,
    trusted,
)
from connectors.kit.mailbox.oauth import OAuthLogin


class MailboxSettings(BaseModel):
    """The address, the login and the IMAP server."""

    # Else a mistake in one field would print the password.
    model_config = ConfigDict(hide_input_in_errors=True)

    address: str = Field(description="The address of the mailbox.")
    user: str = Field(min_length=1, description="Who logs in; often the address.")
    password: SecretStr = Field(
        default=SecretStr(""), description="The password, or an app password where the provider wants one."
    )
    oauth: OAuthLogin | None = Field(
        default=None,
        description="In place of a password: how access tokens are bought, where the provider takes no password.",
    )
    imap_host: str = Field(min_length=1, description="The server that holds the mailbox.")
    imap_port: int = Field(default=993, ge=1, le=65535, description="993 with TLS, 143 with STARTTLS.")
    imap_security: MailSecurity = Field(
        default=MailSecurity.TLS, description="tls, starttls, or none on this machine."
    )
    authority_pem: str = Field(
        default="", description="The certificate (PEM) of a private authority that the server's is signed by."
    )
    folder: str = Field(default="INBOX", min_length=1, description="The folder where mail arrives.")
    timeout_seconds: float = Field(
        default=30, gt=0, le=600, description="How long a server may take to answer."
    )

    @field_validator("address")
    @classmethod
    def _require_an_address(cls, address: str) -> str:
        return require_an_address(address)

    @field_validator("user", "folder", "imap_host")
    @classmethod
    def _require_one_line(cls, text: str) -> str:
        return require_one_line(text)

    @field_validator("authority_pem")
    @classmethod
    def _require_a_certificate(cls, pem: str) -> str:
        return require_a_certificate(pem)

    @model_validator(mode="after")
    def _require_a_safe_login(self) -> Self:
        require_one_login(self.password, self.oauth)
        require_a_safe_server("imap", self.imap_security, self.imap_host)
        return self

    @property
    def tls(self) -> ssl.SSLContext:
        """Whom we trust: the private authority if there is one, else everybody's."""
        return trusted(self.authority_pem)
