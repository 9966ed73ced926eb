"""What a contract test of a helpdesk needs of the world behind it: a fake, or a real server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from connectors.kit.fakes.faults import Faults


class HelpdeskWorld(Protocol):
    """The vendor's side: a fake, or a real server. Ids are the helpdesk's own, as text.

    `update_path` and `bulk_path` are parts of the paths on which one ticket, or many, are changed: there the
    faults are armed. `let_time_pass` moves the vendor's clock.
    """

    faults: Faults
    update_path: str
    bulk_path: str

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str: ...

    def remove_ticket(self, id: str) -> None: ...

    def delete_ticket(self, id: str) -> None:
        """Into the bin: the helpdesk shows it no more, but may still name it among what changed."""
        ...

    def agent_note(self, id: str, text: str) -> None: ...

    def agent_reply(self, id: str, text: str) -> None: ...

    def refuse_updates(self, id: str) -> None:
        """Bring the ticket into a state in which the helpdesk takes no change."""
        ...

    def customer_reply(self, id: str, text: str) -> None: ...

    def public_replies(self, id: str) -> Sequence[str]:
        """What the customer can see, without his own words."""
        ...

    def private_notes(self, id: str) -> Sequence[str]: ...

    def tags(self, id: str) -> Sequence[str]: ...

    def let_time_pass(self, seconds: float) -> None: ...

    def now(self) -> datetime: ...
