"""Customers who wait for a message, planned in a store as a decision plans it; drills and figures let it be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml
from cryptography.fernet import Fernet
from prefect.blocks.core import Block

from blocks.connect import settings_json
from incidents.effects import customer_message
from incidents.models import JoinOrigin, PublicText, Severity, Ticket
from incidents.ports import Helpdesk
from incidents.store.cases import NewIncident, open_new
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.tickets import link_tickets, save_tickets
from incidents.texts.messages import customer_message as rendered
from tasks import resources

SAME = "Hello,\n\nthe problem with {{ service }} is fixed.\n\nYour reference is {{ incident }}."
NAMED = "Hello {{ customer_name }},\n\nthe problem with {{ service }} is fixed.\n\nYour reference is {{ incident }}."
"""With the name in it every ticket is told something of its own, so that none share a call."""
TIERS = {"gold": {"title": "Gold", "weight": 5}}


async def settings_of(database: Database, folder: Path, blocks: Mapping[str, Block]) -> dict[str, str]:
    """The environment of a worker whose Prefect is away: the policy, the store, and the connections in its mirror."""
    key = Fernet.generate_key().decode()
    policy = {
        "helpdesks": list(blocks),
        "teams": {"payments": {"title": "Payments", "pager": "pagerduty/nobody"}},
        "services": {"checkout": {"title": "Checkout", "team": "payments"}},
        "tiers": TIERS,
    }
    file = folder / "liaison.yaml"
    file.write_text(yaml.safe_dump(policy))
    async with database.transaction() as tx:
        settings = {name: settings_json(block) for name, block in blocks.items()}
        await Mirror(key).save(tx, settings, now=datetime.now(UTC))
    return {"LIAISON_DATABASE_URL": database.url, "LIAISON_POLICY": str(file), "LIAISON_KEY": key}


async def open_incident() -> int:
    """The incident that all of them wait for."""
    async with resources.transaction() as step:
        wanted = NewIncident(service="checkout", title="Checkout fails", severity=Severity.HIGH)
        (incident,) = await open_new(step, [wanted])
    return incident.id


async def plan_messages(
    incident_id: int, helpdesk: Helpdesk, numbers: Iterable[object], *, template: str = NAMED
) -> None:
    """The tickets of this helpdesk are linked to the incident, and a message to each is in the ledger."""
    tickets = await helpdesk.read([str(number) for number in numbers])
    async with resources.transaction() as step:
        tx = step.connection
        await save_tickets(tx, tickets)
        refs = [ticket.ref for ticket in tickets]
        await link_tickets(tx, incident_id, refs, origin=JoinOrigin.RULE, reason="same service", now=step.now)
        await plan_effects(
            tx,
            [
                customer_message(
                    incident_id,
                    ticket.ref,
                    f"INC-{incident_id}:g1:fixed",
                    _text(ticket, template),
                    ticket.requester.id,
                )
                for ticket in tickets
            ],
        )


def _text(ticket: Ticket, template: str) -> PublicText:
    return rendered(
        template,
        customer_name=ticket.requester.name,
        service="Checkout",
        incident="INC-1",
        next_update="",
    )
