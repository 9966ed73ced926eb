"""What an operator tells us about one Freshdesk account."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.models import TicketStatus
from incidents.rehearsals.sandboxes import SandboxMark

FieldName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9_]{0,99})?$")]


class FreshdeskSettings(BaseModel):
    """One account, reached as one dedicated agent with its API key."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Address of the account, such as https://acme.freshdesk.com: the API is not behind a domain of"
        " your own."
    )
    api_key: SecretStr = Field(description="API key of the dedicated agent, from its profile settings.")
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="What the rules' webhooks show in the header X-Liaison-Token, chosen by you; two while one replaces"
        " the other. Empty: polled, not told.",
    )
    integration_user_id: int | None = Field(
        default=None,
        description="Id of the dedicated agent, by which our own echoes are known; learned when empty.",
    )
    statuses: dict[int, TicketStatus] = Field(
        default_factory=dict,
        description="What statuses of your own mean, by their numbers; 2 to 7, which accounts come with, are known.",
    )
    product_field: FieldName = Field(
        default="", description="Name of the custom field with the product, such as cf_product; empty: none."
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Ticket tags that start so name the customer's tier: tier_gold."
    )
    requests_per_minute: float = Field(
        default=100,
        ge=10,
        description="Calls a minute of the account's limit that are ours, counted as Freshdesk does: what is asked for"
        " beside a ticket costs more of them.",
    )
    lists_per_minute: float = Field(
        default=15, ge=1, description="Of them, calls that list tickets: these have a limit of their own."
    )
    is_sandbox: SandboxMark = False

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The key is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @field_validator("api_key")
    @classmethod
    def _require_a_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().strip() or ":" in key.get_secret_value():
            raise ValueError("api_key is empty or has a colon; copy it again from the profile settings")
        return key

    @property
    def desks(self) -> frozenset[str]:
        """The account."""
        return frozenset({self.base_url.rstrip("/")})

    @property
    def secrets(self) -> list[bytes]:
        """The webhooks' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
