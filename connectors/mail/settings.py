"""What an operator tells us about one mailbox."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from connectors.kit.mailbox.access import ADDRESS, MailSecurity, require_a_safe_server, require_one_line
from connectors.kit.mailbox.settings import MailboxSettings

_AGENT = re.compile(rf"({ADDRESS.pattern}|@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)")


class MailSettings(MailboxSettings):
    """One mailbox that customers write to, read by IMAP and answered by SMTP."""

    address: str = Field(description="The address that customers write to: support@acme.example.")
    sender_name: str = Field(default="", max_length=100, description="The name beside it: Acme Support.")
    user: str = Field(min_length=1, description="Who logs in, at both servers; often the address.")
    smtp_host: str = Field(min_length=1, description="The server that takes our mail.")
    smtp_port: int = Field(default=465, ge=1, le=65535, description="465 with TLS, 587 with STARTTLS.")
    smtp_security: MailSecurity = Field(
        default=MailSecurity.TLS, description="tls, starttls, or none on this machine."
    )
    smtp_login: bool = Field(
        default=True,
        description="Whether to log in at the SMTP server; a relay that knows us by address wants none.",
    )
    authority_pem: str = Field(
        default="",
        description="The certificate (PEM) of a private authority that both servers' certificates are signed by.",
    )
    folder: str = Field(
        default="INBOX", min_length=1, description="The folder where customers' mail arrives."
    )
    sent_folder: str = Field(
        default="",
        description="Where agents' own mail programs keep what they send; empty finds the folder marked as such.",
    )
    agents: list[str] = Field(
        default_factory=list,
        description="Addresses of agents, or @acme.example for all of a domain: their mail is no customer's.",
    )
    plus_addressing: bool = Field(
        default=False,
        description="Whether support+anything@acme.example arrives here too; then answers find their ticket by it.",
    )
    lists_are_customers: bool = Field(
        default=False,
        description="Whether mail that came through a mailing list is a customer's: where the address is a group.",
    )
    copy_to_mailbox: bool = Field(
        default=True,
        description="Send a copy of each mail to the address itself: the proof that it was taken.",
    )
    mark_read: bool = Field(default=False, description="Mark mail as read once it is kept.")
    first_days: int = Field(
        default=0,
        ge=0,
        le=365,
        description="How many days back to read when first connected; 0 reads new mail only.",
    )
    most_bytes: int = Field(
        default=1_048_576,
        ge=16_384,
        le=16_777_216,
        description="How much of one mail is read; the rest stays in the mailbox, and the ticket says so.",
    )
    look_seconds: float = Field(
        default=60,
        ge=1,
        le=1_500,
        description="How often to look by ourselves, beside what the server tells at once (IDLE).",
    )
    mails_per_minute: float = Field(default=300, ge=1, description="Mails sent a minute; ask your provider.")

    @field_validator("agents")
    @classmethod
    def _require_agents(cls, agents: list[str]) -> list[str]:
        for agent in agents:
            if _AGENT.fullmatch(agent) is None:
                raise ValueError(
                    "agents must be addresses, or @ and a domain: ada@acme.example, @acme.example"
                )
        return agents

    @field_validator("sender_name", "sent_folder", "smtp_host")
    @classmethod
    def _refuse_line_breaks(cls, text: str) -> str:
        return require_one_line(text)

    @model_validator(mode="after")
    def _require_a_safe_sender(self) -> Self:
        require_a_safe_server("smtp", self.smtp_security, self.smtp_host)
        return self

    @property
    def former_secret(self) -> str:
        """What message ids of mails about no ticket were made of, before the desk had a secret of its own."""
        oauth = self.oauth
        secrets = [self.password] if oauth is None else [oauth.refresh_token, oauth.client_secret]
        # With a service account's key no mail was sent before that.
        return next((one for secret in secrets if (one := secret.get_secret_value())), "")

    @property
    def domain(self) -> str:
        """The address' domain: our Message-IDs end in it."""
        return self.address.rpartition("@")[2].casefold()

    def is_own(self, address: str) -> bool:
        """Whether it is the mailbox' address, with whatever stands after a plus."""
        local, _, domain = address.casefold().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" == self.address.casefold() or (
            f"{local}@{domain}" == self.address.casefold()
        )

    def is_agent(self, address: str) -> bool:
        """Whether mail from this address is a colleague's."""
        known = {agent.casefold() for agent in self.agents}
        folded = address.casefold()
        return folded in known or "@" + folded.rpartition("@")[2] in known
