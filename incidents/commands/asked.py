"""A command with who says it, where, and about what: the same for a note, a chat message and a form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from incidents.commands.verbs import Verb
from incidents.commands.words import Command
from incidents.models import TicketRef


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """`where` is for people (`in chat`, `in a note on #7`, `by form`); `mark` tells this one from every other.

    `incident` is the number of the one it is about, None for none; `ticket` the one that it was written on, if any.
    """

    verb: Verb
    command: Command
    by: str
    at: datetime
    where: str
    mark: str
    incident: int | None = None
    ticket: TicketRef | None = None

    @property
    def what(self) -> str:
        """What makes it happen once in an incident."""
        return f"command:{self.mark}"
