"""Zammad on its fake: what the contract of a helpdesk asks, and what is Zammad's own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zammad import Zammad
from connectors.zammad.conversation.articles import note
from connectors.zammad.fake.app import EMAIL
from incidents.errors import Exposed, NotAllowed, Refused, Unknown, Unreachable
from incidents.models import (
    Author,
    ChangeOutcome,
    Departure,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.zammad.conftest import ZammadWorld, connect, settings
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import NOTE, ONCE, REPLY, HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract

ADA = {"name": "Ada Lovelace", "email": "ada@customer.example"}


class TestZammadSetsStates(TicketStatesContract):
    """All of the contract."""


class TestZammadIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A ticket is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestZammadKeepsNotesPrivate(PrivateNotesContract):
    """All of the contract."""


@pytest.fixture
def ticket(world: ZammadWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", **ADA)


async def test_a_reply_is_mailed_and_a_note_never(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """An article of type email is mailed whatever `internal` says: a note is of type note, and says so."""
    await helpdesk.update([ticket], NOTE, once=ONCE)
    assert world.fake.mails == []
    (note,) = world.fake.private(int(ticket))
    assert (note["type_id"], note["internal"], note["to"]) == (10, True, None)
    await helpdesk.update([ticket], REPLY, once="another")
    (mail,) = world.fake.mails
    assert (mail.to, mail.subject, mail.body) == ("ada@customer.example", "Cannot pay", REPLY.public_reply)


async def test_the_recipient_is_read_again(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """The customer changed his address after he was read last."""
    (found,) = await helpdesk.read([ticket])
    customer = world.fake.desk.users[int(found.requester.id)]
    customer["email"] = "new@customer.example"
    await helpdesk.update([ticket], REPLY, once=ONCE)
    assert [mail.to for mail in world.fake.mails] == ["new@customer.example"]


async def test_a_customer_without_an_address(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """He cannot be replied to by mail; the ticket says so beforehand."""
    (found,) = await helpdesk.read([ticket])
    world.fake.desk.users[int(found.requester.id)]["email"] = ""
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    (found,) = await connect(world).read([ticket])
    assert not found.is_reachable


@pytest.mark.parametrize("was_answered", [True, False])
async def test_a_note_that_became_a_mail(
    world: ZammadWorld, helpdesk: Zammad, ticket: str, was_answered: bool
) -> None:
    """Zammad mails an article of type email whatever `internal` says: such a note was read, however private it is."""
    write = world.fake.desk._write

    def mail(record: dict[str, Any], by: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
        return write(record, by, {**fields, "type": "email", "to": "ada@customer.example"})

    world.fake.desk._write = mail  # type: ignore[method-assign]
    if was_answered:
        (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.EXPOSED
    else:
        world.faults.arm(FaultKind.DROP_REPLY, where=world.update_path)
        with pytest.raises(Unknown):
            await helpdesk.update([ticket], NOTE, once=ONCE)
        with pytest.raises(Exposed, match="whoever was mailed has it still"):
            await helpdesk.was_done(ticket, ONCE)
    assert [mail.body for mail in world.fake.mails] == [NOTE.private_note]


async def test_an_article_that_says_nothing_is_public(world: ZammadWorld, ticket: str) -> None:
    """Zammad's trap: a note of ours always says `internal`."""
    world.fake.desk.change(int(ticket), world.fake.me, {}, {"body": "for colleagues"})
    assert world.public_replies(ticket) == ["for colleagues"]
    assert note(InternalText("x"), ONCE)["internal"] is True


