"""What a vendor was told to send us, as the vendor lists it: its webhooks, in our words; and a test call of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from incidents.events import TrialWebhook


class SecretMatch(StrEnum):
    """Whether a subscription signs with a secret of the connection's."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """The vendor does not show it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookSubscription:
    """One webhook at a vendor, ours or somebody else's.

    `kinds` is what it tells of: two that share a kind tell it twice. `scope` is what it is limited to, "" where it
    tells of the whole account. `lacks` is what we need and it does not tell; `complete_by_hand` what a person must
    do for that, "" where the connector can. `held_by` names what must let go of it before it can be removed.
    """

    id: str
    title: str
    address: str
    kinds: frozenset[str]
    is_enabled: bool
    disabled_because: str = ""
    scope: str = ""
    lacks: tuple[str, ...] = ()
    complete_by_hand: str = ""
    held_by: tuple[str, ...] = ()
    secret: SecretMatch = SecretMatch.UNKNOWN
    takes_address: bool = True
    """Whether its address can be changed; else another one is made in its place."""
    takes_secret: bool = True
    """Whether mending it settles its secret, too."""
    is_unfinished: bool = False
    """Left by a repair that was cut off before its secret was kept: nobody knows it any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeSubscription:
    """Just made, and not sending yet. `secret` is what it signs with where the vendor chose it, else None."""

    id: str
    secret: SecretStr | None


@runtime_checkable
class TriedByWebhook(Protocol):
    """Where we can make a test call as the vendor would send it, to see whether its webhooks would arrive."""

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        """One that nothing comes of: `events` reads it as a `Ping`. Raises `NotAllowed` where only the vendor can
        sign, or no secret is set."""
        ...
