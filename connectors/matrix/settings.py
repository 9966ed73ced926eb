"""What an operator tells us about one account on one Matrix homeserver."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from connectors.kit.addresses import keeps_secrets

USER_ID = r"@[^:\s]{1,200}:[^\s/]{1,200}"
# Ids of rooms have a server's name behind them or, since room version 12, none.
ROOM = r"[!#][^\s/?]{1,250}"
_URL = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?")

UserId = Annotated[str, StringConstraints(pattern=rf"^{USER_ID}$")]


class MatrixSettings(BaseModel):
    """A homeserver and our account there. Saved as a block; the descriptions are what the form says."""

    # Else a mistake in one field would print the token.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="Where the homeserver answers clients, without /_matrix: https://matrix.acme.example."
    )
    user_id: UserId = Field(description="Our account: @liaison:acme.example.")
    access_token: SecretStr = Field(description="The account's access token; the README says how it is made.")
    device_id: str = Field(
        min_length=1,
        max_length=200,
        description=(
            "The device that the token was made for. Whenever you make another token, log in with this same"
            " device: what is sent again would otherwise be sent twice."
        ),
    )
    room: str | None = Field(
        default=None,
        pattern=rf"^{ROOM}$",
        description="Id or alias of one room for all incidents; when empty, each incident gets its own room.",
    )
    invite: list[UserId] = Field(
        default=[], max_length=100, description="Who is invited into every new room: @ada:acme.example."
    )
    space: str | None = Field(
        default=None,
        pattern=r"^![^\s/?]{1,250}$",
        description="Id (!...) of a space or room whose members may join incidents' rooms by themselves.",
    )
    public_rooms: bool = Field(
        default=False, description="Whether anybody on the homeserver may join incidents' rooms."
    )
    federated: bool = Field(
        default=False,
        description="Whether people of other homeservers can be let into incidents' rooms. It cannot be changed later.",
    )
    command: str = Field(
        default="liaison",
        pattern=r"^[a-z][a-z0-9_-]{0,30}$",
        description="The word behind the exclamation mark that people begin with: !liaison ack.",
    )
    client_url: str = Field(
        default="https://matrix.to",
        description="What people open rooms with, up to the #: https://matrix.to, https://app.element.io.",
    )
    messages_per_minute: float = Field(
        default=60,
        ge=1,
        le=6_000,
        description="Messages sent a minute. Synapse takes 12 of an ordinary account, in bursts of 10.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_an_address(cls, url: str) -> str:
        if _URL.fullmatch(url) is None or "/_matrix" in url:
            raise ValueError("base_url must be an address without /_matrix: https://matrix.acme.example")
        if not keeps_secrets(url):
            raise ValueError("base_url sends the token in clear: use https, or http on this machine only")
        return url.rstrip("/")

    @field_validator("client_url")
    @classmethod
    def _require_a_client(cls, url: str) -> str:
        if _URL.fullmatch(url) is None:
            raise ValueError("client_url must be an address, such as https://matrix.to")
        return url.rstrip("/")

    @field_validator("access_token")
    @classmethod
    def _is_a_token(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value()
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("access_token must be the token alone, as the login answered it")
        return token

    @model_validator(mode="after")
    def _lets_somebody_in(self) -> Self:
        if self.room is None and not (self.invite or self.space or self.public_rooms):
            raise ValueError(
                "nobody could see the rooms: name people to invite, a space whose members may join,"
                " one room for all incidents, or set public_rooms"
            )
        return self

    @property
    def server(self) -> str:
        """The homeserver's name, as ids end in it."""
        return self.user_id.partition(":")[2]

    @property
    def localpart(self) -> str:
        """Our account's name there."""
        return self.user_id[1:].partition(":")[0]
