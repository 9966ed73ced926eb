"""Webhooks as they really come: twice, late, in any order, unreadable, or not at all."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import httpx
import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId

from connectors.kit.fakes.faults import FaultKind
from deployments.commands.parked import parked_deliveries, read_again
from flows.reconcile import reconcile
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.errors import NotAllowed
from incidents.events import Lane
from incidents.models import IncidentState
from incidents.store.inbox.inbox import waiting
from tests.stories.installation import Installation

GARBAGE = {
    "a type nobody knows": json.dumps(
        {"type": "zen:event-type:user.created", "id": "u1", "subject": "zen:user:7", "event": {}}
    ).encode(),
    "deeper than any parser goes": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "compressed": gzip.compress(b'{"ticket_id": "1"}'),
    "no UTF-8": b'{"ticket_id": "\xff\xfe"}',
}


async def test_repeated_and_disordered_webhooks_end_in_the_same_state(liaison: Installation):
    """Everything comes at least twice and in disorder: one incident, one page, everybody told once."""
    world = liaison.world
    world.zendesk.webhooks.duplicate_rate = 1.0
    world.zendesk.webhooks.shuffle = True
    world.pagerduty.subscription.duplicates = True
    world.pagerduty.subscription.shuffles = True
    world.slack.webhooks.is_doubling = True

    world.break_checkout()
    tickets = liaison.customers_write(4)
    for ticket in tickets:
        world.zendesk.agent_take(ticket, "Ada Agent")
    await liaison.intake()
    world.zendesk.agent_note(tickets[0], "Ada Agent", "This one is a key account.")
    world.zendesk.agent_note(tickets[1], "Ada Agent", "They pay by invoice.")
    await liaison.intake()
    world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    world.pagerduty.add_note(liaison.page.id, "Jane Doe", "Connection pool exhausted.")
    await liaison.sync()
    await liaison.resolved()
    await liaison.intake()
    await liaison.sync()

    assert [incident.state for incident in await liaison.incidents()] == [IncidentState.CLOSED]
    assert len((await liaison.case()).tickets) == 4
    assert len(world.pagerduty.pages) == 1
    for ticket in tickets:
        assert len(liaison.replies(ticket)) == 2, "progress and closure"
        assert liaison.notes(ticket).count("Connection pool exhausted.") == 1
        assert liaison.notes(ticket).count("Jane Doe is on it") == 1
        assert world.zendesk.tickets[ticket].status == "solved"
    for said in ("This one is a key account.", "They pay by invoice."):
        assert liaison.room().count(said) == 1
        assert liaison.page_notes().count(said) == 1


async def test_unreadable_deliveries_harm_nobody(liaison: Installation):
    """Soundly signed nonsense is stored and parked with its reason; the ticket beside it is taken in."""
    liaison.customers_write()
    await liaison.hear()
    for body in GARBAGE.values():
        outbox = liaison.world.zendesk.webhooks
        assert await post(outbox.url, outbox.headers(body), body) == 200

    assert (await liaison.intake()).startswith("1 tickets, 1 incidents opened")
    parked = await parked_deliveries(liaison.database)
    assert len(parked) == len(GARBAGE)
    assert all(delivery.reason.startswith("Unrecognised: ") for delivery in parked)

    planned = len(await liaison.ledger())
    assert await read_again(liaison.database) == len(GARBAGE)
    async with liaison.database.transaction() as tx:
        assert (await waiting(tx, Lane.INTAKE)).pending == len(GARBAGE)
    await liaison.intake()
    assert len(await parked_deliveries(liaison.database)) == len(GARBAGE), "no upgrade, no better reading"
    assert len(await liaison.ledger()) == planned


async def test_unreadable_deliveries_of_pager_and_chat(liaison: Installation):
    """The same in the other lane: an acknowledgement between two pieces of nonsense is heard."""
    tickets = await liaison.escalated()
    subscription, slack = liaison.world.pagerduty.subscription, liaison.world.slack.webhooks
    assert subscription.url is not None
    assert slack.url is not None
    for body in GARBAGE.values():
        assert await post(subscription.url, subscription.signed(body), body) == 200
        assert await post(slack.url, slack.signed(body), body) == 200
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")

    await liaison.sync()

    assert "Jane Doe is on it" in liaison.notes(tickets[0])
    assert len(await parked_deliveries(liaison.database)) == 2 * len(GARBAGE)


@pytest.mark.parametrize("was_heard_before", [False, True])
async def test_tickets_whose_webhooks_were_lost(liaison: Installation, was_heard_before: bool):
    """`reconcile` finds them and joins them once, to the incident that is open or to a new one."""
    world = liaison.world
    world.break_checkout()
    heard = await liaison.escalated() if was_heard_before else []
    address, world.zendesk.webhooks.url = world.zendesk.webhooks.url, ""
    lost = liaison.customers_write(2)

    assert " 2 joined" in await reconcile()
    assert len((await liaison.case()).tickets) == len(heard) + 2
    assert len(world.pagerduty.pages) == 1
    assert all("INC-1" in liaison.notes(ticket) for ticket in lost)

    # The next look finds them changed (by our own notes), and so does a webhook that comes late.
    world.zendesk.webhooks.url = address
    world.zendesk.agent_take(lost[0], "Ada Agent")
    assert " 0 joined" in await reconcile()
    await liaison.intake()
    assert len(await liaison.incidents()) == 1
    assert len(world.pagerduty.pages) == 1
    assert liaison.notes(lost[0]).count("has been paged") == 1


async def test_a_lost_status_is_found_too(liaison: Installation):
    """An agent solved a ticket and the webhook was lost: `reconcile` tells the engineers, once."""
    (ticket,) = await liaison.escalated()
    liaison.world.zendesk.webhooks.url = ""
    liaison.world.zendesk.agent_solve(ticket, "Ada Agent")

    await liaison.let_pass(timedelta(minutes=5))
    await reconcile()
    await reconcile()

    assert liaison.page_notes().count(f"solved by the agents: #{ticket}") == 1
    assert not await liaison.ledger(EffectKind.TICKET_STATUS, states=[EffectState.DONE])


async def test_a_lost_acknowledgement_is_found_although_the_helpdesk_is_away(liaison: Installation):
    """PagerDuty's webhook was lost and Zendesk cannot be asked: the page is looked at all the same."""
    await liaison.escalated()
    liaison.world.pagerduty.subscription.url = None
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    liaison.world.zendesk.faults.arm(FaultKind.UNAUTHORIZED, where="incremental", times=None)

    with pytest.raises(NotAllowed):
        await reconcile()

    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "Jane Doe")


async def test_a_bell_that_was_not_heard(liaison: Installation, prefect_client: PrefectClient):
    """Tickets wait and nobody drains them: `recover` asks Prefect for a run of the lane's deployment, once."""
    liaison.customers_write(2)
    await liaison.hear()
    before = await runs_of("intake", prefect_client)

    assert (await recover()).endswith(" 1 bells")
    assert await runs_of("intake", prefect_client) == before + 1

    await liaison.intake()
    assert (await recover()).endswith(" 0 bells")


async def runs_of(deployment: str, client: PrefectClient) -> int:
    """How many runs of a deployment were asked for."""
    found = await client.read_deployment_by_name(f"{deployment}/{deployment}")
    only = DeploymentFilter(id=DeploymentFilterId(any_=[found.id]))
    return len(await client.read_flow_runs(deployment_filter=only))


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(url, headers=headers, content=body)).status_code
