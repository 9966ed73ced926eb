"""Who customers are: the tier of those whose helpdesk does not say it, asked of the directory the policy names.

A directory that does not answer stops nothing: the tier is what the store knows of the ticket, or unknown. It is said
in the run's log, and the directory is left alone for a minute.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from incidents.models import Contact, Ticket
from incidents.ports import CustomerDirectory
from incidents.store.tickets import known_tickets
from tasks import resources
from tasks.without_prefect import run_logger

PATIENCE = 5.0
"""Seconds that all questions for a chunk of tickets may take together."""
REST = 60.0
AT_ONCE = 8
MOST_REMEMBERED = 50_000

Asked = tuple[str, str, str]


@dataclass(slots=True)
class TierMemory:
    """What this process was told, until when (in `resources.uptime`) it holds; strangers are remembered as well."""

    told: OrderedDict[Asked, tuple[str | None, float]] = field(default_factory=OrderedDict)
    rests_until: float = 0.0

    def knows(self, asked: Asked) -> bool:
        """Whether what was told still holds."""
        return asked in self.told and resources.uptime() < self.told[asked][1]

    def tier(self, asked: Asked) -> str | None:
        """What was told, if it still holds."""
        return self.told[asked][0] if self.knows(asked) else None

    def learn(self, asked: Asked, tier: str | None, hold: timedelta) -> None:
        """Remember it; what was learnt first goes when there is no room."""
        self.told[asked] = (tier, resources.uptime() + hold.total_seconds())
        self.told.move_to_end(asked)
        if len(self.told) > MOST_REMEMBERED:
            self.told.popitem(last=False)


async def with_tiers(tickets: Sequence[Ticket]) -> list[Ticket]:
    """The tickets, those without a tier with the directory's. What the helpdesk says counts."""
    directory = resources.policy().customers.directory
    if directory is None:
        return list(tickets)
    memory = resources.kept(TierMemory)
    without = [ticket for ticket in tickets if ticket.tier is None and ticket.gone is None]
    people = {_asked(directory, ticket.requester): ticket.requester for ticket in without}
    to_ask = {asked: contact for asked, contact in people.items() if not memory.knows(asked)}
    if to_ask and resources.uptime() >= memory.rests_until:
        await _ask(directory, to_ask, memory)
    unanswered = [ticket.ref for ticket in without if not memory.knows(_asked(directory, ticket.requester))]
    found = {ticket.ref: memory.tier(_asked(directory, ticket.requester)) for ticket in without}
    if unanswered:
        async with resources.database().transaction() as tx:
            known = await known_tickets(tx, unanswered)
        found |= {ref: item.ticket.tier for ref, item in known.items()}
    return [replace(ticket, tier=found.get(ticket.ref, ticket.tier)) for ticket in tickets]


def _asked(directory: str, contact: Contact) -> Asked:
    return directory, contact.id, contact.email.casefold()


async def _ask(name: str, people: dict[Asked, Contact], memory: TierMemory) -> None:
    turns = asyncio.Semaphore(AT_ONCE)
    hold = resources.policy().customers.remember

    async def ask(directory: CustomerDirectory, asked: Asked, contact: Contact) -> None:
        async with turns:
            memory.learn(asked, await directory.tier(contact), hold)

    try:
        async with asyncio.timeout(PATIENCE):
            directory = await resources.connect(name, CustomerDirectory)
            answers = await asyncio.gather(
                *(ask(directory, asked, contact) for asked, contact in people.items()), return_exceptions=True
            )
        failures = [one for one in answers if isinstance(one, BaseException)]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a directory, tickets are not to wait for it
        failures = [error]
    if failures:
        memory.rests_until = resources.uptime() + REST
        why = str(failures[0]) or f"no answer within {PATIENCE:g} s"
        run_logger().warning(
            "%s did not say the tier of %d of %d customers; they count as before, or without a tier: %s",
            name,
            sum(not memory.knows(asked) for asked in people),
            len(people),
            why,
        )
