"""What an operator tells us about one project at GitLab."""

from __future__ import annotations

from typing import Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

SIGNING_TOKEN = b"whsec_"


class GitLabSettings(BaseModel):
    """One project, reached as one bot."""

    # Else a mistake in the token would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://gitlab.com",
        description="Address of GitLab, without /api/v4; of a server below a path with that path.",
    )
    project: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}){1,20}$",
        description="Path of the project with its groups, such as acme/web/shop.",
    )
    token: SecretStr = Field(description="Access token of the project, role Reporter, scope api.")
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Of the project's webhook: signing tokens (whsec_...) or, before GitLab 19, secret tokens; two"
        " while one replaces the other. Empty: polled, not told.",
    )
    internal_notes: bool = Field(
        default=True,
        description="Whether our comments are internal notes, which guests and the public do not read.",
    )
    may_be_public: bool = Field(
        default=False,
        description="Whether our texts, which are for colleagues, may stand in issues that not only members read.",
    )
    requests_per_minute: float = Field(
        default=120,
        ge=1,
        description="All calls a minute; gitlab.com takes 2,000 of one user.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is on every request: it must not travel in clear.
        safe = over_https(url, local="a fake")
        if safe.endswith("/api/v4"):
            raise ValueError("base_url is GitLab's own address, without /api/v4")
        return safe

    @field_validator("project")
    @classmethod
    def _refuse_steps(cls, path: str) -> str:
        if path.endswith((".git", ".atom")):
            raise ValueError("project must be group/name as in the address of its page, without .git")
        return path

    @model_validator(mode="after")
    def _require_whole_signing_tokens(self) -> Self:
        scheme = SignatureScheme(scheme=Scheme.STANDARD_WEBHOOKS)
        for secret in self.signing_tokens:
            scheme.check_secret(secret)
        return self

    @property
    def api_url(self) -> str:
        """Where the REST API begins."""
        return f"{self.base_url}/api/v4"

    @property
    def project_in_paths(self) -> str:
        """The project as paths name it: its slashes are encoded."""
        return f"projects/{quote(self.project, safe='')}"

    @property
    def signing_tokens(self) -> list[bytes]:
        """The secrets that GitLab signs with."""
        return [one for one in self._secrets if one.startswith(SIGNING_TOKEN)]

    @property
    def secret_tokens(self) -> list[bytes]:
        """The secrets that GitLab only shows."""
        return [one for one in self._secrets if not one.startswith(SIGNING_TOKEN)]

    @property
    def _secrets(self) -> list[bytes]:
        return [usable_secret(secret) for secret in self.signing_secrets]
