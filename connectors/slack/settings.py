"""What an operator tells us about one Slack workspace."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr, field_validator

from connectors.kit.webhooks.signing_secrets import SigningSecrets

BOT_TOKENS = ("xoxb-", "xoxe.xoxb-")


class SlackSettings(BaseModel):
    """A workspace's address and the app's secrets there. Saved as a block; the descriptions are what the form says."""

    base_url: str = Field(
        default="https://slack.com",
        pattern=r"^https?://[^/\s]+$",
        description="Where Slack's Web API lives, without a path; GovSlack is https://slack-gov.com.",
    )
    bot_token: SecretStr = Field(
        description="Bot User OAuth Token of the app, from OAuth & Permissions; starts with xoxb-.",
    )
    signing_secrets: SigningSecrets = Field(
        min_length=1,
        description="Signing Secret of the app, from Basic Information; two while it is being regenerated.",
    )
    channel: str | None = Field(
        default=None,
        pattern=r"^[CG][A-Z0-9]{5,}$",
        description="Id of one channel for all incidents; when empty, each incident gets its own channel.",
    )
    private_rooms: bool = Field(
        default=False,
        description="Whether incident channels are private; then name people to invite, or nobody sees them.",
    )
    invite: list[str] = Field(
        default=[],
        max_length=100,
        description="Ids of the people (U...) invited to every new incident channel.",
    )

    @field_validator("bot_token")
    @classmethod
    def _is_bot_token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if not text.startswith(BOT_TOKENS) or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("not a bot token; copy the Bot User OAuth Token, which starts with xoxb-")
        return token
