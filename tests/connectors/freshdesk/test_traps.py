"""What Freshdesk does that is guessed wrong, each on the fake that keeps its rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from connectors.freshdesk import Freshdesk
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Exposed, NotAllowed, Refused, Unknown
from incidents.models import (
    Author,
    ChangeOutcome,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.freshdesk.conftest import FreshdeskWorld, connect, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

ADA = {"name": "Ada Lovelace", "email": "ada@customer.example"}
SOLVED = TicketChange(status=TicketStatus.SOLVED)


@pytest.fixture
def ticket(world: FreshdeskWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", **ADA)


class Watching(httpx.AsyncBaseTransport):
    """Between connector and fake: keeps what is sent, and lets something happen just before a write."""

    def __init__(self, world: FreshdeskWorld, before: Callable[[], object] = lambda: None) -> None:
        self._inner = InProcessTransport(world.fake.app)
        self._before = before
        self.sent: list[tuple[str, str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.sent.append((request.method, request.url.path, json.loads(request.content)))
            self._before()
        return await self._inner.handle_async_request(request)


async def test_a_note_always_says_that_it_is_private(world: FreshdeskWorld, ticket: str) -> None:
    """Freshdesk's default is private as well; a default is not relied upon. A note is mailed to nobody."""
    watching = Watching(world)
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=watching)
    await helpdesk.update([ticket], NOTE, once=ONCE)
    ((_, path, body),) = watching.sent
    assert (path, body["private"]) == (f"/api/v2/tickets/{ticket}/notes", True)
    assert world.fake.mails() == []
    await helpdesk.update([ticket], REPLY, once="another")
    ((to, words),) = world.fake.mails()
    assert to == "ada@customer.example"
    assert words.startswith(str(REPLY.public_reply))
    await helpdesk.aclose()


async def test_the_words_of_a_note_that_is_public_are_taken_out(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """No call hides it. Its mark stays, so that the look-up tells of it again."""
    world.lose_privacy()
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "its words were taken out" in outcome.detail
    assert world.public_replies(ticket) == ["This note was withdrawn."]
    with pytest.raises(Exposed):
        await helpdesk.was_done(ticket, ONCE)
    for kind in (FaultKind.UNAUTHORIZED, FaultKind.RATE_LIMIT, FaultKind.DROP_REPLY, FaultKind.HTML):
        world.faults.arm(kind, where="/api/v2/conversations/", times=None)
        (outcome,) = await helpdesk.update([ticket], NOTE, once=f"{ONCE}/{kind}")
        world.faults.clear()
        assert outcome.outcome is ChangeOutcome.EXPOSED
        assert "delete it there by hand, now" in outcome.detail


async def test_a_requester_without_an_address(world: FreshdeskWorld, helpdesk: Freshdesk) -> None:
    """He wrote from the portal's chat: a reply reaches nobody, and the ticket is not solved without it."""
    ticket = world.create_ticket("Hi", "Help", name="Ada", email="")
    (found,) = await helpdesk.read([ticket])
    assert not found.is_reachable
    change = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "no e-mail address" in outcome.detail
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.OPEN


async def test_sent_tags_take_the_place_of_all(world: FreshdeskWorld, ticket: str) -> None:
    """So the old ones are sent along, and nothing is sent where nothing is missing."""
    world.fake.desk.tickets[int(ticket)]["tags"] = ["vip", "tier_gold"]
    watching = Watching(world)
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=watching)
    for _ in range(2):
        await helpdesk.update([ticket], TicketChange(add_tags=("liaison",)), once=ONCE)
    assert world.tags(ticket) == ["vip", "tier_gold", "liaison"]
    assert len(watching.sent) == 1
    (found,) = await helpdesk.read([ticket])
    assert (found.tier, found.tags) == ("gold", ("vip", "tier_gold", "liaison"))
    await helpdesk.aclose()


@pytest.mark.parametrize("change", [REPLY, SOLVED])
async def test_deleted_between_reading_and_writing(
    world: FreshdeskWorld, ticket: str, change: TicketChange
) -> None:
    """Freshdesk says 405 then, which is no mistake of ours."""
    watching = Watching(world, lambda: world.fake.trash(int(ticket)))
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=watching)
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    assert world.fake.mails() == []
    await helpdesk.aclose()


