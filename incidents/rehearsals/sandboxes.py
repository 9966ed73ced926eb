"""Which accounts are sandboxes, and when two of them have tickets in common."""

from __future__ import annotations

from typing import Annotated, Protocol, runtime_checkable

from pydantic import Field

SandboxMark = Annotated[
    bool,
    Field(
        description="A sandbox, which `liaison drill --on` may write to: never tick it for an account that serves"
        " customers or wakes people."
    ),
]
"""The type of the field `is_sandbox` of a connection's settings."""


@runtime_checkable
class Markable(Protocol):
    """Settings that can say whether their account is a sandbox."""

    is_sandbox: bool


@runtime_checkable
class DeskSettings(Protocol):
    """Settings of a helpdesk at which drills can open tickets."""

    @property
    def desks(self) -> frozenset[str]:
        """Where its tickets are: the account's address, or one for each queue, which begins with that address and a
        space."""
        ...


def share_tickets(one: DeskSettings, other: DeskSettings) -> bool:
    """Whether a ticket of the one may be the other's, too."""
    return any(
        a == b or a.startswith(f"{b} ") or b.startswith(f"{a} ") for a in one.desks for b in other.desks
    )
