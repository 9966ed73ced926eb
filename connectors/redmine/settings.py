"""What an operator tells us about one project of a Redmine."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.kit.addresses import keeps_secrets


class RedmineSettings(BaseModel):
    """One project of one Redmine, reached as one dedicated user."""

    # Else a mistake in the key would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(description="Address of Redmine, with its path if it has one.")
    api_key: SecretStr = Field(description="API key of the dedicated user, shown on its page My account.")
    project: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$",
        description="Identifier of the project in which issues are opened, as in its address.",
    )
    tracker: str = Field(
        default="", description="Name of the tracker, such as Bug; empty: the project's first."
    )
    private_notes: bool = Field(
        default=True,
        description="Whether our comments are private notes; the role must be allowed to make them.",
    )
    private_issues: bool = Field(
        default=False, description="Whether issues are opened as private; the role must be allowed to do so."
    )
    requests_per_minute: float = Field(
        default=600, ge=1, description="All calls a minute; Redmine has no limit of its own."
    )

    @model_validator(mode="after")
    def _require_a_safe_address(self) -> Self:
        # The key is on every request: it must not travel in clear.
        if not keeps_secrets(self.base_url):
            raise ValueError("base_url must be https (plain http only for a Redmine on this machine)")
        return self

    @property
    def address(self) -> str:
        """Where Redmine lives, without a slash at the end."""
        return self.base_url.rstrip("/")
