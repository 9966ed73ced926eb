"""What an operator tells us about one team at Linear."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import over_https
from connectors.kit.auth.ways import ApiKeyHeader, BearerToken
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets


class LinearSettings(BaseModel):
    """One team, reached as one user or app."""

    # Else a mistake in the key would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.linear.app",
        description="Address of Linear's API, without /graphql; another one only for a fake.",
    )
    team: str = Field(
        pattern=r"^[A-Z0-9]{1,20}$",
        description="Key of the team, as its issues begin with: ENG of ENG-42.",
    )
    workspace_id: str = Field(
        default="",
        pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$",
        description="The workspace's id, which `liaison check` says; webhooks of another one are passed over. Empty:"
        " whoever has the signing secret is heard.",
    )
    api_key: SecretStr | None = Field(
        default=None, description="API key of our own user (lin_api_...); or access_token."
    )
    access_token: SecretStr | None = Field(
        default=None, description="OAuth access token of an app, scopes read and write; or api_key."
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Of the webhook (lin_wh_...); two while one replaces the other. Empty: polled, not told.",
    )
    requests_per_minute: float = Field(
        default=30,
        ge=1,
        description="All calls a minute; Linear takes 2,500 an hour of one user's API keys, 5,000 of an app.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The key is on every request: it must not travel in clear.
        safe = over_https(url, local="a fake")
        if safe.endswith("/graphql"):
            raise ValueError("base_url is the address without /graphql")
        return safe

    @model_validator(mode="after")
    def _require_one_credential(self) -> Self:
        if (self.api_key is None) == (self.access_token is None):
            raise ValueError("either api_key or access_token is needed, and not both")
        return self

    @property
    def auth(self) -> ApiKeyHeader | BearerToken:
        """A key goes bare into `Authorization`, a token of OAuth after `Bearer`."""
        if self.access_token is not None:
            return BearerToken(self.access_token)
        return ApiKeyHeader("Authorization", self.api_key or SecretStr(""))

    @property
    def secrets(self) -> list[bytes]:
        """The webhook's secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
