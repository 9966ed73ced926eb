"""The capabilities of what tells the public; part of `incidents.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from incidents.models import PublicText, Severity
from incidents.public_incident import PublicFile, PublicState


@runtime_checkable
class StatusPage(Protocol):
    """What the public is told. Updates of one public incident are shown in the order in which they were posted."""

    index_lag: float

    async def open(
        self, title: PublicText, text: PublicText, severity: Severity, *, services: Sequence[str], once: str
    ) -> str:
        """Open a public incident about services, by the names customers know, and return its id."""
        ...

    async def post_update(self, id: str, text: PublicText, state: PublicState, *, once: str) -> None:
        """Say something new about it, to everybody who follows it.

        Raises `NotFound` for one that is not there, and `Refused` for one that is resolved.
        """
        ...

    async def resolve(self, id: str, text: PublicText, *, once: str) -> None:
        """Say that it is over; nothing can be said about it after that. Raises as `post_update`."""
        ...

    async def find(self, once: str) -> str | None:
        """The id of the public incident opened with this key, if the public can read it."""
        ...

    async def was_done(self, id: str, once: str) -> bool:
        """Whether the public can read the update, or the end, that was posted with this key."""
        ...

    async def restore(self) -> bool:
        """Show again what was published, where the page is ours and can be lost; True if anything had to be mended."""
        ...


@runtime_checkable
class PublicFiles(Protocol):
    """Files for everybody, served by the gateway under /status/<name>/ where the connection's settings say so."""

    @property
    def is_served(self) -> bool:
        """Whether the settings say so."""
        ...

    async def public_file(self, name: str) -> PublicFile | None:
        """The file of that name ("" is the first page); None where there is none, or it is not written yet."""
        ...
