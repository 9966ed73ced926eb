"""How tickets come of one another and how comments were made, as Zendesk tells it."""

from datetime import timedelta

import pytest

from incidents.models import Departure, Origin
from incidents.ticket_words import Kinship
from tests.connectors.zendesk.conftest import connect


def a_ticket(world, **changes):
    return world.create_ticket(
        "Checkout fails", "It says 500", name="Ada", email="ada@customer.example", **changes
    )


async def test_a_follow_up_names_the_ticket_it_follows(world, helpdesk):
    """Zendesk makes one of an answer to a closed ticket."""
    first = a_ticket(world)
    world.fake.close(int(first))
    second = world.fake.customer_reply(int(first), "Still broken")
    (found,) = await helpdesk.read([str(second)])
    assert (found.kinship, found.parent) == (Kinship.FOLLOW_UP, first)
    (parent,) = await helpdesk.read([first])
    assert (parent.kinship, parent.parent) == (None, None)


async def test_a_side_conversations_child_is_known(world, helpdesk):
    """Its words are colleagues' words to each other."""
    child = world.fake.open_side_conversation(int(a_ticket(world)), "Sam", "Checkout?", "Is it down?")
    (found,) = await helpdesk.read([str(child)])
    assert found.kinship is Kinship.SIDE_CONVERSATION


async def test_a_merged_ticket_is_gone_though_it_can_be_read(world, helpdesk):
    """Its tag says so; into which one, only the event."""
    source, target = a_ticket(world), a_ticket(world)
    world.fake.merge_tickets(int(source), int(target), "Sam")
    found = await helpdesk.read([source, target])
    assert [one.gone for one in found] == [Departure.MERGED, None]


async def test_a_suspended_customers_ticket_is_gone(world, helpdesk):
    """Zendesk takes none of his mail any more."""
    ticket = a_ticket(world)
    world.fake.suspend_requester(int(ticket))
    (found,) = await helpdesk.read([ticket])
    assert found.gone is Departure.SUSPENDED


async def test_a_restored_ticket_is_back(world, helpdesk):
    """Deleted by mistake: it can be read again, and is not gone."""
    ticket = a_ticket(world)
    world.fake.delete_ticket(int(ticket))
    world.fake.restore_ticket(int(ticket))
    (found,) = await helpdesk.read([ticket])
    assert found.gone is None


@pytest.mark.parametrize(
    ("channel", "email", "is_reachable"),
    [("web", "ada@customer.example", True), ("web", "", False), ("voice", "", False), ("chat", "", True)],
)
async def test_whom_a_public_reply_reaches(world, helpdesk, channel, email, is_reachable):
    """Without an address only those who write by a channel that answers go back by."""
    ticket = world.fake.create_ticket("Ada", email, "Checkout fails", "It says 500", channel=channel)
    (found,) = await helpdesk.read([str(ticket)])
    assert found.is_reachable is is_reachable


@pytest.mark.parametrize(
    ("cause", "origin"),
    [
        (3, Origin.AUTOMATIC),
        (8, Origin.AUTOMATIC),
        (7, Origin.BOUNCE),
        (14, Origin.BOUNCE),
        (2, Origin.PERSON),
    ],
)
async def test_a_recovered_mail_keeps_what_zendesk_thought_of_it(world, helpdesk, cause, origin):
    """Automatic mail and bounces are suspended; who recovers one does not make it a person's."""
    ticket = a_ticket(world)
    (found,) = await helpdesk.read([ticket])
    world.fake.recover_mail(int(ticket), "It is still broken, says my absence notice", cause)
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.origin, said.is_public) == (origin, True)


async def test_comments_are_paged_until_they_are_older(world):
    """A ticket with hundreds of them: only those since then are read, in order."""
    zendesk = connect(world)
    ticket = a_ticket(world)
    (found,) = await zendesk.read([ticket])
    for number in range(150):
        world.clock.advance(60)
        world.customer_reply(ticket, f"Answer {number}")
    since = world.clock() - timedelta(minutes=119)
    assert [one.text for one in await zendesk.comments(found, since)] == [
        f"Answer {number}" for number in range(30, 150)
    ]
    world.fake.api.calls.clear()
    await zendesk.comments(found, world.clock())
    assert sum("audits" in call for call in world.fake.api.calls) == 1
    await zendesk.aclose()


@pytest.mark.parametrize(
    ("channel", "is_signed_in"),
    [("web", True), ("mobile", True), ("api", None), ("mail", False), ("email", False), ("chat", False)],
)
async def test_who_was_logged_in_is_known_by_the_channel(world, helpdesk, channel, is_signed_in):
    """A note that an agent sent by mail may be anybody's."""
    ticket = a_ticket(world)
    (found,) = await helpdesk.read([ticket])
    world.fake.agent_note(int(ticket), "Ada Agent", "/liaison status")
    world.fake.tickets[int(ticket)].audits[-1].channel = channel
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.is_public, said.is_signed_in) == (False, is_signed_in)


@pytest.mark.parametrize("channel", ["web", "mobile", "api"])
async def test_a_note_in_another_agents_name_is_not_that_agents(world, helpdesk, channel):
    """Whoever may write comments over the API can name any author; the audit says who was logged in."""
    ticket = a_ticket(world)
    (found,) = await helpdesk.read([ticket])
    for agent in ("Ada Agent", "Bo Agent"):
        world.fake.agent_note(int(ticket), agent, "Nothing.")
    bo = world.fake.tickets[int(ticket)].audits[-1].author_id
    world.fake.agent_note(int(ticket), "Ada Agent", "/liaison status")
    audit = world.fake.tickets[int(ticket)].audits[-1]
    audit.author_id, audit.channel = bo, channel
    said = (await helpdesk.comments(found, found.created_at))[-1]
    assert (said.author_name, said.is_signed_in) == ("Ada Agent", False)
