"""What is guessed wrong of HubSpot."""

from __future__ import annotations

import pytest
import stamina

from connectors.hubspot import HubSpot
from connectors.hubspot.calls.api import HubSpotApi, SearchLimits
from connectors.hubspot.fake.portal import APP, PORTAL, pipeline
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import mark_of
from incidents.errors import NotAllowed, Unknown, Unreachable
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
from tests.connectors.hubspot.conftest import HubSpotWorld, connect, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)


async def refused(desk: HubSpot, ticket: str, change: TicketChange) -> str:
    (outcome,) = await desk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED, outcome
    return outcome.detail


async def test_nothing_is_filled_in(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Markup and placeholders in a customer's words that we repeat: shown as they are, never obeyed."""
    words = "<b>{{ contact.email }}</b> {% if x %} & {# y #} <script>1</script>"
    for change, once in (
        (TicketChange(private_note=InternalText(words)), "n"),
        (TicketChange(public_reply=PublicText(words)), "r"),
    ):
        assert (await helpdesk.update([ticket], change, once=once))[0].outcome is ChangeOutcome.DONE
    assert (world.private_notes(ticket), world.public_replies(ticket)) == ([words], [words])
    note = world.portal.records["notes"][world.portal.linked("tickets/notes", ticket)[0]]
    message = world.portal.messages[world.thread(ticket)][-1]
    for stored in (note["properties"]["hs_note_body"], message["richText"], message["text"]):
        assert not {"{{", "{%", "{#"} & {stored[at : at + 2] for at in range(len(stored))}
    assert "<b>" not in note["properties"]["hs_note_body"] + message["richText"]


@pytest.mark.parametrize("words", [" ", "x" * 70_000, "&" * 20_000])
async def test_words_that_do_not_fit(helpdesk: HubSpot, world: HubSpotWorld, ticket: str, words: str) -> None:
    """Nothing of the change is done; a note has 65,536 letters as HTML, where one letter may be five."""
    change = TicketChange(private_note=InternalText(words), status=TicketStatus.SOLVED)
    await refused(helpdesk, ticket, change)
    assert world.stage(ticket) == "1"


async def test_whose_words_they_are(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """What a bot, another app or a workflow wrote is no colleague's command, and no customer's answer."""
    thread = world.thread(ticket)
    (found,) = await helpdesk.read([ticket])
    world.let_time_pass(10)
    bot = world.portal.say(thread, {"type": "MESSAGE", "text": "bot", "senderActorId": "L-7"})
    app = world.portal.say(thread, {"type": "COMMENT", "text": "app"}, is_by_app=True)
    app["client"]["integrationAppId"] = APP + 1
    greeting = world.portal.say(thread, {"type": "WELCOME_MESSAGE", "text": "Hello"})
    assert greeting["type"] == "WELCOME_MESSAGE"
    typed = world.portal.say(thread, {"type": "COMMENT", "text": "typed"})
    note = world.portal.note(ticket, "workflow")
    note["properties"]["hs_object_source"] = "AUTOMATION_PLATFORM"
    assert bot["createdBy"] == "L-7"
    assert typed["client"] == {"clientType": "HUBSPOT"}
    said = {one.text: one for one in await helpdesk.comments(found, found.created_at)}
    assert {text: (one.author, one.origin, one.is_signed_in) for text, one in said.items()} == {
        "bot": (Author.AGENT, Origin.AUTOMATIC, False),
        "app": (Author.AGENT, Origin.AUTOMATIC, False),
        "typed": (Author.AGENT, Origin.PERSON, None),
        "workflow": (Author.AGENT, Origin.AUTOMATIC, False),
    }


async def test_a_quoted_mark_is_no_proof(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """A customer's answer quotes ours, and a colleague copies it: neither wrote it with that key."""
    quoted = f"> Ref. {mark_of(f'{ONCE}/note')} {mark_of(f'{ONCE}/reply')}"
    world.customer_reply(ticket, quoted)
    world.agent_note(ticket, quoted)
    world.agent_reply(ticket, quoted)
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_a_note_in_the_thread(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Whatever moves it there: a comment is read by colleagues alone."""
    said = {"type": "COMMENT", "text": f"x {mark_of(f'{ONCE}/note')}"}
    world.portal.say(world.thread(ticket), said, is_by_app=True)
    assert await helpdesk.was_done(ticket, ONCE)


async def test_search_is_late(helpdesk: HubSpot, world: HubSpotWorld) -> None:
    """What it shows late is found by the next look, which goes back a little; what was written is never looked up by
    it."""
    world.let_time_pass(3_600)
    since = world.now()
    ticket = world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example")
    assert [one async for one in helpdesk.changed_since(since)] == []
    await helpdesk.update([ticket], NOTE, once=ONCE)
    assert await helpdesk.was_done(ticket, ONCE)
    world.let_time_pass(30)
    assert [one.ref.id async for one in helpdesk.changed_since(world.now())] == [ticket]


@pytest.mark.parametrize("at_once", [1, 12])
async def test_over_ten_thousand(world: HubSpotWorld, at_once: int) -> None:
    """A search ends there (here at twenty): the next one begins where it ended, and nothing comes twice."""
    since, made = world.now(), list[str]()
    for number in range(48):
        world.let_time_pass(number % at_once == 0)
        made.append(world.create_ticket(f"{number}", "x", name="Ada", email="ada@customer.example"))
    world.let_time_pass(60)
    world.fake.most_found = 20
    limits = SearchLimits(a_second=1_000, a_page=10, most=20)
    api = HubSpotApi(settings(), InProcessTransport(world.fake.app), search=limits)
    found = [row["id"] async for rows in api.changed_since(since) for row in rows]
    assert found == made
    await api.aclose()


async def test_more_in_one_moment_than_a_search_gives(world: HubSpotWorld) -> None:
    """They cannot be listed, and are not called all."""
    for number in range(21):
        world.create_ticket(f"{number}", "x", name="Ada", email="ada@customer.example")
    since = world.now()
    world.let_time_pass(60)
    world.fake.most_found = 20
    limits = SearchLimits(a_second=1_000, a_page=10, most=20)
    api = HubSpotApi(settings(), InProcessTransport(world.fake.app), search=limits)
    with pytest.raises(Unreachable, match="in one moment"):
        assert [rows async for rows in api.changed_since(since)]
    await api.aclose()


async def test_tags_of_others_stay(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """They are one property: what stood there stays, an own tag stands there once, and none parts into two."""
    world.portal.change(ticket, {"liaison_tags": "vip; tier_gold"})
    for _ in range(2):
        change = TicketChange(add_tags=("inc_42", "vip"))
        assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    (found,) = await helpdesk.read([ticket])
    assert (found.tags, found.tier) == (("vip", "tier_gold", "inc_42"), "gold")
    assert "semicolon" in await refused(helpdesk, ticket, TicketChange(add_tags=("a;b",)))


async def test_stages_of_its_own_pipeline(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """A status is set by a stage of the ticket's own pipeline, and kept where it will do."""
    stages = (("91", "Open", "OPEN"), ("92", "Spam", "CLOSED"), ("93", "Done", "CLOSED"))
    world.portal.pipelines.append(pipeline("9", "Returns", stages))
    world.portal.change(ticket, {"hs_pipeline": "9", "hs_pipeline_stage": "93"})
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == "93"
    for status, stage in (
        (TicketStatus.OPEN, "91"),
        (TicketStatus.SOLVED, "92"),
        # It has none that waits: it is open meanwhile.
        (TicketStatus.WAITING_FOR_CUSTOMER, "91"),
    ):
        change = TicketChange(status=status)
        assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
        assert world.stage(ticket) == stage


async def test_a_stage_that_nobody_knows(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Never an ending; a new one is learned when it is met."""
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.NEW
    world.portal.change(ticket, {"hs_pipeline_stage": "77"})
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.OPEN
    stages = (("77", "Done", "CLOSED"), ("1", "New", "OPEN"))
    world.portal.pipelines[0] = pipeline("0", "Support", stages)
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == "77"
    assert (await helpdesk.read([ticket]))[0].status is TicketStatus.SOLVED


async def test_no_stage_that_will_do(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    world.portal.pipelines[0] = pipeline("0", "Support", (("1", "New", "OPEN"),))
    assert "no status that means solved" in await refused(helpdesk, ticket, SOLVED)


async def test_a_stage_that_is_gone(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Refused by HubSpot; the next change asks again which there are."""
    await helpdesk.read([ticket])
    world.portal.pipelines[0] = pipeline("0", "Support", (("1", "New", "OPEN"), ("5", "Done", "CLOSED")))
    await refused(helpdesk, ticket, SOLVED)
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.stage(ticket) == "5"


async def test_merged(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Read as merged into the one that lives; nothing more is written to it."""
    other = world.create_ticket("The same", "x", name="Ada", email="ada@customer.example")
    await helpdesk.update([other], NOTE, once=ONCE)
    world.let_time_pass(5)
    world.portal.merge(other, ticket)
    gone, alive = await helpdesk.read([other, ticket])
    assert (gone.ref.id, gone.gone, gone.merged_into) == (other, Departure.MERGED, ticket)
    assert (alive.ref.id, alive.gone) == (ticket, None)
    assert [one.gone for one in await helpdesk.read([other])] == [Departure.MERGED]
    assert (await helpdesk.update([other], REPLY, once=ONCE))[0].outcome is ChangeOutcome.GONE
    assert not await helpdesk.was_done(other, ONCE)
    assert await helpdesk.was_done(ticket, ONCE)
    assert await helpdesk.comments(gone, gone.created_at) == []


async def test_deleted_between_look_and_words(world: HubSpotWorld, ticket: str) -> None:
    """The note was taken and cannot be seen any more: nobody calls that done."""
    desk = connect(world)
    world.faults.arm(FaultKind.MISSING, where="#read")
    with stamina.set_testing(True, attempts=1), pytest.raises(Unknown, match="went after"):
        await desk.update([ticket], NOTE, once=ONCE)
    await desk.aclose()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"portal_id": PORTAL + 1}, f"of {PORTAL}, and portal_id"),
        ({"app_id": APP + 1}, f"of {APP}, and app_id"),
        ({"sender_user_id": 7}, "there is no user 7"),
        ({"tags_property": "labels"}, "no property labels"),
        ({"access_token": "wrong"}, "credentials"),
    ],
)
async def test_check(world: HubSpotWorld, wrong: dict[str, object], words: str) -> None:
    desk = connect(world, **wrong)
    with pytest.raises(NotAllowed, match=words):
        await desk.check()
    await desk.aclose()


async def test_check_says_who_we_are(helpdesk: HubSpot, world: HubSpotWorld) -> None:
    said = await helpdesk.check()
    assert said == (
        f"app {APP} in portal {PORTAL}, answering as Liaison; 4 ticket statuses, 1 of which wait for customers;"
        " told by webhooks"
    )
    world.fake.scopes -= {"conversations.write"}
    with pytest.raises(NotAllowed, match=r"lacks the scope conversations\.write;"):
        await helpdesk.check()


async def test_a_crash_between_status_and_words(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """What was set is not set again, and the words are there once."""
    change = TicketChange(private_note=InternalText("INC-42"), status=TicketStatus.SOLVED)
    world.faults.arm(FaultKind.CRASH, where="#write", times=None)
    with stamina.set_testing(True, attempts=1), pytest.raises(Unknown):
        await helpdesk.update([ticket], change, once=ONCE)
    world.faults.clear()
    assert not await helpdesk.was_done(ticket, ONCE)
    assert (await helpdesk.update([ticket], change, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert world.private_notes(ticket) == ["INC-42"]
