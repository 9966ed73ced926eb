"""What an operator tells us about one Front company."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

CompanyId = Annotated[str, StringConstraints(pattern=r"^cmp_[0-9a-z]{1,40}$")]
TeammateId = Annotated[str, StringConstraints(pattern=r"^tea_[0-9a-z]{1,40}$")]


class FrontSettings(BaseModel):
    """One company, reached by an API token; what Liaison writes is one teammate's."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(default="https://api2.frontapp.com", description="Address of Front's API.")
    api_token: SecretStr = Field(description="API token of the company, from Settings, Developers.")
    company_id: CompanyId = Field(
        description="Id of the company, cmp_ and letters; webhooks of another one are ignored."
    )
    teammate_id: TeammateId = Field(
        description="Id of Liaison's own teammate, tea_ and letters, in whose name it writes."
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Signing key of the app, by which its webhooks are signed; two while one replaces the other.",
    )
    rule_secrets: SigningSecrets = Field(
        default_factory=list,
        description="API secret of the company, by which rules sign their webhooks; two while one replaces the other.",
    )
    tier_tag_prefix: str = Field(
        default="tier_", description="Tags that start so name the customer's tier: tier_gold."
    )
    requests_per_minute: float = Field(
        default=40, ge=10, description="Calls a minute of the company's limit that are ours."
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @field_validator("api_token")
    @classmethod
    def _require_a_token(cls, token: SecretStr) -> SecretStr:
        if not token.get_secret_value().strip():
            raise ValueError("api_token is empty; copy it again from Settings, Developers, API tokens")
        return token

    @property
    def app_keys(self) -> list[bytes]:
        """The app's keys as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]

    @property
    def rule_keys(self) -> list[bytes]:
        """The rules' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.rule_secrets]
