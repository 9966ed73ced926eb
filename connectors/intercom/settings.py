"""What an operator tells us about one Intercom workspace."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

WorkspaceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]


class IntercomSettings(BaseModel):
    """One workspace, reached by a private app's access token."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.intercom.io",
        description="Address of the API in the workspace's region: https://api.intercom.io,"
        " https://api.eu.intercom.io or https://api.au.intercom.io.",
    )
    access_token: SecretStr = Field(
        description="Access token of the private app, made by the teammate as whom Liaison writes."
    )
    workspace_id: WorkspaceId = Field(
        description="Id of the workspace, as in the addresses of its inbox; webhooks of another one are ignored."
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Client secret of the app, by which its webhooks are signed; two while one replaces the other."
        " Empty: polled, not told.",
    )
    snooze_hours: int = Field(
        default=168,
        ge=1,
        le=8760,
        description="For how many hours a conversation is snoozed that waits for somebody; its customer's answer opens"
        " it before.",
    )
    reads_tickets: bool = Field(
        default=True,
        description="Whether tickets are read, answered and told of as well; off where the plan or the token has none.",
    )
    ticket_state_ids: list[Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}$")]] = Field(
        default_factory=list,
        description="Ids of ticket states to set where a type has several of a category; else the eldest is set.",
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Conversation tags that start so name the customer's tier: tier_gold."
    )
    requests_per_minute: float = Field(
        default=300, ge=10, description="Calls a minute of the workspace's limit that are ours."
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @field_validator("access_token")
    @classmethod
    def _require_a_token(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().strip():
            raise ValueError(
                "access_token is empty; copy it again from the app's page Configure, Authentication"
            )
        return token

    @property
    def secrets(self) -> list[bytes]:
        """The webhooks' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