async def test_a_state_that_is_not_kept(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """A trigger set it back in the same moment."""
    touch = world.fake.desk.touch

    def set_back(record: dict[str, Any], by: dict[str, Any]) -> None:
        touch(record, by)
        record["state_id"] = 2

    world.fake.desk.touch = set_back  # type: ignore[method-assign]
    (outcome,) = await helpdesk.update([ticket], TicketChange(status=TicketStatus.SOLVED), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "core workflows" in outcome.detail


async def test_waiting_needs_a_time(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """Zammad refuses a reminder without one."""
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.WAITING_FOR_CUSTOMER), once=ONCE)
    found = world.fake.desk.ticket(int(ticket))
    assert found["state_id"] == 3
    assert found["pending_time"] == f"{world.now() + timedelta(days=7):%Y-%m-%dT%H:%M:%S.000Z}"


async def test_a_state_of_the_houses_own(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """It counts as its type, and stays where it means what is wanted."""
    world.fake.desk.states[20] = {"id": 20, "name": "in progress", "state_type_id": 2}
    world.fake.desk.states[21] = {"id": 21, "name": "at the bank", "state_type_id": 2}
    world.fake.desk.ticket(int(ticket))["state_id"] = 20
    (found,) = await helpdesk.read([ticket])
    assert (found.status, found.source_status) == (TicketStatus.OPEN, "in progress")
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.OPEN), once=ONCE)
    assert world.fake.desk.ticket(int(ticket))["state_id"] == 20
    waiting = TicketChange(status=TicketStatus.WAITING_FOR_VENDOR)
    (outcome,) = await helpdesk.update([ticket], waiting, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    knowing = connect(world, waiting_for_vendor_state="at the bank")
    (outcome,) = await knowing.update([ticket], waiting, once=ONCE)
    (found,) = await knowing.read([ticket])
    assert found.status is TicketStatus.WAITING_FOR_VENDOR
    await knowing.aclose()


async def test_merged(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """It is gone, and takes no word: its customer is answered on the other one."""
    other = world.create_ticket("The same", "Me too", name="Bob", email="bob@customer.example")
    world.fake.merge(int(ticket), int(other))
    (found,) = await helpdesk.read([ticket])
    assert (found.gone, found.status) == (Departure.MERGED, TicketStatus.CLOSED)
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.fake.mails == []


async def test_markup_becomes_words(world: ZammadWorld, helpdesk: Zammad) -> None:
    own_id = world.fake.create_ticket(
        "Ada",
        "ada@customer.example",
        "Hi",
        "<div>Cards are <b>refused</b></div><script>x()</script>",
        html=True,
    )
    (found,) = await helpdesk.read([str(own_id)])
    assert found.body == "Cards are refused"


async def test_an_automatic_answer_is_known(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """By Zammad's own mark on the article."""
    (found,) = await helpdesk.read([ticket])
    world.fake.customer_reply(int(ticket), "I am away until Monday", is_automatic=True)
    (comment,) = await helpdesk.comments(found, found.created_at)
    assert (comment.author, comment.origin) == (Author.CUSTOMER, Origin.AUTOMATIC)


async def test_more_changes_than_a_search_gives(world: ZammadWorld, helpdesk: Zammad) -> None:
    """Page by page, by the time of the last one: one that changes meanwhile is told again, and none is left out."""
    since = world.now()
    made = []
    for number in range(450):
        world.let_time_pass(1)
        made.append(world.create_ticket(f"{number}", "x", name="Ada", email="ada@customer.example"))
    world.let_time_pass(60)
    found = []
    async for one in helpdesk.changed_since(since):
        if not found:
            world.customer_reply(made[10], "Any news?")
            world.let_time_pass(60)
        found.append(one.ref.id)
    assert set(found) == set(made)
    assert found.count(made[10]) == 2
    assert len(found) == 451


class _OldIndex(InProcessTransport):
    """The last ticket of the first page has changed since it was indexed: it stands where it was, and is told as it is
    now."""

    def __init__(self, world: ZammadWorld) -> None:
        super().__init__(world.fake.app)
        self._world, self._is_due = world, True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if not (self._is_due and request.url.path.endswith("/tickets/search")):
            return answer
        self._is_due = False
        rows = json.loads(await answer.aread())
        rows[-1]["updated_at"] = f"{self._world.now():%Y-%m-%dT%H:%M:%S}.000Z"
        return httpx.Response(200, json=rows)


async def test_a_search_by_an_index_that_is_behind(world: ZammadWorld) -> None:
    """By the last one's new time the next page would begin behind all that was not told yet."""
    since = world.now()
    made = []
    for number in range(250):
        world.let_time_pass(1)
        made.append(world.create_ticket(f"{number}", "x", **ADA))
    world.let_time_pass(60)
    helpdesk = Zammad("zammad/support", settings(), transport=_OldIndex(world))
    assert {one.ref.id async for one in helpdesk.changed_since(since)} == set(made)
    await helpdesk.aclose()


async def test_tier_and_product_by_tags(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    world.fake.desk.tags[int(ticket)] = ["vip", "tier_gold", "product_shop"]
    (found,) = await helpdesk.read([ticket])
    assert (found.tier, found.product, found.tags) == ("gold", "shop", ("vip", "tier_gold", "product_shop"))
    assert (found.channel, found.group, found.priority, found.assignee) == (
        "email",
        "Users",
        "2 normal",
        None,
    )
    assert found.url == f"https://support.example.test/#ticket/zoom/{ticket}"


async def test_an_empty_text_is_said_to_nobody(helpdesk: Zammad, ticket: str, world: ZammadWorld) -> None:
    for change in (TicketChange(private_note=InternalText(" ")), TicketChange(public_reply=PublicText(" "))):
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
    assert len(world.fake.desk.articles_of(int(ticket))) == 1


async def test_check(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """Says who we are; an end user, and a search without its index, are no use."""
    world.let_time_pass(60)
    assert (await helpdesk.check()).startswith("Liaison  (user".replace("  ", " "))
    world.fake.http._lag = 10_000_000_000
    with pytest.raises(NotAllowed, match="Elasticsearch"):
        await helpdesk.check()
    world.fake.me["roles"] = ["Customer"]
    with pytest.raises(NotAllowed, match="not an agent"):
        await helpdesk.check()
    assert world.fake.me["email"] == EMAIL


async def test_a_hostile_id_reaches_no_path(helpdesk: Zammad) -> None:
    assert not await helpdesk.was_done("../users/me", ONCE)
    (outcome,) = await helpdesk.update(["1/../../users/me"], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    with pytest.raises(Refused):
        await helpdesk.unsubscribe("1/../users")


async def test_a_ticket_that_we_may_not_see_stops_no_other(
    world: ZammadWorld, helpdesk: Zammad, ticket: str
) -> None:
    """It was moved to another group: Zammad says 403 of it, and our token is as good as ever."""
    world.let_time_pass(1)
    other = world.create_ticket("The same", "Me too", name="Bob", email="bob@customer.example")
    world.let_time_pass(60)
    (before,) = await helpdesk.read([ticket])
    poll = helpdesk.changed_since(before.created_at)
    assert (await anext(poll)).ref.id == ticket
    world.fake.restrict(int(other))  # between the search and the look at what it found
    assert [one.ref.id async for one in poll] == []
    world.fake.desk.restricted = {int(ticket)}
    assert [one.ref.id for one in await helpdesk.read([ticket, other])] == [other]
    assert await helpdesk.comments(before, before.created_at) == []
    assert not await helpdesk.was_done(ticket, ONCE)
    hidden, done = await helpdesk.update([ticket, other], REPLY, once=ONCE)
    assert (hidden.outcome, done.outcome) == (ChangeOutcome.GONE, ChangeOutcome.DONE)
    assert "may see" in hidden.detail
    assert [mail.to for mail in world.fake.mails] == ["bob@customer.example"]


async def test_a_refused_token_is_not_taken_for_a_hidden_ticket(world: ZammadWorld, ticket: str) -> None:
    """ "Not there" would be believed of every ticket."""
    stranger = connect(world, api_token="revoked-meanwhile-000")
    with pytest.raises(NotAllowed):
        await stranger.read([ticket])
    with pytest.raises(NotAllowed):
        await stranger.update([ticket], REPLY, once=ONCE)
    await stranger.aclose()


async def test_a_ticket_that_leaves_our_sight_by_our_change(
    world: ZammadWorld, helpdesk: Zammad, ticket: str
) -> None:
    """A trigger moves it once it was answered: "gone" would say that nobody was told."""
    write = world.fake.desk._write

    def move_away(record: dict[str, Any], *arguments: Any) -> dict[str, Any]:
        world.fake.restrict(record["id"])
        return write(record, *arguments)

    world.fake.desk._write = move_away  # type: ignore[method-assign]
    with pytest.raises(Unknown, match="went from our sight"):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    assert len(world.fake.mails) == 1


async def test_a_state_that_was_made_while_we_run(world: ZammadWorld, helpdesk: Zammad, ticket: str) -> None:
    """It is looked up, not left to stop the poll; one that Zammad lists nowhere ends nothing."""
    await helpdesk.read([ticket])
    world.fake.desk.states[20] = {"id": 20, "name": "done and dusted", "state_type_id": 5}
    world.fake.desk.states[21] = {"id": 21, "name": "of no known type", "state_type_id": 99}
    for state, status in ((20, TicketStatus.SOLVED), (21, TicketStatus.OPEN)):
        world.fake.desk.ticket(int(ticket))["state_id"] = state
        (found,) = await helpdesk.read([ticket])
        assert found.status is status
        (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("liaison",)), once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
