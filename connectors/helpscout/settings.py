"""What an operator tells us about one Help Scout account."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

InboxId = Annotated[int, Field(gt=0, lt=10**18)]
MOST_OF_A_SECRET = 40
"""Characters of a webhook's secret: https://developer.helpscout.com/mailbox-api/endpoints/webhooks/create/."""


class HelpScoutSettings(BaseModel):
    """One account, reached by an app of the user as whom Liaison writes."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.helpscout.net",
        description="Address of the API; all accounts have the same one: https://api.helpscout.net.",
    )
    app_id: str = Field(
        min_length=1,
        max_length=200,
        description="App ID of the app that Liaison's own user made in its profile, under My apps.",
    )
    app_secret: SecretStr = Field(description="App Secret of the same app; it is shown when the app is made.")
    inbox_ids: list[InboxId] = Field(
        default_factory=list,
        description="Ids of the inboxes whose conversations are ours; liaison check names them while this is empty."
        " Those of other inboxes are neither read nor answered. Empty: every inbox that the app's user may see.",
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Secret Key of the webhook, at most 40 characters, chosen by you; two while one replaces the"
        " other. Empty: polled, not told.",
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Conversation tags that start so name the customer's tier: tier_gold."
    )
    requests_per_minute: float = Field(
        default=150,
        ge=10,
        description="Calls a minute of the account's limit that are ours; a call that changes something counts twice.",
    )
    changes_per_five_seconds: float = Field(
        default=10,
        ge=1,
        description="Calls within five seconds that change something and are ours; Help Scout takes 12 of an account.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @field_validator("app_secret")
    @classmethod
    def _require_a_secret(cls, secret: SecretStr) -> SecretStr:
        if not secret.get_secret_value().strip():
            raise ValueError(
                "app_secret is empty; copy it from Your Profile, My apps, or make a new app there"
            )
        return secret

    @field_validator("signing_secrets")
    @classmethod
    def _require_what_is_taken(cls, secrets: list[SecretStr]) -> list[SecretStr]:
        if any(len(secret.get_secret_value()) > MOST_OF_A_SECRET for secret in secrets):
            raise ValueError(
                f"a signing secret is over {MOST_OF_A_SECRET} characters, which Help Scout does not take; make a"
                " shorter one"
            )
        return secrets

    @property
    def secrets(self) -> list[bytes]:
        """The webhooks' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
