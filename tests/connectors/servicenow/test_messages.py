"""Public and private, and changes that ServiceNow refuses or does not make."""

from __future__ import annotations

import json

import pytest

from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.fake.instance import (
    CASE,
    COMMENTS,
    INCIDENT,
    WORK_NOTES,
)
from incidents.errors import LiaisonError, NotAllowed, Refused
from incidents.models import (
    ChangeOutcome,
    InternalText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect
from tests.connectors.servicenow.transports import Noted
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

OF_INCIDENTS = pytest.mark.parametrize("table", [INCIDENT], indirect=True)
SOLVED = TicketChange(status=TicketStatus.SOLVED)


async def test_a_note_is_never_a_comment(world: ServiceNowWorld, ticket: str) -> None:
    noted = Noted(world)
    desk = connect(world, noted)
    await desk.update([ticket], NOTE, once="a")
    await desk.update([ticket], REPLY, once="b")
    bodies = [json.loads(one.content) for one in noted.sent if one.method == "PATCH"]
    assert [set(one) for one in bodies] == [{WORK_NOTES}, {COMMENTS}]


async def test_a_rule_that_copies_work_notes_to_comments(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """The note is where it should be, and where it should not: told as exposed, also by the look-up."""
    world.instance.copies = True
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "by hand" in outcome.detail
    with pytest.raises(LiaisonError, match="customers could read it"):
        await helpdesk.was_done(ticket, ONCE)


@OF_INCIDENTS
async def test_words_that_would_be_html_or_a_mention(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """Customers' words are quoted in notes; read, they are the same."""
    words = "He wrote [code]<b>x</b>[/code] [ CODE ] @[someone] [1] a[0]"
    await helpdesk.update([ticket], TicketChange(private_note=InternalText(words)), once=ONCE)
    (kept,) = world.private_notes(ticket)
    assert "[code]" not in kept.casefold()
    assert "[/code]" not in kept.casefold()
    assert "@[" not in kept
    assert kept.replace("\u2060", "") == words


async def test_a_journal_that_is_hidden_from_us(world: ServiceNowWorld, ticket: str) -> None:
    """What was written cannot be read back: it is neither sent again nor called done, and `check` names the right."""
    world.agent_note(ticket, "hm")
    world.fake.hidden_tables.add("sys_journal_field")
    desk = connect(world)
    with pytest.raises(NotAllowed, match="sys_journal_field"):
        await desk.check()
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "was written" in outcome.detail
    with pytest.raises(NotAllowed, match="sys_journal_field"):
        await desk.was_done(ticket, ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_who_copies_our_words_is_not_us(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    await helpdesk.update([ticket], NOTE, once=ONCE)
    (entry,) = world.instance.entries(ticket, WORK_NOTES)
    other = world.create_ticket("Another", "x", name="Bob", email="bob@customer.example")
    world.agent_note(other, entry["value"])
    assert not await helpdesk.was_done(other, ONCE)


@pytest.mark.parametrize("table", [CASE], indirect=True)
async def test_resolution_notes_may_be_told_to_the_customer(world: ServiceNowWorld, ticket: str) -> None:
    """By the case's own flag: so they are words that anybody may read."""
    world.row(ticket)["notes_to_comments"] = "true"
    desk = connect(world, resolution_notes="Solved for good.")
    (outcome,) = await desk.update([ticket], SOLVED, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.public_replies(ticket) == ["Solved for good."]


@OF_INCIDENTS
async def test_a_column_that_we_may_not_write(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """200, and it is as it was: believed only when read back; what was said stands."""
    world.instance.frozen_columns.add("state")
    (outcome,) = await helpdesk.update([ticket], SOLVED, once="a")
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "nothing changed" in outcome.detail
    both = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    (outcome,) = await helpdesk.update([ticket], both, once="b")
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "the message was written" in outcome.detail
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_record_that_drops_what_is_written(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """As closed ones do for who is no administrator."""
    world.instance.is_deaf = True
    for change in (NOTE, REPLY, SOLVED):
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "nothing changed" in outcome.detail
    assert not await helpdesk.was_done(ticket, ONCE)


@OF_INCIDENTS
async def test_a_state_that_is_refused_keeps_no_message_back(world: ServiceNowWorld, ticket: str) -> None:
    """403 for the whole call: the customer is told all the same, once, and the rest is said."""
    desk = connect(world)
    world.instance.lacks_code = lambda table, row, fields: "state" in fields  # type: ignore[method-assign]
    both = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    (outcome,) = await desk.update([ticket], both, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "mandatory columns" in outcome.detail
    assert world.public_replies(ticket) == [REPLY.public_reply]
    assert await desk.was_done(ticket, ONCE)


@OF_INCIDENTS
async def test_a_resolution_has_its_code_and_notes(world: ServiceNowWorld, ticket: str) -> None:
    await connect(world, resolution_code="Workaround provided").update([ticket], SOLVED, once=ONCE)
    row = world.row(ticket)
    assert (row["close_code"], row["close_notes"]) == ("Workaround provided", "The fault is resolved.")


async def test_a_refusal_of_one_record_is_not_the_connections(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    world.refuse_updates(ticket)
    with pytest.raises(Refused) as caught:
        await helpdesk._changes.change(ticket, NOTE, ONCE)
    assert not isinstance(caught.value, NotAllowed)


async def test_nobody_whose_ticket_it_is(world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk) -> None:
    """A comment would be told to nobody."""
    row = world.instance.insert(world.table, {"short_description": "By monitoring"}, by="system")
    (found,) = await helpdesk.read([row["sys_id"]])
    assert not found.is_reachable
    (outcome,) = await helpdesk.update([row["sys_id"]], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.public_replies(row["sys_id"]) == []


async def test_an_empty_message_is_refused(helpdesk: ServiceNowHelpdesk, ticket: str) -> None:
    (outcome,) = await helpdesk.update([ticket], TicketChange(private_note=InternalText("  ")), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED


async def test_a_tag_column_that_is_not_there(world: ServiceNowWorld, ticket: str) -> None:
    """It is silently left out of answers: noticed before anything is written."""
    desk = connect(world, tag_field="u_nothing")
    (outcome,) = await desk.update([ticket], TicketChange(add_tags=("x",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "correct tag_field" in outcome.detail
    (outcome,) = await connect(world).update([ticket], TicketChange(add_tags=("a,b",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    (outcome,) = await connect(world, tag_field="").update([ticket], TicketChange(add_tags=("x",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
