"""What an operator tells us about one Zendesk account."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.rehearsals.sandboxes import SandboxMark


class ZendeskSettings(BaseModel):
    """One Zendesk account, reached as one dedicated agent with an API token."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    subdomain: str = Field(
        default="",
        pattern=r"^([a-z0-9][a-z0-9-]*)?$",
        description="The `acme` of acme.zendesk.com; may stay empty when base_url is given.",
    )
    base_url: str = Field(
        default="",
        description="Address of the account; empty means https://{subdomain}.zendesk.com.",
    )
    email: str = Field(min_length=3, description="E-mail of the dedicated agent whose API token is used.")
    api_token: SecretStr = Field(description="API token, made in Admin Center under APIs.")
    signing_secrets: SigningSecrets = Field(
        min_length=1, description="Signing secrets of the webhook; two while one replaces the other."
    )
    integration_user_id: int | None = Field(
        default=None,
        description="User id of the dedicated agent, by which our own echoes are known; learned when empty.",
    )
    updates_per_minute: float = Field(
        default=100, ge=1, description="Ticket updates a minute; Zendesk allows 100, or 300 with High Volume."
    )
    requests_per_minute: float = Field(
        default=200, ge=1, description="All calls a minute; Zendesk allows 200 to 2,500, as the plan says."
    )
    job_wait_seconds: float = Field(
        default=60, gt=0, description="How long a bulk update is followed before it counts as unknown."
    )
    job_poll_seconds: float = Field(
        default=1, gt=0, description="Seconds between two looks at a bulk update under way."
    )
    tier_field: str | None = Field(
        default=None, description="Key of the organization or user field that holds the customer's tier."
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Ticket tags that start so name the tier where no field does: tier_gold."
    )
    product_field_id: int | None = Field(
        default=None, description="Id of the custom ticket field that holds the product."
    )
    product_tag_prefix: str = Field(
        default="product_", description="Ticket tags that start so name the product where no field does."
    )
    is_sandbox: SandboxMark = False

    @model_validator(mode="after")
    def _require_a_safe_address(self) -> Self:
        if not self.subdomain and not self.base_url:
            raise ValueError("give the subdomain (the `acme` of acme.zendesk.com) or the base_url")
        # Basic authentication puts the token on every request: it must not travel in clear.
        over_https(self.address, local="a sandbox")
        return self

    @property
    def address(self) -> str:
        """Where the account lives, without a slash at the end."""
        return self.base_url.rstrip("/") or f"https://{self.subdomain}.zendesk.com"

    @property
    def desks(self) -> frozenset[str]:
        """The account."""
        return frozenset({self.address})

    @property
    def secrets(self) -> list[bytes]:
        """The signing secrets as the verifier takes them: text, never base64-decoded."""
        return [usable_secret(secret) for secret in self.signing_secrets]
