"""What an operator tells us about one tracker of a Roundup."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.kit.addresses import over_https

_WORD = r"^[^\x00-\x1f,]{0,100}$"


class RoundupSettings(BaseModel):
    """One tracker, reached as one dedicated user."""

    # Else a mistake in the password would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Address of the tracker, word for word as its config.ini has it (tracker, web)."
    )
    user: str = Field(pattern=r"^[^\x00-\x20:]{1,100}$", description="Login name of the dedicated user.")
    password: SecretStr = Field(description="Its password.")
    priority: str = Field(
        default="",
        pattern=_WORD,
        description="Priority of the issues we open, such as bug; empty: the tracker's own.",
    )
    closed_statuses: tuple[str, ...] = Field(
        default=("resolved",),
        min_length=1,
        description="The statuses by which nothing is left to be done; Roundup itself does not say.",
    )
    requests_per_minute: float = Field(
        default=600, ge=1, description="All calls a minute; keep below the tracker's api_calls_per_interval."
    )

    @model_validator(mode="after")
    def _require_a_safe_address(self) -> Self:
        # The password is on every request: it must not travel in clear.
        over_https(self.base_url, local="a Roundup")
        return self

    @property
    def address(self) -> str:
        """Where the tracker lives, without a slash at the end."""
        return self.base_url.rstrip("/")

    @property
    def origin(self) -> str:
        """Scheme and host, as a browser on the tracker's pages would send them."""
        return self.address[: len(self.address) - len(urlsplit(self.address).path)]
