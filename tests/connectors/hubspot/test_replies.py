"""How a customer of HubSpot's is answered: by the ticket's conversation, nobody else, and not at all without one."""

from __future__ import annotations

import httpx
import pytest

from connectors.hubspot import HubSpot
from connectors.hubspot.fake.portal import CHAT, USER
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import NotShown
from incidents.models import (
    Author,
    ChangeOutcome,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.hubspot.conftest import HubSpotWorld, Watched, connect
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


async def refused(desk: HubSpot, ticket: str, change: TicketChange) -> str:
    (outcome,) = await desk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED, outcome
    return outcome.detail


async def test_a_reply_is_a_message_of_its_thread(world: HubSpotWorld, ticket: str) -> None:
    """No e-mail engagement, which would only log a mail: the thread's own channel, in a user's name, to the address
    that the ticket's contact wrote from, and to nobody else."""
    watched = Watched(world)
    desk = connect(world, watched)
    assert (await desk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    thread = world.portal.threads_of(ticket)[0]
    ((call, said),) = [one for one in watched.sent if "batch/read" not in one[0]]
    assert call == f"POST /conversations/v3/conversations/threads/{thread}/messages"
    way = {"type": "HS_EMAIL_ADDRESS", "value": "ada@customer.example"}
    contact = world.portal.threads[thread]["associatedContactId"]
    assert said["recipients"] == [
        {"actorId": f"V-{contact}", "deliveryIdentifiers": [way], "recipientField": "TO"}
    ]
    named = {key: said[key] for key in ("type", "senderActorId", "channelId", "channelAccountId", "subject")}
    assert named == {
        "type": "MESSAGE", "senderActorId": f"A-{USER}", "channelId": "1002", "channelAccountId": "42423411",
        "subject": "Cannot pay",
    }  # fmt: skip
    await desk.aclose()


async def test_a_chat_is_answered_in_the_chat(helpdesk: HubSpot, world: HubSpotWorld) -> None:
    """Its customers have no address there, but an identifier of the channel's."""
    ticket = world.portal.create("Eve", "eve@customer.example", "Hi", "x", channel=CHAT)
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    sent = world.portal.messages[world.thread(ticket)][-1]["recipients"]
    assert sent[0]["deliveryIdentifiers"][0]["type"] == "CHANNEL_SPECIFIC_OPAQUE_ID"
    assert "recipientField" not in sent[0]


async def test_a_ticket_without_a_thread_cannot_be_answered(world: HubSpotWorld) -> None:
    """Of a form, an import or a person's making: said, and nothing of the change is done. A note goes there."""
    ticket = world.portal.create("Eve", "eve@customer.example", "Hi", "x", has_thread=False)
    watched = Watched(world)
    desk = connect(world, watched)
    change = TicketChange(public_reply=PublicText("Solved"), status=TicketStatus.SOLVED, add_tags=("inc_42",))
    assert "no conversation" in await refused(desk, ticket, change)
    assert (world.stage(ticket), world.tags(ticket)) == ("1", [""])
    assert not [call for call, _ in watched.sent if "batch/read" not in call]
    assert (await desk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert await desk.was_done(ticket, ONCE)
    await desk.aclose()


async def test_nobody_else_is_answered(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Whoever else wrote on the thread, last of all, is not the ticket's contact."""
    world.let_time_pass(10)
    world.portal.answer(ticket, "I am in copy", by="boss@elsewhere.example")
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    sent = world.portal.messages[world.thread(ticket)][-1]["recipients"]
    assert [one["deliveryIdentifiers"][0]["value"] for one in sent] == ["ada@customer.example"]


async def test_another_contact_of_the_ticket(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """A ticket may have several: the first one is the customer, and answered where they wrote; else who did."""
    boss = world.create_ticket("Hi", "x", name="Boss", email="boss@customer.example")
    (other,) = world.portal.linked("tickets/contacts", boss)
    world.portal.links.add(("tickets/contacts", ticket, other))
    world.let_time_pass(10)
    world.portal.answer(ticket, "I am its boss", by="boss@customer.example")
    for once, address in (("a", "ada@customer.example"), ("b", "boss@customer.example")):
        assert (await helpdesk.update([ticket], REPLY, once=once))[0].outcome is ChangeOutcome.DONE
        rows = world.portal.messages[world.thread(ticket)]
        assert rows[-1]["recipients"][0]["deliveryIdentifiers"][0]["value"] == address
        del rows[0]


async def test_only_others_wrote(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Nothing of the ticket's contact to answer: refused, whoever else is there."""
    world.portal.messages[world.thread(ticket)].clear()
    world.portal.answer(ticket, "I am in copy", by="boss@elsewhere.example")
    assert "answer them by hand" in await refused(helpdesk, ticket, REPLY)


async def test_without_a_contact(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    world.portal.links = {link for link in world.portal.links if link[:2] != ("tickets/contacts", ticket)}
    (found,) = await helpdesk.read([ticket])
    assert not found.is_reachable
    assert "no contact" in await refused(helpdesk, ticket, REPLY)


async def test_a_filter_that_is_not_kept(helpdesk: HubSpot, world: HubSpotWorld) -> None:
    """Threads are listed by ticket, by a filter that HubSpot's description does not have: were it ignored, each list
    would have everybody's. Only what says itself that it is this ticket's is read or answered."""
    tickets = [
        world.create_ticket(f"Hi {number}", "x", name="Ada", email="ada@customer.example")
        for number in range(3)
    ]
    world.portal.ignores_filters = True
    assert (await helpdesk.update([tickets[1]], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert [len(world.public_replies(one)) for one in tickets] == [0, 1, 0]
    assert [await helpdesk.was_done(one, ONCE) for one in tickets] == [False, True, False]
    for found in await helpdesk.read(tickets):
        said = await helpdesk.comments(found, found.created_at)
        assert [one.author for one in said] == [Author.LIAISON] * (found.ref.id == tickets[1])


async def test_spam_is_no_conversation(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    world.portal.threads[world.thread(ticket)]["spam"] = True
    assert "no conversation" in await refused(helpdesk, ticket, REPLY)


async def test_several_threads(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """The one that was used last; what was written is found on any."""
    contact = world.portal.threads[world.thread(ticket)]["associatedContactId"]
    world.let_time_pass(60)
    later = world.portal.open_thread(ticket, contact)
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.portal.messages[later] == []
    assert await helpdesk.was_done(ticket, ONCE)
    world.portal.threads[world.thread(ticket)]["archived"] = True
    assert "no conversation" in await refused(helpdesk, ticket, REPLY)


async def test_a_message_that_was_not_sent(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """It is on the thread, and its customer never got it."""
    world.portal.cannot_send = True
    assert "tell the customer by hand" in await refused(helpdesk, ticket, REPLY)
    with pytest.raises(NotShown, match="was not sent"):
        await helpdesk.was_done(ticket, ONCE)


@pytest.mark.parametrize("waits", [False, True])
async def test_solved_with_a_reply(helpdesk: HubSpot, world: HubSpotWorld, ticket: str, waits: bool) -> None:
    """A pipeline that waits as soon as its customer is answered undoes the status that was set beside the reply."""
    world.portal.waits_once_answered = waits
    change = TicketChange(public_reply=PublicText("Solved"), status=TicketStatus.SOLVED)
    assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == "4"
    # The control: what nobody asked for stays as the pipeline has it.
    assert (await helpdesk.update([ticket], REPLY, once="another"))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == ("2" if waits else "4")


class _Answered(InProcessTransport):
    """The customer answers as soon as they are written to."""

    def __init__(self, world: HubSpotWorld, ticket: str) -> None:
        super().__init__(world.fake.app)
        self._world, self._ticket = world, ticket

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.method == "POST" and request.url.path.endswith("/messages"):
            self._world.customer_reply(self._ticket, "It is still broken")
        return answer


async def test_solved_with_a_reply_that_is_answered_at_once(world: HubSpotWorld, ticket: str) -> None:
    """What the customer's answer did is left: it is not solved."""
    desk = connect(world, _Answered(world, ticket))
    change = TicketChange(public_reply=PublicText("Solved"), status=TicketStatus.SOLVED)
    assert (await desk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == "3"
    await desk.aclose()
