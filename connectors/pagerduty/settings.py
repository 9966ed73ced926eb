"""What an operator must say once so that Liaison can page through one PagerDuty account."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from connectors.kit.addresses import keeps_secrets
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.rehearsals.sandboxes import SandboxMark


class PagerDutySettings(BaseModel):
    """Credentials and addresses of one PagerDuty account."""

    api_token: SecretStr = Field(description="REST API key with read and write access.")
    from_email: str = Field(
        description="E-mail address of the PagerDuty user in whose name notes are written.",
        pattern=r"^[^@\s]+@[^@\s]+$",
    )
    routing_key: SecretStr = Field(
        description="Integration key (Events API v2) of the service that is paged when no target is named."
    )
    routing_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Integration keys of further targets by name, such as payments and payments-lead.",
    )
    signing_secrets: SigningSecrets = Field(
        min_length=1,
        description="Signing secrets of the V3 webhook subscription: one, or two while rotating.",
    )
    api_url: str = Field(
        default="https://api.pagerduty.com",
        description="REST API address; https://api.eu.pagerduty.com for accounts in the EU region.",
    )
    events_url: str = Field(
        default="https://events.pagerduty.com",
        description="Events API address; https://events.eu.pagerduty.com for accounts in the EU region.",
    )
    is_sandbox: SandboxMark = False

    @field_validator("api_token", "routing_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        if not _is_token(key):
            raise ValueError("the key is empty or has blanks in it; copy it again from PagerDuty")
        return key

    @field_validator("routing_keys")
    @classmethod
    def _are_named_keys(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, key in keys.items():
            if not name.strip():
                raise ValueError("a target needs a name; the key for pages without a target is routing_key")
            if not _is_token(key):
                raise ValueError(f"the key of target {name} is empty or has blanks in it; copy it again")
        return keys

    @field_validator("api_url", "events_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        """Keys travel to this address, so it is https, or this very machine (a fake)."""
        if not keeps_secrets(url):
            raise ValueError(f"{url!r} must be an https address, such as https://api.pagerduty.com")
        return url.rstrip("/")


def _is_token(key: SecretStr) -> bool:
    text = key.get_secret_value()
    return bool(text) and text.isascii() and not any(character.isspace() for character in text)
