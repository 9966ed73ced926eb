"""`liaison incidents`, `show`, `held`, `parked`: what the store knows, for people and for scripts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table
from sqlalchemy import select, text, update

from incidents.case import Case, customers_to_tell
from incidents.effects import EffectState
from incidents.errors import NotFound
from incidents.models import Incident
from incidents.notes.notes import evidence_lines, held_words, verdict_words
from incidents.notes.story import condensed
from incidents.notes.updates import promises_words
from incidents.store.cases import incident_number, list_incidents, load_case
from incidents.store.database import Database
from incidents.store.schema.tables import effects
from incidents.store.timeline import TimelineEntry, read_timeline
from incidents.texts.times import clock


@dataclass(frozen=True, kw_only=True)
class IncidentRow:
    """An incident as `liaison incidents` lists it."""

    name: str
    service: str
    state: str
    severity: int
    tickets: int
    responder: str | None
    owner: str | None
    opened_at: datetime
    title: str


async def incident_rows(database: Database, *, limit: int) -> list[IncidentRow]:
    """The newest incidents, at most `limit`, with how many tickets each has."""
    async with database.transaction() as tx:
        found = await list_incidents(tx, limit=limit)
        counts = {
            row.incident_id: row.linked
            for row in await tx.execute(
                text(
                    "select incident_id, count(*) as linked from tickets"
                    " where incident_id is not null group by incident_id"
                )
            )
        }
    return [_row(incident, counts.get(incident.id, 0)) for incident in found]


def _row(incident: Incident, tickets: int) -> IncidentRow:
    return IncidentRow(
        name=incident.name,
        service=incident.service,
        state=incident.state.value,
        severity=int(incident.severity),
        tickets=tickets,
        responder=incident.responder,
        owner=incident.owner,
        opened_at=incident.opened_at,
        title=incident.title,
    )


def print_rows(console: Console, rows: list[IncidentRow]) -> None:
    """A table with a line an incident."""
    if not rows:
        console.print("No incidents. Quiet is good.")
        return
    table = Table(box=None, header_style="bold")
    for heading in ("incident", "state", "sev", "tickets", "with", "owner", "opened", "title"):
        table.add_column(heading)
    for row in rows:
        opened = f"{row.opened_at:%Y-%m-%d} {clock(row.opened_at)}"
        table.add_row(
            row.name,
            row.state.replace("_", " "),
            str(row.severity),
            str(row.tickets),
            row.responder or "",
            row.owner or "",
            opened,
            row.title,
        )
    console.print(table)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An incident with its story, as `liaison show` tells it."""

    case: Case
    entries: tuple[TimelineEntry, ...]


async def shown(database: Database, name: str) -> Shown:
    """Raises `NotFound`."""
    async with database.transaction() as tx:
        case = await load_case(tx, incident_number(name))
        entries = await read_timeline(tx, case.incident.id)
    return Shown(case=case, entries=tuple(entries))


def shown_as_json(found: Shown) -> dict[str, object]:
    """All there is to know of an incident, for scripts; `print_json` writes it."""
    return {
        "incident": asdict(found.case.incident) | {"name": found.case.incident.name},
        "tickets": [
            {"ticket": str(item.ticket.ref), "status": item.ticket.status, "reason": item.reason}
            for item in found.case.tickets
        ],
        "ledger": [asdict(line) for line in found.case.ledger],
        "open_ticket_effects": found.case.open_ticket_effects,
        "customers_to_tell": [
            {"ticket": str(one.ref), "state": one.state, "why": one.why} for one in found.case.untold
        ],
        "updates": [asdict(update) for update in found.case.updates],
        "timeline": [asdict(entry) for entry in found.entries],
    }


def print_shown(console: Console, found: Shown) -> None:
    """An incident for people: how it stands, why it is believed, and its story."""
    incident, case = found.case.incident, found.case
    console.print(f"[bold]{incident.name}[/bold] ", end="")
    console.print(incident.title, markup=False)
    console.print(
        f"{incident.state.replace('_', ' ')} since {clock(incident.state_since)}, severity {int(incident.severity)},"
        f" {len(case.tickets)} tickets, with {incident.responder or 'nobody'}",
        markup=False,
    )
    if held_words(incident):
        console.print(held_words(incident).removeprefix(", "), markup=False)
    if incident.merged_into is not None:
        console.print(f"it goes on in INC-{incident.merged_into}", markup=False)
    console.print(f"accountable: {incident.owner or 'nobody yet'}", markup=False)
    console.print(f"verdict: {verdict_words(incident.verdict)}", markup=False)
    for line in evidence_lines(incident.evidence):
        console.print(f"  {line}", markup=False)
    promised = promises_words(case.updates)
    if promised:
        console.print(f"promises of the next update: {promised}", markup=False)
    console.print()
    for entry in condensed(found.entries):
        console.print(f"{entry.at:%H:%M:%S}  {entry.text}  ({entry.actor})", markup=False)
    if case.untold:
        console.print("\n[bold]Customers to tell by hand:[/bold]")
        for customer, where in customers_to_tell(case):
            console.print(f"  {customer.ref} {where}: {customer.state}, {customer.why}", markup=False)
    stuck = [line for line in case.ledger if line.state in (EffectState.DEAD, EffectState.HELD)]
    if stuck:
        console.print("\n[bold]Needs a person:[/bold]")
        for item in stuck:
            console.print(f"  {item.kind} {item.state}: {item.detail}  [{item.key}]", markup=False)


@dataclass(frozen=True, kw_only=True)
class HeldEffect:
    """An effect that waits for a person: it may have reached its customer, or will never by itself."""

    key: str
    kind: str
    state: str
    incident: str
    connection: str
    target: str
    detail: str


async def held_effects(database: Database) -> list[HeldEffect]:
    """Effects that wait for a person, and those given up, oldest first."""
    async with database.transaction() as tx:
        rows = await tx.execute(
            select(effects)
            .where(effects.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value]))
            .order_by(effects.c.id)
        )
        return [
            HeldEffect(
                key=row.key,
                kind=row.kind,
                state=row.state,
                incident=f"INC-{row.incident_id}",
                connection=row.connection,
                target=row.target,
                detail=row.detail,
            )
            for row in rows
        ]


async def settle_held(database: Database, key: str, *, is_done: bool) -> None:
    """A person has looked: it was done, or it shall be sent again. Raises `NotFound`.

    `sent_at` stays: what is sent again is looked up at the vendor first, who may show it by now.
    """
    state = EffectState.DONE if is_done else EffectState.PENDING
    values: dict[str, object] = {"state": state.value, "detail": "settled by hand"}
    if not is_done:
        values |= {"settled_at": None, "attempts": 0}
    async with database.transaction() as tx:
        changed = await tx.execute(
            update(effects)
            .where(
                effects.c.key == key, effects.c.state.in_([EffectState.HELD.value, EffectState.DEAD.value])
            )
            .values(values)
        )
    if changed.rowcount == 0:
        raise NotFound(f"no held or dead effect has the key {key!r}; `liaison held` lists them")
