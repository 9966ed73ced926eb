"""What the public is told of a fault: a public incident with its updates, and the record of those that are ours.

A status page that is a vendor's keeps them there. Where the page is only files (a folder), what they are written from
stands behind `StatusRecord`; the connector is given one for its connection and knows nothing of the store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from incidents.models import PublicText, Severity


class PublicState(StrEnum):
    """How far a public incident has come, in the four words that status pages use. Kept in the store."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicUpdate:
    """One thing said about a public incident, and how it stood then."""

    id: str
    state: PublicState
    text: PublicText
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicIncident:
    """A fault as the public reads it. `services` are the names customers know them by.

    `updates` has at least the first one, and is in the order in which they were said.
    """

    id: str
    title: PublicText
    severity: Severity
    services: tuple[str, ...]
    updates: tuple[PublicUpdate, ...]

    @property
    def state(self) -> PublicState:
        """How it stands now."""
        return self.updates[-1].state

    @property
    def opened_at(self) -> datetime:
        """When the public first heard of it."""
        return self.updates[0].at

    @property
    def changed_at(self) -> datetime:
        """When something was last said about it."""
        return self.updates[-1].at

    @property
    def resolved_at(self) -> datetime | None:
        """When it was said to be over; None while it is not."""
        return self.updates[-1].at if self.state is PublicState.RESOLVED else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicFile:
    """A file of a status page, as it is served to anybody."""

    content: bytes
    media_type: str


class StatusRecord(Protocol):
    """What one connection's status page says, kept by us. Fails only with `incidents.errors`; what is asked twice with
    one key is done once."""

    async def owner(self) -> str:
        """Which installation keeps it: its short id, which never changes."""
        ...

    async def open(
        self,
        title: PublicText,
        text: PublicText,
        severity: Severity,
        *,
        services: Sequence[str],
        once: str,
        now: datetime,
    ) -> str:
        """A new public incident with its first update; returns its id."""
        ...

    async def add(self, id: str, text: PublicText, state: PublicState, *, once: str, now: datetime) -> str:
        """Another update; returns its id. Raises `NotFound`, and `Refused` for what is resolved already."""
        ...

    async def opened_with(self, once: str) -> str | None:
        """The id of the public incident that was opened with this key."""
        ...

    async def update_with(self, id: str, once: str) -> str | None:
        """The id of the update that was added with this key."""
        ...

    async def incidents(self, *, resolved_since: datetime, limit: int = 300) -> Sequence[PublicIncident]:
        """All that are not resolved, and those resolved at or after that moment; the newest first, at most `limit`."""
        ...
