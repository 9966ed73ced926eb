"""`liaison try` on the fakes: a test through each connection, seen at the other side, and nothing left behind."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from blocks.connect import open_connector, read_block
from connectors.kit.fakes.faults import FaultKind
from deployments.commands.first_hour.trials import people, webhooks
from deployments.commands.first_hour.trials.seen import Trial, TrialWishes, TriedConnection
from deployments.commands.first_hour.trials.trial import try_connection
from deployments.commands.parked import parked_deliveries
from incidents.errors import LiaisonError, NotFound
from incidents.policy.file import load_policy
from incidents.store.tickets import count_tickets
from tests.stories.installation import Installation


async def tried(liaison: Installation, name: str, **wishes: str) -> dict[str, Trial]:
    """As the command does it, with the gateway of the stories for a public address."""
    public = liaison.world.zendesk.webhooks.url.partition("/hooks/")[0]
    found = await try_connection(
        name, home=None, policy=liaison.policy_file, wishes=TrialWishes(public_url=public, **wishes)
    )
    return {one.what: one for one in found}


async def test_a_helpdesk(liaison: Installation):
    """The note is for colleagues alone, on the ticket that was named; the webhook is read as a test call. The ticket
    that is opened for an address is no report when it comes back."""
    (ticket,) = liaison.customers_write()
    await liaison.hear()
    found = await tried(liaison, "zendesk/demo", ticket=str(ticket), to="ana@acme.example")
    assert {what: one.is_well for what, one in found.items()} == {
        "it answers": True,
        "note for colleagues": True,
        "mail": True,
        "webhook": True,
    }
    assert "read back there" in found["note for colleagues"].seen
    assert "was opened for ana@acme.example" in found["mail"].seen
    assert liaison.world.zendesk.public_replies(ticket) == []
    assert "posted to http" in found["webhook"].seen
    await liaison.intake()
    assert await parked_deliveries(liaison.database) == []
    async with liaison.database.transaction() as tx:
        assert await count_tickets(tx) == 1, "the customer's, and not the one that was opened"


async def test_nothing_is_written_where_nobody_is_named(liaison: Installation):
    (ticket,) = liaison.customers_write()
    before = len(liaison.world.zendesk.tickets[ticket].comments)
    found = await tried(liaison, "zendesk/demo")
    assert found["note for colleagues"].is_well is None
    assert "--ticket" in found["note for colleagues"].seen
    assert len(liaison.world.zendesk.tickets[ticket].comments) == before


async def test_a_ticket_that_is_not_there(liaison: Installation):
    found = await tried(liaison, "zendesk/demo", ticket="999999")
    assert found["note for colleagues"].is_well is False
    assert "no ticket '999999'" in found["note for colleagues"].seen
    assert found["webhook"].is_well


async def test_a_pager(liaison: Installation):
    """One page, that says it is a test and is resolved; what PagerDuty tells of it makes no incident."""
    found = await tried(liaison, "pagerduty/demo")
    assert found["page"].is_well, found["page"].seen
    assert "resolved, and seen as resolved" in found["page"].seen
    (page,) = liaison.world.pagerduty.incidents
    assert page.title.startswith("TEST, nothing is wrong")
    assert page.status == "resolved"
    assert found["webhook"].is_well
    await liaison.sync()
    assert await liaison.incidents() == []
    assert await parked_deliveries(liaison.database) == []


async def test_a_chat(liaison: Installation):
    """A room for tests; the second test finds it again."""
    for _ in range(2):
        found = await tried(liaison, "slack/demo")
        assert found["message"].is_well, found["message"].seen
        assert "read back there" in found["message"].seen
    messages = liaison.world.slack.messages("liaison-test")
    assert [people.TEST in str(message) for message in messages].count(True) == 2
    await liaison.sync()
    assert await parked_deliveries(liaison.database) == []


async def test_a_probe(liaison: Installation):
    found = await tried(liaison, "http/checkout")
    assert found["probe"].seen.startswith("checkout: healthy")
    liaison.world.break_checkout()
    assert "checkout: failing" in (await tried(liaison, "http/checkout"))["probe"].seen
    assert found["action"].is_well is None


async def test_a_connection_that_does_not_answer_is_tried_no_further(liaison: Installation):
    liaison.world.pagerduty.faults.arm(FaultKind.OUTAGE, times=None)
    found = await tried(liaison, "pagerduty/demo")
    assert list(found) == ["it answers"]
    assert found["it answers"].is_well is False
    assert liaison.world.pagerduty.incidents == []


async def test_a_name_that_is_none(liaison: Installation):
    with pytest.raises(NotFound, match="did you mean 'zendesk/demo'"):
        await tried(liaison, "zendesk/dmeo")


async def test_a_webhook_that_goes_elsewhere(liaison: Installation):
    """Something takes it, and it is not in our inbox: another installation's gateway, perhaps."""
    connector = open_connector("zendesk/demo", await read_block("zendesk/demo"), lambda: liaison.database)
    elsewhere = TriedConnection(
        name="zendesk/demo",
        connector=connector,
        database=liaison.database,
        policy=load_policy(liaison.policy_file),
        wishes=TrialWishes(),
        gateway_url="http://127.0.0.1:1",
        clock=lambda: datetime.now(UTC),
    )
    with pytest.raises(LiaisonError, match=r"cannot be reached.*`liaison up`"):
        await webhooks.post_to_ourselves(elsewhere)
    await connector.aclose()
