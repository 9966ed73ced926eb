"""What an operator tells us about one HubSpot portal."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

StageId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,60}$")]
PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


class HubSpotSettings(BaseModel):
    """One portal, reached by an app of its own; customers are answered in the name of one user."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(default="https://api.hubapi.com", description="Address of HubSpot's API.")
    app_url: str = Field(
        default="https://app.hubspot.com",
        description="Address where colleagues open the portal, such as https://app-eu1.hubspot.com.",
    )
    access_token: SecretStr = Field(description="Access token of the app.")
    portal_id: int = Field(
        gt=0, description="Id of the portal (Hub ID); webhooks of another one are ignored."
    )
    app_id: int = Field(gt=0, description="Id of the app, by which its own notes and messages are known.")
    sender_user_id: int = Field(gt=0, description="Id of the user in whose name customers are answered.")
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Client secret of the app, by which its webhooks are signed; two while one replaces the other.",
    )
    webhook_url: str = Field(
        default="",
        description="Public address that the app's webhooks are sent to, as the app says it; it is signed.",
    )
    new_stages: list[StageId] = Field(
        default=["1"], description="Ids of the ticket statuses that mean: nobody looked at it yet."
    )
    waiting_stages: list[StageId] = Field(
        default=["2"], description="Ids of the ticket statuses that mean: it waits for its customer."
    )
    tags_property: PropertyName = Field(
        default="liaison_tags", description="Name of the ticket property, a text, that holds our tags."
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Tags that start so name the customer's tier: tier_gold."
    )
    calls_per_ten_seconds: float = Field(
        default=90,
        ge=10,
        description="Calls in ten seconds that are ours; the plan gives the app 100 or more.",
    )

    @field_validator("base_url", "app_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @field_validator("access_token")
    @classmethod
    def _require_a_token(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().strip():
            raise ValueError("access_token is empty; copy it again from the app's Auth tab")
        return token

    @field_validator("webhook_url")
    @classmethod
    def _require_a_plain_address(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        # HubSpot decodes some percent codes before it signs: without any there is nothing to agree on.
        # https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
        is_plain = (
            url.isascii() and url.isprintable() and not set(url) & set("%?# ") and parts.username is None
        )
        if parts.scheme != "https" or not parts.hostname or not is_plain:
            raise ValueError("webhook_url must be an https address without a query and without percent codes")
        return url

    @model_validator(mode="after")
    def _knows_what_is_signed(self) -> Self:
        if self.signing_secrets and not self.webhook_url:
            raise ValueError(
                "signing_secrets without webhook_url: HubSpot signs the address, say it as the app does"
            )
        return self

    @property
    def keys(self) -> list[bytes]:
        """The signing secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]

    @property
    def sender(self) -> str:
        """The sender's actor id in conversations."""
        return f"A-{self.sender_user_id}"
