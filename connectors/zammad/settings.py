"""What an operator tells us about one Zammad."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets


class ZammadSettings(BaseModel):
    """One Zammad, reached as one dedicated agent with an access token."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(description="Address of Zammad, such as https://support.example.com.")
    api_token: SecretStr = Field(description="Access token of the agent, made in its profile.")
    signing_secrets: SigningSecrets = Field(
        min_length=1,
        description="HMAC SHA1 signature tokens of the webhook, chosen by you; two while one replaces the other.",
    )
    integration_user_id: int | None = Field(
        default=None,
        description="User id of the agent, by which our own echoes are known; learned when empty.",
    )
    reminder_days: float = Field(
        default=7, gt=0, description="Days until Zammad reminds of a ticket that waits for its customer."
    )
    waiting_for_vendor_state: str = Field(
        default="", description="Name of the state for waiting for a vendor, if you have made one."
    )
    requests_per_minute: float = Field(
        default=600, ge=1, description="All calls a minute; Zammad names no limit, its proxy may have one."
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Ticket tags that start so name the customer's tier: tier_gold."
    )
    product_tag_prefix: str = Field(
        default="product_", description="Ticket tags that start so name the product: product_shop."
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @property
    def secrets(self) -> list[bytes]:
        """The signing secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
