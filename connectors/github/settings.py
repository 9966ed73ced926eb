"""What an operator tells us about one repository at GitHub."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets


class GitHubSettings(BaseModel):
    """One repository, reached as one machine user."""

    # Else a mistake in the token would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.github.com",
        description="Address of the REST API; of GitHub Enterprise Server https://HOST/api/v3.",
    )
    repository: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$",
        description="Owner and name of the repository, such as acme/shop.",
    )
    token: SecretStr = Field(
        description="Fine-grained personal access token of the machine user, for that repository alone."
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Secrets of the repository's webhook; two while one replaces the other. Empty: polled, not told.",
    )
    may_be_public: bool = Field(
        default=False,
        description="Whether our texts, which are for colleagues, may stand in a repository that everybody reads.",
    )
    requests_per_minute: float = Field(
        default=60,
        ge=1,
        description="All calls a minute; GitHub takes 5,000 an hour, and about 80 writes a minute.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is on every request: it must not travel in clear.
        return over_https(url, local="a fake")

    @field_validator("repository")
    @classmethod
    def _refuse_steps(cls, name: str) -> str:
        if name.partition("/")[2] in (".", ".."):
            raise ValueError("repository must be owner/name")
        return name

    @property
    def secrets(self) -> list[bytes]:
        """The webhook's secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
