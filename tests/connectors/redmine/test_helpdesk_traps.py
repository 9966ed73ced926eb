"""What Redmine 5.0.4 was seen to do to a helpdesk, and what an honest client would get wrong about it.

The same is seen on the real one in tests/real/redmine/test_helpdesk.py.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from connectors.redmine import RedmineHelpdesk
from connectors.redmine.fake.tracker import StoredAccount, StoredIssue
from incidents.errors import NotAllowed, NotShown, Refused
from incidents.models import (
    Author,
    ChangeOutcome,
    InternalText,
    PublicText,
    Ticket,
    TicketChange,
    TicketOutcome,
    TicketStatus,
)
from tests.connectors.redmine.conftest import ENGINEER, HelpdeskWorld, connect_helpdesk

NOTE = TicketChange(private_note=InternalText("Part of INC-42; see {{include(Secrets)}}"))
REPLY = TicketChange(public_reply=PublicText("We know of it: https://status.acme.example; fixes #12"))
SOLVED = TicketChange(status=TicketStatus.SOLVED)


@pytest.fixture
def world(helpdesk_world: HelpdeskWorld) -> HelpdeskWorld:
    return helpdesk_world


@pytest.fixture
def ticket(world: HelpdeskWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")


def stored(world: HelpdeskWorld, ticket: str) -> StoredIssue:
    return world.fake.tracker.issues[int(ticket)]


async def change(
    helpdesk: RedmineHelpdesk, ticket: str, wanted: TicketChange, once: str = "a"
) -> TicketOutcome:
    (outcome,) = await helpdesk.update([ticket], wanted, once=once)
    return outcome


async def read(helpdesk: RedmineHelpdesk, ticket: str) -> Ticket:
    (found,) = await helpdesk.read([ticket])
    return found


async def test_no_private_note_without_the_right(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Redmine would answer 204 and show it to the customer: nothing is sent, and an operator is asked to act."""
    world.keep_nothing_private()
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await helpdesk.update([ticket], NOTE, once="a")
    assert stored(world, ticket).journals == []
    with pytest.raises(NotAllowed, match="Set notes as private"):
        await helpdesk.check()
    assert (await change(helpdesk, ticket, REPLY)).outcome is ChangeOutcome.DONE