async def test_a_ticket_out_of_our_scope_stops_no_other(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """Freshdesk says 403 of it, where our key is as good as ever; an archived one is at another address."""
    other = world.create_ticket("The same", "Me too", **ADA)
    old = world.create_ticket("Long ago", "Thanks", **ADA)
    (before,) = await helpdesk.read([ticket])
    world.fake.desk.hidden.add(int(ticket))
    world.fake.desk.archived.add(int(old))
    assert [one.ref.id for one in await helpdesk.read([ticket, old, other])] == [other]
    assert await helpdesk.comments(before, before.created_at) == []
    assert not await helpdesk.was_done(ticket, ONCE)
    outcomes = await helpdesk.update([ticket, old, other], NOTE, once=ONCE)
    assert [one.outcome for one in outcomes] == [
        ChangeOutcome.GONE,
        ChangeOutcome.GONE,
        ChangeOutcome.DONE,
    ]
    assert "ticket scope" in outcomes[0].detail
    assert "archived" in outcomes[1].detail


async def test_a_refused_key_is_not_taken_for_a_hidden_ticket(world: FreshdeskWorld, ticket: str) -> None:
    """ "Not there" would be believed of every ticket."""
    stranger = connect(world, api_key="revokedmeanwhile")
    with pytest.raises(NotAllowed):
        await stranger.read([ticket])
    with pytest.raises(NotAllowed):
        await stranger.update([ticket], REPLY, once=ONCE)
    await stranger.aclose()


async def test_a_role_without_the_right_to_reply(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """It is said which right to give, for that ticket, and the others go on."""
    world.fake.desk.locked.add(int(ticket))
    other = world.create_ticket("The same", "Me too", **ADA)
    refused, done = await helpdesk.update([ticket, other], REPLY, once=ONCE)
    assert (refused.outcome, done.outcome) == (ChangeOutcome.REFUSED, ChangeOutcome.DONE)
    assert "right to reply" in refused.detail


async def test_a_ticket_that_leaves_our_sight_by_our_change(world: FreshdeskWorld, ticket: str) -> None:
    """A rule moves it once it was answered: "gone" would say that nobody was told."""
    write = world.fake.desk.write

    def move_away(own_id: int, *arguments: Any, **named: Any) -> dict[str, Any]:
        made = write(own_id, *arguments, **named)
        world.fake.desk.hidden.add(own_id)
        return made

    world.fake.desk.write = move_away  # type: ignore[method-assign]
    helpdesk = connect(world)
    with pytest.raises(Unknown, match="went from our sight"):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    assert len(world.fake.mails()) == 1
    await helpdesk.aclose()


async def test_a_field_that_is_needed_to_solve(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """The field is named, by Freshdesk's code and not in its words; the customer is not told that it is solved."""
    world.fake.desk.needed_to_close.add("cf_product")
    change = TicketChange(public_reply=PublicText("It works again."), status=TicketStatus.SOLVED)
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "cf_product (missing_field)" in outcome.detail
    assert "mandatory" not in outcome.detail
    assert world.fake.mails() == []


async def test_a_status_that_the_account_has_not(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """The house took "waiting on third party" away."""
    del world.fake.desk.statuses[7]
    (outcome,) = await helpdesk.update(
        [ticket], TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), once=ONCE
    )
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "status (invalid_value)" in outcome.detail


async def test_a_status_of_the_houses_own(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """Named, it is read and set; one that nobody named counts as open."""
    world.fake.desk.statuses |= {9: ["At the bank", "x"], 10: ["Odd", "x"]}
    knowing = connect(world, statuses={9: "waiting_for_vendor"})
    waiting = TicketChange(status=TicketStatus.WAITING_FOR_VENDOR)
    (outcome,) = await knowing.update([ticket], waiting, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.fake.desk.tickets[int(ticket)]["status"] == 9
    (found,) = await knowing.read([ticket])
    assert (found.status, found.source_status) == (TicketStatus.WAITING_FOR_VENDOR, "9")
    world.fake.desk.tickets[int(ticket)]["status"] = 10
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.OPEN
    await knowing.aclose()


async def test_a_rule_sets_the_status_back(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    touch = world.fake.desk.touch

    def set_back(record: dict[str, Any]) -> None:
        touch(record)
        record["status"] = 2

    world.fake.desk.touch = set_back  # type: ignore[method-assign]
    (outcome,) = await helpdesk.update([ticket], SOLVED, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "automation rules" in outcome.detail


async def test_a_long_conversation(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """What is embedded in a ticket is cut after ten; all pages are read."""
    (found,) = await helpdesk.read([ticket])
    for number in range(230):
        world.agent_note(ticket, f"note {number}")
    await helpdesk.update([ticket], NOTE, once=ONCE)
    world.agent_note(ticket, "the last one")
    assert await helpdesk.was_done(ticket, ONCE)
    said = await helpdesk.comments(found, found.created_at)
    assert len(said) == 232
    assert [one.text for one in said[-2:]] == [NOTE.private_note, "the last one"]
    assert said[-2].author is Author.LIAISON


async def test_a_quoted_mark_is_not_ours(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """A customer's mail and an agent's note have our last line below it."""
    elsewhere = world.create_ticket("The same", "Me too", **ADA)
    await helpdesk.update([elsewhere], REPLY, once=ONCE)
    (reply,) = world.fake.public(int(elsewhere))
    world.customer_reply(ticket, f"Thanks!\n{reply['body_text']}")
    world.agent_note(ticket, reply["body_text"])
    assert await helpdesk.was_done(elsewhere, ONCE)
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_hostile_words(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """Markup and placeholders are words, both ways."""
    words = "<img src=x> & {{ticket.requester.email}} {% if 1 %}\nsecond line"
    await helpdesk.update([ticket], TicketChange(private_note=InternalText(words)), once=ONCE)
    (note,) = world.fake.private(int(ticket))
    assert "<img" not in note["body"]
    assert "{{" not in note["body"]
    assert "{%" not in note["body"]
    (found,) = await helpdesk.read([ticket])
    (comment,) = await helpdesk.comments(found, found.created_at)
    assert comment.text.replace("\u2060", "") == words
    own_id = world.fake.create_ticket(
        "Ada", "ada@customer.example", "Hi", "<div>Cards <b>fail</b></div><script>x()</script>", is_html=True
    )
    (found,) = await helpdesk.read([str(own_id)])
    assert found.body == "Cards fail"


async def test_an_empty_text_is_said_to_nobody(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    for change in (TicketChange(private_note=InternalText(" ")), TicketChange(public_reply=PublicText(" "))):
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.fake.desk.written_on(int(ticket)) == []


async def test_a_survey_is_no_answer(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    (found,) = await helpdesk.read([ticket])
    world.fake.desk.answer(int(ticket), "Very good", source=6)
    (comment,) = await helpdesk.comments(found, found.created_at)
    assert (comment.author, comment.origin) == (Author.CUSTOMER, Origin.SURVEY)


async def test_fields(world: FreshdeskWorld, ticket: str) -> None:
    row = world.fake.desk.tickets[int(ticket)]
    row |= {"priority": 4, "responder_id": 77, "group_id": 5, "due_by": "2026-03-04T10:00:00Z"}
    row["custom_fields"]["cf_product"] = "shop"
    helpdesk = connect(world, product_field="cf_product")
    (found,) = await helpdesk.read([ticket])
    assert (found.product, found.priority, found.assignee, found.group, found.channel) == (
        "shop",
        "urgent",
        "77",
        "5",
        "email",
    )
    assert found.due_at is not None
    assert found.url == f"https://acme.freshdesk.test/a/tickets/{ticket}"
    await helpdesk.aclose()


async def test_check(world: FreshdeskWorld, helpdesk: Freshdesk) -> None:
    """Says who we are; another agent's key, and a field or status that is not there, are told before they hurt."""
    own_id = world.fake.me["id"]
    assert await helpdesk.check() == f"Liaison (agent {own_id}) at https://acme.freshdesk.test; told by rules"
    assert helpdesk.actor == str(own_id)
    for wrong, error, words in (
        ({"integration_user_id": 1}, NotAllowed, "correct it"),
        ({"product_field": "cf_nothing"}, Refused, "cf_nothing"),
        ({"statuses": {99: "solved"}}, Refused, "no status 99"),
        ({"api_key": "wrongwrongwrong"}, NotAllowed, "credentials"),
    ):
        mistaken = connect(world, **wrong)
        with pytest.raises(error, match=words):
            await mistaken.check()
        await mistaken.aclose()
    polled = connect(world, signing_secrets=[], product_field="cf_product", statuses={7: "open"})
    assert "polled, not told" in await polled.check()
    await polled.aclose()


async def test_a_hostile_id_reaches_no_path(helpdesk: Freshdesk) -> None:
    assert not await helpdesk.was_done("../agents/me", ONCE)
    (outcome,) = await helpdesk.update(["1/../../agents/me"], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
