"""What an operator tells us about one team on one Mattermost server."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.kit.addresses import keeps_secrets, over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{26}$")]


class MattermostSettings(BaseModel):
    """One team, seen by one bot account. Saved as a block; the descriptions are what the form says."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Address of the server, as its Site URL says, with a path if it has one:"
        " https://chat.acme.example."
    )
    bot_token: SecretStr = Field(description="Access token of the bot account, shown once when it is made.")
    team: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}[a-z0-9]$",
        description="The team's name as it stands in addresses: engineering.",
    )
    signing_secrets: SigningSecrets = Field(
        min_length=1,
        description="Tokens of the slash command and of the outgoing webhook, as Mattermost made them; buttons are"
        " signed with the first one.",
    )
    callback_url: str = Field(
        default="",
        description="Where buttons are sent: the gateway's address with /hooks/ and this connection's name. Empty:"
        " commands to type in place of buttons.",
    )
    command: str = Field(
        default="liaison", pattern=r"^[a-z0-9-]{1,40}$", description="The slash command's trigger word."
    )
    channel: Id | None = Field(
        default=None,
        description="Id of one channel for all incidents; when empty, each incident gets its own channel.",
    )
    private_rooms: bool = Field(
        default=False,
        description="Whether incident channels are private; then name people to invite, or nobody sees them.",
    )
    invite: list[Id] = Field(
        default=[], max_length=100, description="Ids of the users put into every new incident channel."
    )
    requests_per_second: float = Field(
        default=8, gt=0, description="All calls a second; a server whose rate limit is on takes 10."
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The token is in every request: it must not travel in clear.
        return over_https(url, local="a server")

    @field_validator("callback_url")
    @classmethod
    def _require_a_safe_callback(cls, url: str) -> str:
        if url and not keeps_secrets(url):
            raise ValueError(
                "callback_url must be https: https://liaison.example.com/hooks/mattermost/engineering"
            )
        return url

    @property
    def secrets(self) -> list[bytes]:
        """The tokens as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