async def test_a_private_note_that_was_stored_as_public_is_taken_back(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """At once, refused with what to mend, never called done, and never written again as it was."""
    world.fake.tracker.loses_privacy = True
    outcome = await change(helpdesk, ticket, NOTE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "stored as public, not private, and was taken back" in outcome.detail
    assert stored(world, ticket).journals == []
    assert not await helpdesk.was_done(ticket, "a")


async def test_an_exposed_note_whose_answer_was_lost_is_taken_back_later(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """It is not "done", and the next try does not write a second one beside it."""
    tracker = world.fake.tracker
    await change(helpdesk, ticket, NOTE)
    (note,) = stored(world, ticket).journals
    note.is_private = False
    assert not await helpdesk.was_done(ticket, "a")
    assert (await change(helpdesk, ticket, NOTE)).outcome is ChangeOutcome.EXPOSED
    assert stored(world, ticket).journals == []
    assert tracker.rights


async def test_one_that_cannot_be_taken_back_is_for_a_person(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Redmine answers success to that, too: the words that still stand there are the proof."""
    world.fake.tracker.loses_privacy = world.fake.tracker.keeps_notes = True
    outcome = await change(helpdesk, ticket, NOTE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "could not be taken back: delete it by hand" in outcome.detail


async def test_a_reply_that_was_stored_as_private_is_never_called_done(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Nobody was told: neither by the call itself, nor by the look-up after a lost answer, nor by another try."""
    world.fake.tracker.hides_replies = True
    for _ in range(2):
        outcome = await change(helpdesk, ticket, REPLY)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "tell the customer by hand" in outcome.detail
    assert len(stored(world, ticket).journals) == 1
    with pytest.raises(NotShown, match="tell the customer by hand"):
        await helpdesk.was_done(ticket, "a")


async def test_the_same_key_twice_is_one_message(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Whatever became of the answer to the first."""
    for wanted in (NOTE, REPLY):
        for _ in range(2):
            assert (await change(helpdesk, ticket, wanted, "x")).outcome is ChangeOutcome.DONE
    assert len(stored(world, ticket).journals) == 2


async def test_what_customers_read(world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str) -> None:
    """They can follow our links; nothing becomes a macro or another issue's number; colleagues' notes have no links."""
    await change(helpdesk, ticket, REPLY, "r")
    await change(helpdesk, ticket, NOTE, "n")
    (reply,), (note,) = world.public_replies(ticket), world.private_notes(ticket)
    assert "https://status.acme.example" in reply
    assert "#12" not in reply
    assert "{{include" not in note


async def test_a_customers_last_word_reopens(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """Redmine leaves the issue settled: to us it is unsolved until somebody answers, or sets a status."""
    for status in (TicketStatus.SOLVED, TicketStatus.CLOSED):
        await change(helpdesk, ticket, TicketChange(status=status))
        assert (await read(helpdesk, ticket)).status is status
        world.let_time_pass(60)
        world.customer_reply(ticket, "It is still broken")
        assert (await read(helpdesk, ticket)).status is TicketStatus.OPEN
        world.let_time_pass(60)
        world.agent_note(ticket, "looking")
        assert (await read(helpdesk, ticket)).status is TicketStatus.OPEN
        world.agent_reply(ticket, "It works again")
        assert (await read(helpdesk, ticket)).status is status


async def test_an_administrators_key(world: HelpdeskWorld, ticket: str) -> None:
    """Who is no member is no customer when it is us: our reply after a status reopens nothing, on whosever ticket."""
    tracker = world.fake.tracker
    tracker.people[5].role = None
    helpdesk = connect_helpdesk(world)
    for known in (ticket, str(tracker.create(5, "Seen by us", "words").id)):
        await change(helpdesk, known, SOLVED)
        await change(helpdesk, known, REPLY, "r")
        found = await read(helpdesk, known)
        assert found.status is TicketStatus.SOLVED
        said = await helpdesk.comments(found, found.created_at)
        assert [one.author for one in said] == [Author.LIAISON]


async def test_check_of_an_administrators_key(world: HelpdeskWorld) -> None:
    """Until the operator says that it is a colleague."""
    world.fake.tracker.people[5].role = None
    with pytest.raises(NotAllowed, match="no colleague; make it a member"):
        await connect_helpdesk(world, colleagues=["Root Admin"]).check()
    for name in ("Liaison Bot", "Bot, Liaison", "liaison"):
        assert "tickets of project" in await connect_helpdesk(world, colleagues=[name]).check()


async def test_what_a_customer_has_reopened_is_settled_anew(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """The same status again would be no entry in Redmine, and the customer's word would stay the last one."""
    await change(helpdesk, ticket, SOLVED)
    world.customer_reply(ticket, "Thank you")
    await change(helpdesk, ticket, SOLVED, "again")
    assert (await read(helpdesk, ticket)).status is TicketStatus.SOLVED
    assert [one.status for one in stored(world, ticket).journals] == [3, None, 2, 3]
    world.customer_reply(ticket, "And once more")
    await change(
        helpdesk, ticket, TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED), "r"
    )
    assert (await read(helpdesk, ticket)).status is TicketStatus.SOLVED
    assert len(stored(world, ticket).journals) == 6


async def test_a_status_that_cannot_be_reached(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """The customer is told all the same, and the agent reads what was not done."""
    stored(world, ticket).is_stuck = True
    both = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
    outcome = await change(helpdesk, ticket, both)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "the message was written, the rest was not done" in outcome.detail
    assert "from here: New" in outcome.detail
    assert len(world.public_replies(ticket)) == 1
    assert await helpdesk.was_done(ticket, "a")


async def test_success_that_changed_nothing_is_refused(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """What Redmine holds is the proof."""
    world.go_deaf()
    for wanted in (NOTE, REPLY, SOLVED, TicketChange(add_tags=("x",))):
        assert (await change(helpdesk, ticket, wanted)).outcome is ChangeOutcome.REFUSED


async def test_what_redmine_will_not_have_beside_a_message_costs_no_message(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """422 is for the whole call: the message goes alone then."""
    world.fake.tracker.refused_fields = {"custom_fields"}
    wanted = TicketChange(public_reply=REPLY.public_reply, add_tags=("inc_42",))
    outcome = await change(helpdesk, ticket, wanted)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "its status or tags were refused" in outcome.detail
    assert len(world.public_replies(ticket)) == 1


async def test_a_ticket_that_was_moved_away_keeps_no_other_waiting(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str
) -> None:
    """403 for it alone is its own outcome; where we may write but keep nothing private, no note is sent."""
    other = world.create_ticket("Cannot pay", "x", name="Bob", email="bob@customer.example")
    stored(world, ticket).project = 3
    outcomes = await helpdesk.update([ticket, other], REPLY, once="a")
    assert [one.outcome for one in outcomes] == [ChangeOutcome.REFUSED, ChangeOutcome.DONE]
    assert "was moved to a project" in outcomes[0].detail
    stored(world, ticket).project = 2
    outcomes = await helpdesk.update([ticket, other], NOTE, once="b")
    assert [one.outcome for one in outcomes] == [ChangeOutcome.REFUSED, ChangeOutcome.DONE]
    assert stored(world, ticket).journals == []


async def test_who_is_the_customer(world: HelpdeskWorld) -> None:
    """The author; of what a colleague filed, whom the field or the watchers name; and whether they are mailed."""
    tracker = world.fake.tracker
    fields = {"email_field": "Customer e-mail", "name_field": "Customer name", "tier_field": "Tier"}
    helpdesk = connect_helpdesk(world, **fields)
    filed = str(tracker.create(ENGINEER, "By phone", "words").id)
    found = await read(helpdesk, filed)
    assert (found.requester.id, found.is_reachable) == (str(ENGINEER), True)
    stored(world, filed).fields = {2: "Zoe@Shop.example", 3: "Zoe", 4: "gold"}
    found = await read(helpdesk, filed)
    assert (found.requester.name, found.requester.email) == ("Zoe", "Zoe@Shop.example")
    assert (found.is_reachable, found.tier) == (False, "gold")
    zoe = tracker.customer("Zoe Shop", "zoe@shop.example")
    ada = tracker.customer("Ada", "ada@customer.example")
    stored(world, filed).watchers = [ENGINEER, ada, zoe]
    found = await read(helpdesk, filed)
    assert (found.requester.id, found.is_reachable) == (str(zoe), True)
    stored(world, filed).fields = {}
    assert (await read(helpdesk, filed)).requester.id == str(ada)
    mailed = connect_helpdesk(world, field_is_mailed=True, **fields)
    stored(world, filed).fields, stored(world, filed).watchers = {2: "zoe@shop.example"}, []
    assert (await read(mailed, filed)).is_reachable


async def test_nobody_known_is_not_taken_for_somebody_told(
    world: HelpdeskWorld, helpdesk: RedmineHelpdesk
) -> None:
    """Redmine mails nothing to the anonymous and the locked; who hides an address is mailed."""
    tracker = world.fake.tracker
    anonymous = str(tracker.create(4, "By mail", "words").id)
    assert not (await read(helpdesk, anonymous)).is_reachable
    tracker.people[20] = StoredAccount("Hidden", "")
    hidden = str(tracker.create(20, "x", "words").id)
    assert (await read(helpdesk, hidden)).is_reachable


async def test_whose_words_they_are(world: HelpdeskWorld, ticket: str) -> None:
    """Colleagues are members who may read private notes; who may not is a customer, member or not."""
    tracker = world.fake.tracker
    tracker.people[21] = StoredAccount("Bea Customer", "bea@customer.example", role=7)
    tracker.people[22] = StoredAccount("Root Admin", "root@desk.example")
    for user in (ENGINEER, 21, 22):
        tracker.note(stored(world, ticket), user, f"by {user}")
    for names, authors in (
        ([], [Author.AGENT, Author.CUSTOMER, Author.CUSTOMER]),
        (["Root Admin"], [Author.AGENT, Author.CUSTOMER, Author.AGENT]),
    ):
        helpdesk = connect_helpdesk(world, colleagues=names)
        found = await read(helpdesk, ticket)
        said = await helpdesk.comments(found, found.created_at)
        assert [one.author for one in said] == authors


async def test_words_of_the_house(world: HelpdeskWorld, ticket: str) -> None:
    """The operator says what a status means; one that is an end to Redmine is one to us; others are open."""
    world.move(ticket, "Unreachable")
    assert (await read(connect_helpdesk(world), ticket)).status is TicketStatus.OPEN
    house = connect_helpdesk(world, statuses={"unreachable": TicketStatus.WAITING_FOR_VENDOR})
    assert (await read(house, ticket)).status is TicketStatus.WAITING_FOR_VENDOR
    world.move(ticket, "Rejected")
    assert (await read(house, ticket)).status is TicketStatus.CLOSED
    with pytest.raises(Refused, match="no status 'Fixed'; correct statuses"):
        await connect_helpdesk(world, statuses={"Fixed": TicketStatus.SOLVED}).check()


async def test_check(world: HelpdeskWorld, helpdesk: RedmineHelpdesk, ticket: str) -> None:
    """Who we are, and every setting that names what is not there."""
    assert "2 colleagues may read private notes" in await helpdesk.check()
    with pytest.raises(Refused, match="correct tier_field"):
        await connect_helpdesk(world, tier_field="Level").check()
    with pytest.raises(NotAllowed, match="correct project"):
        await connect_helpdesk(world, project="nowhere").check()
    world.fake.tracker.rights.discard("add_issue_notes")
    with pytest.raises(NotAllowed, match="Add notes"):
        await helpdesk.check()
    assert ticket


async def test_a_wrong_key_is_not_taken_for_the_public(world: HelpdeskWorld, ticket: str) -> None:
    """Redmine lets it read what the public may: a poll would find nothing new for ever."""
    wrong = connect_helpdesk(world, api_key=SecretStr("a-key-that-was-revoked"))
    found = await read(connect_helpdesk(world), ticket)
    for call in (
        wrong.read([ticket]),
        wrong.read(["999"]),
        wrong.was_done(ticket, "a"),
        wrong.comments(found, world.now()),
        wrong.update([ticket], NOTE, once="a"),
        anext(wrong.changed_since(world.now() - timedelta(hours=1))),
    ):
        with pytest.raises(NotAllowed):
            await call
