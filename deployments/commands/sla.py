"""`liaison sla INC-7`, `liaison sla ZD-4711`: each promise with the arithmetic that a person can check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy import Select, select

from incidents.errors import NotFound
from incidents.models import SubjectRef, TicketRef
from incidents.policy.file import load_policy
from incidents.promises.holders import held_words
from incidents.sla.clock import SlaClock
from incidents.sla.explain import explain
from incidents.store.cases import incident_number, read_incident
from incidents.store.database import Database
from incidents.store.schema.tables import tickets
from incidents.store.sla.breaches import Breach, breaches_of
from incidents.store.sla.clocks import all_clocks

_TICKET = re.compile(r"(?:(?P<prefix>[A-Za-z]{1,12})-|#)?(?P<id>[^\s#]{1,200})")
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Explained:
    """What is and was promised to one ticket or incident: `arithmetic` has the lines of each promise."""

    subject: str
    arithmetic: tuple[tuple[str, ...], ...]
    broken: tuple[Breach, ...]


async def explained(database: Database, name: str, policy: Path) -> Explained:
    """Raises `NotFound`, with how tickets and incidents are named, and `PolicyError`."""
    calendars, now = load_policy(policy).sla.working_calendars(), datetime.now(UTC)
    async with database.transaction() as tx:
        subject: SubjectRef
        if name.strip().upper().startswith("INC-"):
            subject = (await read_incident(tx, incident_number(name))).ref
        else:
            subject = _one_of(name, [(row.connection, row.id) for row in await tx.execute(_candidates(name))])
        clocks = [clock for clock in await all_clocks(tx, subject) if clock.target is not None]
        broken = await breaches_of(tx, subject)
    lines = tuple(tuple(explain(clock, calendars, now=now)) for clock in _in_order(clocks))
    return Explained(subject=str(subject), arithmetic=lines, broken=tuple(broken))


def print_explained(console: Console, found: Explained) -> None:
    """Each promise's arithmetic, then what was broken while who had it."""
    if not found.arithmetic:
        console.print(f"{found.subject}: nothing is promised by the policy's section sla.", markup=False)
    for lines in found.arithmetic:
        console.print("\n".join(lines) + "\n", markup=False, highlight=False, soft_wrap=True)
    for one in found.broken:
        text = f"Broken {one.breached_at:%Y-%m-%d %H:%M UTC}: {one.clock_key}; with {held_words(one.held)}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _in_order(clocks: list[SlaClock]) -> list[SlaClock]:
    """Open promises first: they are what is asked about."""
    return sorted(
        clocks, key=lambda clock: (clock.is_over, -clock.generation, clock.started_at, clock.metric)
    )


def _candidates(name: str) -> Select[tuple[str, str]]:
    connection, is_full, full_id = name.strip().partition("#")
    if is_full and "/" in connection:
        return select(tickets.c.connection, tickets.c.id).where(
            tickets.c.connection == connection, tickets.c.id == full_id
        )
    match = _TICKET.fullmatch(name.strip())
    ids = {match["id"], name.strip()} if match is not None else {name.strip()}
    return (
        select(tickets.c.connection, tickets.c.id).where(tickets.c.id.in_(ids)).order_by(tickets.c.connection)
    )


def _one_of(name: str, found: list[tuple[str, str]]) -> TicketRef:
    match = _TICKET.fullmatch(name.strip())
    prefix = (match["prefix"] or "").lower() if match is not None else ""
    fitting = [
        TicketRef(connection=connection, id=number)
        for connection, number in found
        if _abbreviates(prefix, connection)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        shown = ", ".join(str(ref) for ref in fitting[:_MOST_NAMED])
        raise NotFound(f"{name[:60]!r} are several tickets; say which: {shown}")
    raise NotFound(
        f"there is no ticket {name[:60]!r}: write it like zendesk/support#4711, #4711 or ZD-4711, "
        "and an incident like INC-7"
    )


def _abbreviates(prefix: str, connection: str) -> bool:
    """Whether the letters come in the vendor's name in this order, as in ZD for zendesk."""
    letters = iter(connection.partition("/")[0])
    return all(letter in letters for letter in prefix)
