"""What is guessed wrong of Help Scout's conversations."""

from __future__ import annotations

import html

import httpx
import pytest
import stamina

from connectors.helpscout import HelpScout
from connectors.helpscout.fake.desk import INBOX
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import Exposed, NotAllowed, Unknown
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
from tests.connectors.helpscout.conftest import HelpScoutWorld, connect, odd
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


async def test_words_are_words(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """Texts are HTML and may have placeholders: of ours nothing is markup, and nothing is filled in."""
    words = 'a <b>bold</b> & <img src="x"> word, {%customer.firstName%} {{x}}\nand a line'
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText(words)), once=ONCE)
    sent = world.desk.threads[int(ticket)][-1]["body"]
    assert "<b>" not in sent
    assert "<img" not in sent
    assert "{%" not in html.unescape(sent)
    assert "{{" not in html.unescape(sent)
    (found,) = await helpdesk.read([ticket])
    (said,) = await helpdesk.comments(found, found.created_at)
    assert said.text.replace("\u2060", "") == words


@pytest.mark.parametrize("change", [NOTE, REPLY])
@pytest.mark.parametrize(("is_late", "status"), [(True, "active"), (False, "closed")])
async def test_a_customer_who_answers_while_we_write(
    world: HelpScoutWorld, ticket: str, change: TicketChange, is_late: bool, status: str
) -> None:
    """The status is said by what was read before: it must not close what the customer has opened since."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if is_late and request.url.path.endswith(("/notes", "/reply")):
            world.let_time_pass(5)
            world.customer_reply(ticket, "Still broken")
        return None

    world.let_time_pass(60)
    world.customer_reply(ticket, "It works")
    world.let_time_pass(60)
    world.desk.set_status(int(ticket), "closed")
    desk = odd(world, answer)
    (outcome,) = await desk.update([ticket], change, once=ONCE)
    assert (outcome.outcome, world.status(ticket)) == (ChangeOutcome.DONE, status)
    await desk.aclose()


async def test_a_customer_who_quotes_our_mark(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """What we wrote is known by who wrote it as well."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    quoted = world.desk.threads[int(ticket)].pop()
    eve = {"id": 991, "type": "customer", "first": "Eve", "last": ""}
    world.desk.threads[int(ticket)].append({**quoted, "type": "customer", "createdBy": eve})
    assert not await helpdesk.was_done(ticket, ONCE)


@pytest.mark.parametrize("change", [NOTE, REPLY])
@pytest.mark.parametrize("status", ["closed", "pending", "active"])
async def test_what_is_written_opens_nothing(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str, change: TicketChange, status: str
) -> None:
    """Without a status beside it, Help Scout makes a conversation active again."""
    world.desk.set_status(int(ticket), status)
    await helpdesk.update([ticket], change, once=ONCE)
    assert world.status(ticket) == status


