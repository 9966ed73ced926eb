"""Tickets, effects, deliveries and incidents to store, each with one thing that matters."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.effects import Effect, EffectKind, NoteText, Payload
from incidents.events import Verified
from incidents.models import (
    Contact,
    Incident,
    Severity,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.policy.policy import Policy
from incidents.step import Step
from incidents.store.cases import NewIncident, open_new
from incidents.texts.messages import internal
from tests.incidents.builders import a_policy

# Later than any `now()` of the database, so that what was just planned is due.
NOW = datetime(2100, 1, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
HELPDESK = "zendesk/support"


def delivery(
    body: str = "{}",
    *,
    identity: str | None = None,
    is_repeatable: bool = False,
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
) -> Verified:
    content = body.encode()
    return Verified(
        headers=headers,
        body=content,
        identity=identity or hashlib.sha256(content).hexdigest(),
        is_repeatable=is_repeatable,
    )


def ticket(number: object = 1, **changes: object) -> Ticket:
    values: dict[str, object] = {
        "ref": TicketRef(connection=HELPDESK, id=str(number)),
        "subject": "Checkout fails",
        "status": TicketStatus.OPEN,
        "source_status": "open",
        "requester": Contact(id="7", name="Ada", email="ada@example.com"),
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Ticket(**(values | changes))


def effect(
    key: str,
    *,
    incident_id: int,
    target: str | None = None,
    kind: EffectKind = EffectKind.TICKET_NOTE,
    connection: str = HELPDESK,
    once: str | None = None,
    payload: Payload | None = None,
) -> Effect:
    """A note on a ticket, unless told otherwise; without a `target` it has a lane of its own."""
    return Effect(
        key=key,
        once=once or key,
        kind=kind,
        incident_id=incident_id,
        connection=connection,
        target=target or key,
        payload=payload or NoteText(text=internal("We are looking at it.")),
    )


async def new_incident(
    tx: AsyncConnection,
    *,
    service: str = "checkout",
    title: str = "Checkout: fails",
    severity: Severity = Severity.HIGH,
    now: datetime = NOW,
) -> Incident:
    (opened,) = await open_new(
        a_step(tx, now=now), [NewIncident(service=service, title=title, severity=severity)]
    )
    return opened


def a_step(
    tx: AsyncConnection, *, policy: Policy | None = None, now: datetime = NOW, run_id: str | None = None
) -> Step:
    """A step of which only the transaction, or one thing more, matters."""
    basis = Basis(a_policy() if policy is None else policy, now)
    return Step(connection=tx, basis=basis, instance="test", run_id=run_id)
