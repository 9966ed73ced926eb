"""The words of `AlertAcknowledger`: a monitor that is told that somebody has a problem of its."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from incidents.models import InternalText


@runtime_checkable
class AlertAcknowledger(Protocol):
    """A monitor whose problems can be acknowledged: it goes on looking, and tells nobody anew that they are there.

    A silence is none: it hides what comes next, too. `key` is the monitor's own name of the alert, as its events have
    it. What somebody else acknowledged is left as it is, by both.
    """

    async def acknowledge_alert(self, key: str, text: InternalText, *, once: str) -> None:
        """Acknowledge the problem until it is over, with who has it; one that is acknowledged already, is over, or is
        no more, is left alone."""
        ...

    async def unacknowledge_alert(self, key: str, *, once: str) -> None:
        """Take back an acknowledgement of ours; where there is none, nothing changes."""
        ...
