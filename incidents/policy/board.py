"""Who sees the board without a link of their own."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field, field_validator

from incidents.policy.words import PolicySection

ReaderName = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]


class BoardRules(PolicySection):
    """By default nobody: `liaison board` makes links. A reverse proxy that asks for a login may vouch for people."""

    user_header: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9-]+$",
        description=(
            "Header by which your proxy says who is logged in: X-Remote-User. The proxy must set it itself on /board/, "
            "and so overwrite what a stranger sends."
        ),
    )
    proxies: list[str] = Field(
        default_factory=lambda: ["127.0.0.1", "::1"],
        description="Addresses from which that header is believed: those of the proxy.",
    )
    may_act: list[ReaderName] = Field(
        default_factory=list,
        description=(
            "Who may say yes or no on the board: names as in `liaison board --reader ana`, or as the proxy's header "
            "has them. By default nobody: the board is only read."
        ),
    )
    links_since: datetime | None = Field(
        default=None, description="Links that were made before are worthless: 2026-03-01T12:00:00Z."
    )

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, proxies: list[str]) -> list[str]:
        for proxy in proxies:
            try:
                ip_address(proxy)
            except ValueError:
                raise ValueError(
                    f"{proxy[:60]!r} is no address; write the proxy's own, such as 10.0.0.7"
                ) from None
        return proxies

    @field_validator("links_since")
    @classmethod
    def _has_a_zone(cls, since: datetime | None) -> datetime | None:
        return since.replace(tzinfo=UTC) if since is not None and since.tzinfo is None else since