async def test_a_state_that_it_has_is_not_set(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """Every setting stands among what colleagues read, and may start a workflow."""
    for status in (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.SOLVED):
        await helpdesk.update([ticket], TicketChange(status=status), once=ONCE)
    assert [one["type"] for one in world.desk.threads[int(ticket)]] == ["customer", "lineitem"]


async def test_nobody_to_reply_to(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """Said before anything is changed; a note needs nobody."""
    del world.desk.conversations[int(ticket)]["primaryCustomer"]["id"]
    change = TicketChange(public_reply=PublicText("x"), status=TicketStatus.SOLVED, add_tags=("x",))
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert (world.status(ticket), world.tags(ticket)) == ("active", [])
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_a_reply_goes_to_its_customer_alone(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """No draft, nobody in copy, nothing imported: those would reach nobody, or too many."""
    world.desk.conversations[int(ticket)]["cc"] = ["boss@customer.example"]
    await helpdesk.update([ticket], REPLY, once=ONCE)
    sent = world.desk.threads[int(ticket)][-1]
    assert (sent["type"], sent["state"], sent["cc"]) == ("message", "published", [])


async def test_tags_in_other_letters(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """Help Scout keeps small letters: what is there is not asked for for ever, and what others set stays."""
    world.desk.set_tags(int(ticket), ["vip"])
    for once in ("a", "b"):
        (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("INC_42",)), once=once)
        assert outcome.outcome is ChangeOutcome.DONE
    assert world.tags(ticket) == ["vip", "inc_42"]


async def test_a_note_and_a_reply_of_one_key(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """A public thread with the note's words is never taken for the note."""
    with stamina.set_testing(True, attempts=2):
        world.faults.arm(FaultKind.CRASH, where="/notes")
        with pytest.raises(Unknown):
            await helpdesk.update([ticket], NOTE, once=ONCE)
    assert not await helpdesk.was_done(ticket, ONCE)
    assert world.private_notes(ticket) == []


async def test_an_exposed_note_loses_its_words(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """Its mark stays: a later look-up says what became of it."""
    world.lose_privacy()
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "its words were taken out" in outcome.detail
    assert str(NOTE.private_note) not in world.desk.threads[int(ticket)][-1]["body"]
    with pytest.raises(Exposed):
        await helpdesk.was_done(ticket, ONCE)


async def test_an_exposed_note_that_our_user_may_not_edit(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """Only administrators may, unless the account lets all users; told all the same."""
    world.desk.role = "user"
    world.lose_privacy()
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "could not be taken out: delete it there by hand" in outcome.detail
    assert "thread editing" in outcome.detail


async def test_a_merged_conversation(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """It answers with the address of the one that lives, and what was written moves along; a chain is followed."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    (before,) = await helpdesk.read([ticket])
    middle, last = (
        world.create_ticket(f"Number {n}", "x", name="Ada", email="ada@customer.example") for n in (2, 3)
    )
    world.desk.merge(int(ticket), int(middle))
    world.desk.merge(int(middle), int(last))
    (found,) = await helpdesk.read([ticket])
    assert (found.ref.id, found.gone, found.merged_into) == (ticket, Departure.MERGED, last)
    assert await helpdesk.comments(before, before.created_at) == []
    (outcome,) = await helpdesk.update([ticket], NOTE, once="later")
    assert (outcome.outcome, f"merged into {middle}" in outcome.detail) == (ChangeOutcome.GONE, True)
    assert await helpdesk.was_done(ticket, ONCE)
    assert not await helpdesk.was_done(ticket, "later")
    assert world.private_notes(last) == []


async def test_the_poll_tells_of_mergers(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """A webhook names the one that lives alone; among what was written on that stands which it took in."""
    other = world.create_ticket("The same", "x", name="Ada", email="ada@customer.example")
    world.let_time_pass(60)
    since = world.now()
    world.desk.merge(int(ticket), int(other))
    found = {one.ref.id: one async for one in helpdesk.changed_since(since)}
    assert set(found) == {ticket, other}
    assert (found[ticket].gone, found[ticket].merged_into) == (Departure.MERGED, other)
    assert found[other].gone is None


async def test_spam(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """Still shown, and nobody's report: told as gone, and nothing is written on it."""
    world.desk.set_status(int(ticket), "spam")
    (found,) = await helpdesk.read([ticket])
    assert found.gone is Departure.SPAM
    assert [one.gone async for one in helpdesk.changed_since(world.now())] == [Departure.SPAM]
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    assert world.public_replies(ticket) == []


async def test_one_that_is_marked_as_deleted(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """`deleted` is among a conversation's states, too."""
    (before,) = await helpdesk.read([ticket])
    world.desk.conversations[int(ticket)]["state"] = "deleted"
    assert await helpdesk.read([ticket]) == []
    assert await helpdesk.comments(before, before.created_at) == []
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.GONE


async def test_a_draft_is_nobodys_word(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """What a colleague is still writing was not sent; a conversation that is a draft is no customer's."""
    world.desk.write(int(ticket), world.desk.colleague, "Dear Ada", is_note=False, is_draft=True)
    (found,) = await helpdesk.read([ticket])
    assert await helpdesk.comments(found, found.created_at) == []
    world.desk.conversations[int(ticket)]["state"] = "draft"
    assert await helpdesk.read([ticket]) == []
    assert [one async for one in helpdesk.changed_since(world.now())] == []


async def test_whose_words_may_be_commands(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """A note that was typed is its author's; one by mail may be anybody's, an AI's and a program's nobody's, though
    version 2 says "user" of both."""
    for author, source in (
        (world.desk.colleague, "web"),
        (world.desk.colleague, "mobile"),
        (world.desk.colleague, "email"),
        (world.desk.colleague, "notification"),
        (world.desk.colleague, "api"),
        (world.desk.colleague, "workflows"),
        (world.desk.ai, "web"),
    ):
        world.desk.write(int(ticket), author, "liaison resolve", is_note=True, source=source)
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.author, one.origin, one.is_signed_in) for one in said] == [
        (Author.AGENT, Origin.PERSON, True),
        (Author.AGENT, Origin.PERSON, True),
        (Author.AGENT, Origin.PERSON, False),
        (Author.AGENT, Origin.PERSON, False),
        (Author.AGENT, Origin.AUTOMATIC, False),
        (Author.AGENT, Origin.AUTOMATIC, False),
        (Author.AGENT, Origin.AUTOMATIC, False),
    ]


async def test_what_a_workflow_writes(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """It may bear its maker's name, and have any customer's words in it: no command. What a customer wrote is theirs,
    though a workflow was run on it."""
    world.agent_note(ticket, "liaison resolve")
    world.customer_reply(ticket, "Any news?")
    for one in world.desk.threads[int(ticket)]:
        one["action"] = {"type": "automatic-workflow", "text": "", "associatedEntities": {}}
    (found,) = await helpdesk.read([ticket])
    note, answer = await helpdesk.comments(found, found.created_at)
    assert (note.origin, note.is_signed_in) == (Origin.AUTOMATIC, False)
    assert answer.is_a_customers_word


async def test_an_ai_with_our_users_number(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """What it writes is not ours."""
    world.desk.write(int(ticket), {**world.desk.ai, "id": 991}, "Hello", is_note=False)
    (found,) = await helpdesk.read([ticket])
    assert [one.author for one in await helpdesk.comments(found, found.created_at)] == [Author.AGENT]


@pytest.mark.parametrize(
    ("thread", "is_public"),
    [
        ({"type": "message"}, True),
        ({"type": "message", "state": "hidden"}, True),
        ({"type": "chat"}, True),
        ({"type": "note"}, False),
        ({"type": "phone"}, False),
        ({"type": "forwardparent"}, False),
        ({"type": "forwardchild"}, False),
        ({"type": "something-new"}, False),
    ],
)
async def test_what_the_customer_reads(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str, thread: dict[str, str], is_public: bool
) -> None:
    """Of kinds that nobody told us of, none is taken for public."""
    world.agent_note(ticket, "x")
    world.desk.threads[int(ticket)][-1] |= thread
    (found,) = await helpdesk.read([ticket])
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.author, said.is_public) == (Author.AGENT, is_public)


async def test_a_conversation_that_an_agent_began(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """Its first message is the house's; a note before it is none."""
    threads = world.desk.threads[int(ticket)]
    threads[0] |= {"type": "message", "createdBy": world.desk.colleague}
    world.desk.write(int(ticket), world.desk.colleague, "about to write", is_note=True)
    threads[0]["id"], threads[1]["id"] = 9_000, 8_999
    (found,) = await helpdesk.read([ticket])
    assert (found.body, found.requester.email) == ("Refused", "ada@customer.example")
    assert [one.text for one in await helpdesk.comments(found, found.created_at)] == ["about to write"]


@pytest.mark.parametrize(("kind", "is_reachable"), [("email", True), ("chat", False), ("phone", False)])
async def test_a_customer_whose_address_is_not_told(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str, kind: str, is_reachable: bool
) -> None:
    """The conversation may name the id alone. Who wrote by mail has an address; who chatted need not."""
    world.desk.conversations[int(ticket)] |= {
        "type": kind,
        "primaryCustomer": {"id": world.desk.customer_of(int(ticket))["id"]},
    }
    (found,) = await helpdesk.read([ticket])
    # Beside the customer's own words it stands again.
    assert found.requester.email == "ada@customer.example"
    for one in world.desk.threads[int(ticket)]:
        one["createdBy"], one["customer"] = {"id": one["createdBy"]["id"], "type": "customer"}, {}
    world.desk.conversations[int(ticket)]["createdBy"] = {}
    (found,) = await helpdesk.read([ticket])
    assert (found.requester.email, found.is_reachable) == ("", is_reachable)


async def test_another_inbox(world: HelpScoutWorld, ticket: str) -> None:
    """What was not given to us is neither read nor answered, also when it is moved there."""
    world.desk.inboxes[99] = "Staff"
    staff = str(world.desk.create("Bob", "bob@house.example", "Pay rise", "x", inbox=99))
    desk = connect(world, inbox_ids=[INBOX])
    assert [one.ref.id for one in await desk.read([staff, ticket])] == [ticket]
    assert [one.ref.id async for one in desk.changed_since(world.now())] == [ticket]
    world.desk.move(int(ticket), 99)
    assert await desk.read([ticket]) == []
    for one in await desk.update([staff, ticket], REPLY, once=ONCE):
        assert one.outcome is ChangeOutcome.GONE
    assert [world.public_replies(one) for one in (staff, ticket)] == [[], []]
    await desk.aclose()


async def test_an_inbox_of_another_account(world: HelpScoutWorld) -> None:
    """Said by the check: what is named is not shown to our user."""
    desk = connect(world, inbox_ids=[INBOX, 4_711])
    with pytest.raises(NotAllowed, match=r"inbox 4711 is not shown.*another account"):
        await desk.check()
    await desk.aclose()


async def test_who_we_are(helpdesk: HelpScout, world: HelpScoutWorld) -> None:
    """User, role, inboxes with their ids, and whether a webhook can tell us."""
    world.desk.inboxes[86] = "Sales"
    assert (
        await helpdesk.check()
        == "Liaison Bot (user 991, admin) in Support (85), Sales (86); told by a webhook"
    )
    polled = connect(world, inbox_ids=[86], signing_secrets=[])
    told = await polled.check()
    assert told == "Liaison Bot (user 991, admin) in Sales (86); no signing secret: polled, not told"
    await polled.aclose()


async def test_a_change_that_moves_no_time_of_the_conversation(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """It is not documented which of them each change moves: what was written last counts as well."""
    (before,) = await helpdesk.read([ticket])
    kept = dict(world.desk.conversations[int(ticket)])
    world.let_time_pass(5)
    world.agent_note(ticket, "seen")
    world.desk.conversations[int(ticket)] |= kept
    (after,) = await helpdesk.read([ticket])
    assert after.version == before.version + 5_000


async def test_links_lead_to_the_conversation(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """By its id and its number, whatever address the API is at; the number alone would be another one's id."""
    (found,) = await helpdesk.read([ticket])
    number = world.desk.conversations[int(ticket)]["number"]
    assert found.url == f"https://secure.helpscout.net/conversation/{ticket}/{number}"
    world.desk.conversations[int(ticket)]["number"] = "../../x"
    (found,) = await helpdesk.read([ticket])
    assert found.url == f"https://secure.helpscout.net/conversation/{ticket}"


async def test_an_internal_note_is_internal_text(helpdesk: HelpScout, ticket: str) -> None:
    """An empty or endless message is refused before anything is sent."""
    for words in (" \n", "x" * 60_001):
        change = TicketChange(private_note=InternalText(words), status=TicketStatus.SOLVED)
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.OPEN
