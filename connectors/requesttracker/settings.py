"""What an operator tells us about one RT."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.models import TicketStatus
from incidents.rehearsals.sandboxes import SandboxMark


class RequestTrackerSettings(BaseModel):
    """One RT, reached as one dedicated privileged user."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Address of RT, with its path if it has one, as in https://rt.example.com/rt."
    )
    user: str = Field(
        pattern=r"^[^\s/?#%:]+$", description="Name of the dedicated user; our own echoes are known by it."
    )
    password: SecretStr | None = Field(default=None, description="Password of that user.")
    token: SecretStr | None = Field(
        default=None,
        description="Or an authentication token of that user, made in RT under its own settings.",
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Secrets of the scrip, as in RT_SiteConfig; two while one replaces the other.",
    )
    queues: list[str] = Field(
        default_factory=list, description="Names of the queues that are polled; empty means every queue."
    )
    tag_field: str = Field(
        default="", description="Name of the custom field, of many values, that keeps tags; empty: no tags."
    )
    tier_field: str = Field(
        default="", description="Name of the custom field that holds the customer's tier."
    )
    product_field: str = Field(default="", description="Name of the custom field that holds the product.")
    statuses: dict[str, TicketStatus] = Field(
        default_factory=dict,
        description="What the statuses of your own lifecycles mean; those of RT's default one are known.",
    )
    requests_per_minute: float = Field(
        default=600, ge=1, description="All calls a minute; RT has no limit of its own."
    )
    is_sandbox: SandboxMark = False

    @field_validator("tag_field", "tier_field", "product_field", "queues")
    @classmethod
    def _refuse_quotes(cls, value: str | list[str]) -> str | list[str]:
        names = [value] if isinstance(value, str) else value
        if any(set(name) & set("'\"\\{}") for name in names):
            raise ValueError("a queue's or field's name may have no quotes, braces or backslashes")
        return value

    @model_validator(mode="after")
    def _require_one_credential_and_a_safe_address(self) -> Self:
        if (self.password is None) == (self.token is None):
            raise ValueError("give either the password or a token of the dedicated user")
        # The password is on every request: it must not travel in clear.
        over_https(self.base_url, local="an RT")
        return self

    @property
    def address(self) -> str:
        """Where RT lives, without a slash at the end."""
        return self.base_url.rstrip("/")

    @property
    def desks(self) -> frozenset[str]:
        """Its queues; all of RT where none is named."""
        return frozenset(f"{self.address} {queue}" for queue in self.queues) or frozenset({self.address})

    @property
    def secrets(self) -> list[bytes]:
        """The scrip's secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
