"""What an operator tells us about the ways to people, and where rotas' calendars are."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import apprise
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import LOOPBACK
from connectors.roster.answering.mailbox import ReplyMailbox

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")


class RosterSettings(BaseModel):
    """The roster's secrets: who can be reached where. Who is on call stands in the policy."""

    # Else a mistake in one field would print an address with its token.
    model_config = ConfigDict(hide_input_in_errors=True)

    ways: dict[str, SecretStr] = Field(
        default_factory=dict,
        description=(
            "Ways to reach people, by the names that the policy's people have under reach, each with its Apprise"
            ' address: {"ana-phone": "ntfy://...", "ana-mail": "mailtos://..."}.'
        ),
    )
    feeds: dict[str, SecretStr] = Field(
        default_factory=dict,
        description='Calendars of rotas (iCalendar), by the names that rotas have under feed: {"payments": "https://..."}.',
    )
    gateway_url: str = Field(
        default="",
        description=(
            "Where phones reach the gateway: https://liaison.acme.example. Without it notices have no link to"
            " acknowledge by."
        ),
    )
    replies: ReplyMailbox | None = Field(
        default=None,
        description="A mailbox where people answer pages that came by mail: ack, done or escalate.",
    )
    look_seconds: float = Field(
        default=5, ge=0.05, le=30, description="How often to look whether somebody is to be woken next."
    )
    feed_minutes: float = Field(default=15, ge=1, le=1440, description="How often calendars are read anew.")
    notices_per_minute: float = Field(
        default=120, ge=1, description="Notices sent a minute, to all together."
    )
    timeout_seconds: float = Field(
        default=20, gt=0, le=40, description="How long a way may take before the next is tried."
    )

    @field_validator("ways")
    @classmethod
    def _require_ways(cls, ways: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, address in ways.items():
            _require_name(name)
            if not apprise.Apprise().add(address.get_secret_value()):
                raise ValueError(
                    f"the address of {name!r} is none that Apprise understands; see the list of its services"
                )
        return ways

    @field_validator("feeds")
    @classmethod
    def _require_feeds(cls, feeds: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, address in feeds.items():
            _require_name(name)
            parts = urlsplit(address.get_secret_value())
            is_safe = _is_safe(parts.scheme, parts.hostname)
            if not is_safe or not parts.hostname:
                raise ValueError(f"the address of calendar {name!r} must begin with https://")
        return feeds

    @field_validator("gateway_url")
    @classmethod
    def _require_an_address(cls, url: str) -> str:
        parts = urlsplit(url)
        is_safe = _is_safe(parts.scheme, parts.hostname)
        if url and (
            not is_safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc
        ):
            raise ValueError("gateway_url must be https://, without a login, a query or a fragment")
        return url.rstrip("/")


def _is_safe(scheme: str, host: str | None) -> bool:
    return scheme == "https" or (scheme == "http" and host in LOOPBACK)


def _require_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name[:60]!r} cannot be a name: use small letters, digits, - and _")
