"""A helpdesk that only takes tickets in: its incidents go their way and end, and somebody is told whom to tell."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from blocks.connect import settings_json
from blocks.http import HttpBlock
from connectors.http.settings import WebhookMapping
from deployments.commands.by_hand.close import closed
from deployments.commands.show import shown, shown_as_json
from flows.recover import recover
from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.schema.tables import deliveries
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.stories.conftest import Door
from tests.stories.installation import SUBJECT, Installation

SECRET = "liaison:a-password-of-decent-length"
ABOUT_TICKETS = (EffectKind.TICKET_NOTE, EffectKind.TICKET_STATUS, EffectKind.CUSTOMER_MESSAGE)

Write = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def freshdesk(
    liaison: Installation, doors: Mapping[str, Door], gateways_prefect: PrefectApi
) -> AsyncIterator[Write]:
    """A Freshdesk that sends by its preset; nothing says how to write back to it."""
    webhook = WebhookMapping(
        preset="freshdesk",
        signing_secrets=[SecretStr(SECRET)],
        event_types={"field": "kind", "read": ["ticket"]},
    )
    block = HttpBlock(webhook=webhook)
    await block.save("desk", overwrite=True)
    gateways_prefect.settings["http/desk"] = settings_json(block)
    authorization = "Basic " + base64.b64encode(SECRET.encode()).decode()

    async with httpx.AsyncClient(base_url=doors["gateway"].address) as client:

        async def write(number: int, *, status: str = "Open", kind: str = "ticket") -> httpx.Response:
            ticket = {
                "ticket_id": number,
                "ticket_subject": SUBJECT,
                "ticket_status": status,
                "ticket_requester_name": f"Customer {number}",
                "ticket_requester_email": f"customer{number}@mail.example",
                "ticket_url": f"https://acme.freshdesk.example/tickets/{number}",
            }
            return await client.post(
                "/hooks/http/desk",
                content=json.dumps({"kind": kind, "freshdesk_webhook": ticket}),
                headers={"Authorization": authorization},
            )

        yield write
    del gateways_prefect.settings["http/desk"]


async def test_an_incident_of_such_tickets_asks_for_a_persons_word_with_the_list_of_whom_to_tell(
    liaison: Installation, freshdesk: Write
) -> None:
    """What cannot be sent ends at once, in one line a change; who has told the customers says so, and it is closed."""
    liaison.world.break_checkout()
    for number in (4711, 4712, 4713):
        assert (await freshdesk(number)).status_code == 200
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await liaison.resolved()
    for _ in range(3):
        await liaison.let_pass(timedelta(minutes=1))
        await recover()

    case = await liaison.case()
    assert case.incident.state is IncidentState.CLOSING
    assert {line.state for line in await liaison.ledger(*ABOUT_TICKETS)} == {EffectState.DEAD}
    assert [str(one.ref) for one in case.untold] == ["http/desk#4711", "http/desk#4712", "http/desk#4713"]
    told = [entry.text for entry in await liaison.timeline()]
    assert any("3 customers must be told by hand: http/desk#4711, http/desk#4712" in text for text in told)
    assert any("http/desk only takes tickets in" in text for text in told)
    assert "must be told by hand" in liaison.room()
    assert "say `close INC-1 <reason>` in its room" in liaison.room()
    found = await closed(
        liaison.database, liaison.policy_file, "INC-1", by="Ada Agent", why="I called all three"
    )
    assert found.counts
    assert (await liaison.incident()).state is IncidentState.CLOSED
    (end,) = [entry for entry in await liaison.timeline() if entry.kind is EntryKind.CLOSED]
    assert end.actor == "Ada Agent"
    assert end.text.startswith(
        "Closed on the word of Ada Agent (I called all three): 3 customers must be told"
    )
    shown_whole: Any = shown_as_json(await shown(liaison.database, "INC-1"))
    listed = shown_whole["customers_to_tell"]
    assert [one["ticket"] for one in listed] == ["http/desk#4711", "http/desk#4712", "http/desk#4713"]


async def test_three_messages_that_end_for_one_reason_are_one_line(
    liaison: Installation, freshdesk: Write
) -> None:
    """A storm through such a door does not bury the story."""
    liaison.world.break_checkout()
    for number in (1, 2, 3):
        await freshdesk(number)
    await liaison.intake()
    ends = [entry for entry in await liaison.timeline() if "only takes tickets in" in entry.text]
    kinds = {line.kind for line in await liaison.ledger(*ABOUT_TICKETS)}
    assert 0 < len(ends) <= len(kinds) * 2
    assert any("1, 2, 3" in entry.text for entry in ends)


async def test_what_is_not_about_tickets_is_counted_and_not_parked(
    liaison: Installation, freshdesk: Write
) -> None:
    """A type that the connection does not read is no riddle for a person."""
    await freshdesk(7, kind="survey")
    await liaison.intake()
    async with liaison.database.transaction() as tx:
        row = (await tx.execute(select(deliveries))).one()
    assert (row.state, row.detail) == ("ignored", "survey")
    assert await liaison.incidents() == []
