"""What is guessed wrong of Front."""

from __future__ import annotations

import html

import httpx
import pytest
import stamina

from connectors.front import Front
from connectors.front.fake.company import COLLEAGUE, TEAMMATE
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import NotAllowed, NotShown, Refused, Unknown
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
from tests.connectors.front.conftest import FrontWorld, Watched, connect
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)
WAITS = TicketChange(status=TicketStatus.WAITING_FOR_CUSTOMER)


async def test_a_reply_does_not_archive(world: FrontWorld, ticket: str) -> None:
    """Left out, it would: it is said each time. The control: a colleague's reply that does not say."""
    watched = Watched(world)
    desk = connect(world, watched)
    assert (await desk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    ((_, body),) = watched.sent
    assert isinstance(body, dict)
    assert body["options"] == {"archive": False}
    assert body["to"] == ["ada@customer.example"]
    assert not {"cc", "bcc"} & set(body)
    assert (await desk.read([ticket]))[0].status is TicketStatus.OPEN
    world.company.reply(ticket, COLLEAGUE, "Done")
    assert (await desk.read([ticket]))[0].status is TicketStatus.SOLVED
    await desk.aclose()


async def test_what_others_set_stays(world: FrontWorld, ticket: str) -> None:
    """An update's tags replace the others, and its custom fields erase them: neither is in an update of ours."""
    world.company.put_tags(ticket, [world.company.tag("vip")["id"]])
    watched = Watched(world)
    desk = connect(world, watched)
    change = TicketChange(status=TicketStatus.SOLVED, add_tags=("inc_42",))
    assert (await desk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.tags(ticket) == ["vip", "inc_42"]
    assert world.company.conversations[ticket]["custom_fields"] == {"plan": "gold"}
    updates = [body for call, body in watched.sent if call.startswith("PATCH")]
    assert updates == [{"status_id": "sts_3"}]
    await desk.aclose()


async def test_a_company_without_ticketing(world: FrontWorld) -> None:
    """Open or archived, and nothing between: what waits stays open."""
    world.company.has_ticketing = False
    ticket = world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example")
    watched = Watched(world)
    desk = connect(world, watched)
    for change, status in (
        (WAITS, TicketStatus.OPEN),
        (SOLVED, TicketStatus.SOLVED),
        (WAITS, TicketStatus.OPEN),
    ):
        assert (await desk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
        assert (await desk.read([ticket]))[0].status is status
    assert [body for _, body in watched.sent] == [{"status": "archived"}, {"status": "open"}]
    await desk.aclose()


async def test_a_category_without_a_status(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """Told, and looked for again the next time."""
    kept, world.company.statuses = world.company.statuses, world.company.statuses[:1]
    (outcome,) = await helpdesk.update([ticket], SOLVED, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "category resolved" in outcome.detail
    world.company.statuses = kept
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_a_merged_conversation(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """Front redirects from it to the one that lives: nothing is followed, and nothing is written there unasked."""
    since = world.now()
    other = world.create_ticket("Me too", "x", name="Ada", email="ada@customer.example")
    world.let_time_pass(5)
    world.company.merge(other, ticket)
    (gone,) = await helpdesk.read([other])
    assert (gone.ref.id, gone.gone, gone.merged_into) == (other, Departure.MERGED, ticket)
    (outcome,) = await helpdesk.update([other], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    assert not await helpdesk.was_done(other, ONCE)
    assert world.public_replies(ticket) == []
    found = [(one.ref.id, one.gone, one.merged_into) async for one in helpdesk.changed_since(since)]
    assert found == [(ticket, None, None), (other, Departure.MERGED, ticket)]


async def test_merged_and_merged_again(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """All of them went into the one that lives; an event of nothing holds up no other."""
    since = world.now()
    first, second = (
        world.create_ticket(f"Me {one}", "x", name="Ada", email="ada@customer.example") for one in range(2)
    )
    world.let_time_pass(5)
    world.company.merge(first, second)
    world.let_time_pass(5)
    world.company.merge(second, ticket)
    world.company.events.append({**world.company.events[-1], "id": "evt_x", "conversation": None})
    found = [(one.ref.id, one.merged_into) async for one in helpdesk.changed_since(since)]
    assert found == [(ticket, None), (first, ticket), (second, ticket)]


@pytest.mark.parametrize(
    "location",
    ["", "https://evil.example/conversations/../me", "https://x/login", "https://x/conversations/{own}"],
)
async def test_a_redirect_to_elsewhere(world: FrontWorld, ticket: str, location: str) -> None:
    """A login page's, say: it is not followed, and no conversation is taken for merged, gone or not written to."""
    watched = Watched(world)
    headers = {"Location": location.format(own=ticket)}
    watched.instead[f"/conversations/{ticket}"] = httpx.Response(301, headers=headers)
    desk = connect(world, watched)
    with pytest.raises(Refused):
        await desk.read([ticket])
    with pytest.raises(Refused):
        await desk.was_done(ticket, ONCE)
    assert (await desk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.REFUSED
    assert watched.sent == []
    await desk.aclose()


async def test_what_is_rejected_is_not_merged(world: FrontWorld, ticket: str) -> None:
    """Else a look-up that Front does not take would say "not done", and customers would be told twice."""
    watched = Watched(world)
    watched.instead[f"/conversations/{ticket}"] = httpx.Response(400, json={})
    desk = connect(world, watched)
    with pytest.raises(Refused):
        await desk.was_done(ticket, ONCE)
    await desk.aclose()


@pytest.mark.parametrize(("status", "gone"), [("deleted", Departure.DELETED), ("spam", Departure.SPAM)])
async def test_in_the_bin(
    helpdesk: Front, world: FrontWorld, ticket: str, status: str, gone: Departure
) -> None:
    """It takes nothing, and is told as what it is."""
    since = world.now()
    world.let_time_pass(5)
    world.company.put_in_bin(ticket, status)
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.GONE
    assert world.public_replies(ticket) == []
    assert [one.gone async for one in helpdesk.changed_since(since)] == [gone]
    assert [one.gone for one in await helpdesk.read([ticket])] == [gone] * (gone is Departure.SPAM)


async def test_an_archived_conversation_takes_words(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """And stays archived."""
    await helpdesk.update([ticket], SOLVED, once="a")
    assert (await helpdesk.update([ticket], NOTE, once="b"))[0].outcome is ChangeOutcome.DONE
    assert (await helpdesk.update([ticket], REPLY, once="c"))[0].outcome is ChangeOutcome.DONE
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED


async def test_a_reply_that_is_held_back(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """A channel lets people undo what they send, for up to a minute: taken is not sent, and is not sent again."""
    world.company.holds_back = True
    with pytest.raises(Unknown, match="not shown yet"):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    assert not await helpdesk.was_done(ticket, ONCE)
    assert helpdesk.index_lag > 60
    world.company.send_held_back()
    assert await helpdesk.was_done(ticket, ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_reply_that_cannot_be_sent(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """It stands there as a draft with an error."""
    world.company.cannot_send = True
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "was not sent" in outcome.detail
    with pytest.raises(NotShown):
        await helpdesk.was_done(ticket, ONCE)
    (found,) = await helpdesk.read([ticket])
    assert await helpdesk.comments(found, found.created_at) == []


async def test_a_customer_who_quotes_our_mark(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """What we wrote is known by who wrote it as well."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    ours = world.company.messages[ticket].pop()
    world.company.messages[ticket].append({**ours, "author": None, "is_inbound": True})
    assert not await helpdesk.was_done(ticket, ONCE)
    world.company.messages[ticket].append({**ours, "author": world.company.teammates[COLLEAGUE]})
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_words_are_words(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """Messages are HTML and comments Markdown: of ours nothing is markup, a mention or filled in."""
    words = (
        'a <b>bold</b> & <img src="x"> word, {{name}}\n# no title, @ada, [no](https://x.example)\n- no list'
    )
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText(words)), once="a")
    await helpdesk.update([ticket], TicketChange(private_note=InternalText(words)), once="b")
    body = world.company.messages[ticket][-1]["body"]
    assert "<b>" not in body
    assert "<img" not in body
    assert "{{" not in html.unescape(body)
    note = world.company.comments[ticket][-1]["body"]
    assert not any(sign in note for sign in ("@ada", "<b>", "[no", "# no", "\n- "))
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [one.text.replace("\u2060", "") for one in said] == [words, words]


async def test_a_conversation_that_a_colleague_began(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """Its first message is no report; what is no customer's is a comment."""
    (first,) = world.company.messages[ticket]
    first |= {"is_inbound": False, "author": world.company.teammates[COLLEAGUE]}
    (found,) = await helpdesk.read([ticket])
    assert (found.body, found.requester.email) == ("", "ada@customer.example")
    (said,) = await helpdesk.comments(found, found.created_at)
    assert (said.author, said.author_name, said.text) == (Author.AGENT, "Ada Agent", "Refused")


async def test_colleagues_who_discuss(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """There is nobody to reply to; said before anything is changed."""
    world.company.conversations[ticket]["recipient"] = None
    world.company.messages[ticket].clear()
    change = TicketChange(public_reply=PublicText("x"), status=TicketStatus.SOLVED)
    assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.REFUSED
    (found,) = await helpdesk.read([ticket])
    assert (found.status, found.is_reachable, found.body) == (TicketStatus.OPEN, False, "")
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_what_a_rule_sends_is_automatic(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """It has no author."""
    world.agent_reply(ticket, "We got it")
    world.company.messages[ticket][-1]["author"] = None
    world.agent_note(ticket, "seen")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert {one.text: one.origin for one in said} == {"We got it": Origin.AUTOMATIC, "seen": Origin.PERSON}
    # Any program with the company's token writes in any teammate's name.
    assert {one.is_signed_in for one in said} == {False, None}


@pytest.mark.parametrize(
    ("link", "id"),
    [
        ("https://acme.api.frontapp.com/contacts/crd_1x", "crd_1x"),
        ("https://x/../me", "+4366012345"),
        (None, "+4366012345"),
    ],
)
async def test_who_wrote(helpdesk: Front, world: FrontWorld, ticket: str, link: str | None, id: str) -> None:
    """By the contact, else by the handle, which may be a telephone number."""
    recipient = world.company.conversations[ticket]["recipient"]
    recipient |= {"handle": "+4366012345", "_links": {"related": {"contact": link}}}
    (found,) = await helpdesk.read([ticket])
    assert (found.requester.id, found.requester.email) == (id, "")


async def test_tags(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """A tag of the name is used; one that was deleted since is made anew the next time; a long name is refused."""
    world.company.tag("inc_42")
    tagged = TicketChange(add_tags=("inc_42",))
    assert (await helpdesk.update([ticket], tagged, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert len(world.company.tags) == 1
    other = world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example")
    world.company.tags.clear()
    assert (await helpdesk.update([other], tagged, once=ONCE))[0].outcome is ChangeOutcome.GONE
    assert (await helpdesk.update([other], tagged, once=ONCE))[0].outcome is ChangeOutcome.DONE
    (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("x" * 65,)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED


async def test_check(world: FrontWorld) -> None:
    """Another company's token, a teammate that is not there, and one without a seat."""
    for changes, words in (
        ({"company_id": "cmp_other"}, r"cmp_acme.*cmp_other"),
        ({"teammate_id": "tea_nobody"}, "there is no teammate"),
        ({"api_token": "wrong"}, "credentials"),
    ):
        desk = connect(world, **changes)
        with pytest.raises(NotAllowed, match=words):
            await desk.check()
        await desk.aclose()
    world.company.teammates[TEAMMATE]["is_blocked"] = True
    desk = connect(world)
    with pytest.raises(NotAllowed, match="is blocked"):
        await desk.check()
    await desk.aclose()


async def test_a_crash_between_status_and_words(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """What was set is not set again, and the words are there once."""
    change = TicketChange(private_note=InternalText("INC-42"), status=TicketStatus.SOLVED)
    world.faults.arm(FaultKind.CRASH, where="#write", times=None)
    with stamina.set_testing(True, attempts=1), pytest.raises(Unknown):
        await helpdesk.update([ticket], change, once=ONCE)
    world.faults.clear()
    assert not await helpdesk.was_done(ticket, ONCE)
    assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.private_notes(ticket) == ["INC-42"]
    assert [one["type"] for one in world.company.events].count("archive") == 1
