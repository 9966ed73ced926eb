"""A drill's tickets at the helpdesk: opened once each, and found again by their subjects."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from deployments.demo.told import NotAsTold
from deployments.drill.accounts.admission import DrillDesk
from deployments.drill.accounts.journal import DrillJournal
from deployments.drill.accounts.patience import patiently, until_seen
from deployments.drill.accounts.plan import DrillMarks
from deployments.drill.stories import DrillStory
from incidents.errors import Unknown
from incidents.models import Ticket

WORDS = "It worked before. (A drill: nobody waits for an answer.)"
SHOWN_WITHIN = 240.0
"""Seconds until what was opened must be among what changed: Zendesk's export leaves the last minute out."""
_CLOCKS = timedelta(minutes=5)


async def open_tickets(  # noqa: PLR0917 - what is opened where, and noted
    desk: DrillDesk,
    story: DrillStory,
    marks: DrillMarks,
    journal: DrillJournal,
    home: Path,
    say: Callable[[str], None],
) -> None:
    """One after the other, each noted before it is asked for. Raises `NotAsTold` for one that may be there and is not
    found, and `incidents.errors`."""
    for number in range(1, story.tickets + 1):
        subject = marks.subject(story, number)
        journal.tickets[subject] = ""
        journal.keep(home)

        async def opened(subject: str = subject, number: int = number) -> str:
            return await desk.open_ticket(marks.customer(number), subject, WORDS, tag=marks.tag)

        try:
            journal.tickets[subject] = await patiently(f"ticket {number}", opened, say)
        except Unknown as error:
            say(f"  ticket {number} may have been opened ({error}); looking for it")
            journal.tickets[subject] = await _found(desk, journal, subject)
        journal.keep(home)


async def shown(desk: DrillDesk, journal: DrillJournal) -> dict[str, Ticket]:
    """The drill's tickets among what changed, by id: those whose subject ends in its mark."""
    return {
        one.ref.id: one
        async for one in desk.changed_since(journal.began - _CLOCKS)
        if f"[{journal.tag} " in one.subject
    }


async def _found(desk: DrillDesk, journal: DrillJournal, subject: str) -> str:
    found: list[str] = []

    async def is_there() -> bool:
        found[:] = [one.ref.id for one in (await shown(desk, journal)).values() if one.subject == subject]
        return bool(found)

    await until_seen("a ticket whose answer was lost is found", is_there, SHOWN_WITHIN)
    if len(found) > 1:
        raise NotAsTold(f"{len(found)} tickets have one subject: {', '.join(found)}")
    return found[0]
