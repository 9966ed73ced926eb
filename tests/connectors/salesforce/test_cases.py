"""What becomes of cases, what their statuses mean, and whose words stand on them."""

from __future__ import annotations

import httpx
import pytest

from connectors.kit.marks import marked
from connectors.salesforce import Salesforce
from connectors.salesforce.conversation.changes import note_key
from connectors.salesforce.fake.org import FakeOrg
from incidents.errors import Refused
from incidents.models import (
    Author,
    ChangeOutcome,
    Departure,
    InternalText,
    Origin,
    TicketChange,
    TicketStatus,
)
from tests.connectors.salesforce.conftest import SalesforceWorld, connect
from tests.connectors.salesforce.transports import Rewritten
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)
MAIL = "ada@customer.example"


class TestWhatBecameOfACase:
    async def test_merged(self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str) -> None:
        """It lies in the Recycle Bin and names the one that was kept; its comments are there."""
        survivor = world.create_ticket("Cannot pay", "x", name="Bob", email="bob@customer.example")
        world.customer_reply(ticket, "Any news?")
        world.org.remove(ticket, into=survivor)
        found = {one.ref.id: one async for one in helpdesk.changed_since(world.now())}
        assert (found[ticket].gone, found[ticket].merged_into) == (Departure.MERGED, survivor)
        assert found[survivor].gone is None
        assert await helpdesk.read([ticket]) == []
        (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.GONE
        (kept,) = await helpdesk.read([survivor])
        assert [one.text for one in await helpdesk.comments(kept, kept.created_at)] == ["Any news?"]

    async def test_gone_between_reading_and_writing(self, world: SalesforceWorld, ticket: str) -> None:
        said = [{"errorCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}]
        desk = connect(world, Rewritten(world, "/sobjects/", httpx.Response(404, json=said)))
        for change in (NOTE, SOLVED):
            (outcome,) = await desk.update([ticket], change, once=ONCE)
            assert outcome.outcome is ChangeOutcome.GONE

    async def test_a_closed_case_takes_words(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        await helpdesk.update([ticket], TicketChange(status=TicketStatus.CLOSED), once="close")
        (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        (found,) = await helpdesk.read([ticket])
        assert found.status is TicketStatus.CLOSED

    async def test_who_had_the_last_word_on_a_settled_case(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """No rule of Salesforce's own opens a case again: the customer's word does, to us, until a person of the
        house answers."""

        async def status() -> TicketStatus:
            world.let_time_pass(60)
            (found,) = await helpdesk.read([ticket])
            return found.status

        world.customer_reply(ticket, "Any news?")
        world.let_time_pass(60)
        await helpdesk.update([ticket], SOLVED, once=ONCE)
        assert await status() is TicketStatus.SOLVED
        world.agent_note(ticket, "Customer will write again")
        assert await status() is TicketStatus.SOLVED
        world.org.mail(
            ticket, "I am away", incoming=True, sender=MAIL, headers="Auto-Submitted: auto-replied"
        )
        assert await status() is TicketStatus.SOLVED
        world.org.mail(ticket, "It is still broken", incoming=True, sender=MAIL)
        assert await status() is TicketStatus.OPEN
        world.agent_note(ticket, "Looking")
        machine = world.org.add(
            "User", {"Username": "m@x.example", "Name": "M", "UserType": "AutomatedProcess"}
        )
        world.org.comment(ticket, "We have received it", by=machine, is_published=True)
        world.org.mail(ticket, "We have received it", incoming=False, sender="s@acme.example", by=machine)
        assert await status() is TicketStatus.OPEN
        world.org.mail(
            ticket, "It is mended", incoming=False, sender="support@acme.example", by=world.org.agent
        )
        assert await status() is TicketStatus.SOLVED

    async def test_a_settled_status_that_is_no_closed_one(self, world: SalesforceWorld, ticket: str) -> None:
        """It has no time of closing: the last public word decides."""
        desk = connect(world, statuses={"New": "new", "Escalated": "solved", "Working": "open"})
        world.let_time_pass(120)
        await desk.update([ticket], SOLVED, once=ONCE)
        assert [one.status for one in await desk.read([ticket])] == [TicketStatus.SOLVED]
        world.customer_reply(ticket, "It is still broken")
        assert [one.status for one in await desk.read([ticket])] == [TicketStatus.OPEN]


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "word"),
        [
            (TicketStatus.SOLVED, "Closed"),
            (TicketStatus.WAITING_FOR_CUSTOMER, "Working"),
            (TicketStatus.WAITING_FOR_VENDOR, "Working"),
            (TicketStatus.OPEN, "Working"),
        ],
    )
    async def test_what_a_new_organization_comes_with(
        self, world: SalesforceWorld, ticket: str, status: TicketStatus, word: str
    ) -> None:
        """It has no "waiting" and no "solved": what comes nearest is set."""
        statuses = {"New": "new", "Working": "open", "Escalated": "open", "Closed": "closed"}
        desk = connect(world, statuses=statuses)
        (outcome,) = await desk.update([ticket], TicketChange(status=status), once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE
        assert world.org.tables["Case"][ticket]["Status"] == word

    async def test_the_houses_own_status_stays(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        world.org.tables["Case"][ticket]["Status"] = "Escalated"
        await helpdesk.update([ticket], TicketChange(status=TicketStatus.OPEN), once=ONCE)
        assert world.org.tables["Case"][ticket]["Status"] == "Escalated"
        assert not any(path.startswith("PATCH") for path in world.fake.requests)

    async def test_a_status_that_nobody_told_us_of(self, world: SalesforceWorld, ticket: str) -> None:
        """Open, unless Salesforce itself calls it closed."""
        desk, row = connect(world), world.org.tables["Case"][ticket]
        row["Status"] = "In Review"
        assert [one.status for one in await desk.read([ticket])] == [TicketStatus.OPEN]
        row |= {"Status": "Duplicate", "IsClosed": True, "ClosedDate": world.now()}
        assert [one.status for one in await desk.read([ticket])] == [TicketStatus.CLOSED]

    async def test_a_status_that_means_nothing_here(self, world: SalesforceWorld, ticket: str) -> None:
        (outcome,) = await connect(world, statuses={"New": "new"}).update([ticket], SOLVED, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "add one to statuses" in outcome.detail

    async def test_a_rule_that_forbids_closing(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """A customer is told all the same, and people what was not done and which field is missing."""
        world.org.cannot_close = True
        change = TicketChange(public_reply=REPLY.public_reply, status=TicketStatus.SOLVED)
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "the message was written" in outcome.detail
        assert "FIELD_CUSTOM_VALIDATION_EXCEPTION for Reason" in outcome.detail
        assert world.public_replies(ticket) == [REPLY.public_reply]
        (outcome,) = await helpdesk.update([ticket], SOLVED, once="status")
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "the message" not in outcome.detail

    @pytest.mark.parametrize("field", ["Status", "Tags__c"])
    async def test_a_flow_that_sets_it_back(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str, field: str
    ) -> None:
        """204 was said, and nothing changed."""
        world.org.forgets.add(field)
        change = SOLVED if field == "Status" else TicketChange(add_tags=("liaison",))
        (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "nothing changed" in outcome.detail

    async def test_tags(self, world: SalesforceWorld, ticket: str) -> None:
        (outcome,) = await connect(world).update([ticket], TicketChange(add_tags=("a;b",)), once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        (outcome,) = await connect(world, tag_field="").update(
            [ticket], TicketChange(add_tags=("a",)), once=ONCE
        )
        assert outcome.outcome is ChangeOutcome.DONE
        assert list(world.tags(ticket)) == [""]


class TestWords:
    async def test_a_customer_is_mailed_and_colleagues_are_not(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """A public comment by the API tells nobody unless it says so."""
        await helpdesk.update([ticket], NOTE, once="note")
        await helpdesk.update([ticket], REPLY, once="reply")
        ((address, words),) = world.org.mailed
        assert address == MAIL
        assert words.startswith(REPLY.public_reply or "-")

    @pytest.mark.parametrize("contact", [None, ""])
    async def test_a_case_of_nobody(self, world: SalesforceWorld, contact: str | None) -> None:
        """Who wrote by a form and is no contact: a comment would be told to nobody."""
        fields: dict[str, object] = {
            "Subject": "x",
            "SuppliedName": "Bob",
            "SuppliedEmail": "bob@customer.example",
        }
        if contact is not None:
            fields["ContactId"] = world.org.add("Contact", {"Name": "Bob", "Email": None})
        case, desk = world.org.case(fields), connect(world)
        (found,) = await desk.read([case])
        assert (found.requester.email, found.is_reachable) == ("bob@customer.example", False)
        (outcome,) = await desk.update([case], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
        assert "told to nobody" in outcome.detail
        (outcome,) = await desk.update([case], NOTE, once=ONCE)
        assert outcome.outcome is ChangeOutcome.DONE

    async def test_mails_are_comments(self, world: SalesforceWorld, helpdesk: Salesforce) -> None:
        """The first one is the case's own words; a draft is nobody's."""
        contact, _ = world.org.customer("Ada", MAIL)
        case = world.org.case({"Subject": "x", "Description": "Cards are refused.\n", "ContactId": contact})
        world.org.mail(case, "Cards are refused.", incoming=True, sender=MAIL)
        world.let_time_pass(120)
        world.org.mail(
            case, "We are on it", incoming=False, sender="support@acme.example", by=world.org.agent
        )
        draft = world.org.mail(
            case, "Dear", incoming=False, sender="support@acme.example", by=world.org.agent
        )
        world.org.tables["EmailMessage"][draft]["Status"] = "5"
        world.org.mail(
            case, "I am away", incoming=True, sender=MAIL, headers="Auto-Submitted: auto-replied\nX: y"
        )
        world.org.mail(case, "Cards are refused.", incoming=True, sender="carl@customer.example")
        (found,) = await helpdesk.read([case])
        said = await helpdesk.comments(found, found.created_at)
        assert [(one.author, one.text, one.origin) for one in said] == [
            (Author.AGENT, "We are on it", Origin.PERSON),
            (Author.CUSTOMER, "I am away", Origin.AUTOMATIC),
            (Author.CUSTOMER, "Cards are refused.", Origin.PERSON),
        ]
        assert all(one.is_public for one in said)
        assert [one.author_id for one in said[1:]] == [contact, "carl@customer.example"]

    async def test_an_organization_without_mails(self, world: SalesforceWorld, ticket: str) -> None:
        world.org.has_mail = False
        with pytest.raises(Refused, match="EmailMessages"):
            await connect(world).check()
        desk = connect(world, reads_emails=False)
        assert await desk.check()
        world.customer_reply(ticket, "Any news?")
        (found,) = [one async for one in desk.changed_since(world.now())]
        assert [one.text for one in await desk.comments(found, found.created_at)] == ["Any news?"]

    async def test_who_writes(self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str) -> None:
        """By the type of user: colleagues, customers and partners of a portal, machines."""
        org: FakeOrg = world.org
        kinds = {"Standard": Author.AGENT, "PowerPartner": Author.CUSTOMER, "Guest": Author.CUSTOMER}
        for kind in (*kinds, "AutomatedProcess"):
            user = org.add("User", {"Username": f"{kind}@x.example", "Name": kind, "UserType": kind})
            org.comment(ticket, kind, by=user, is_published=True)
        (found,) = await helpdesk.read([ticket])
        said = {one.text: one for one in await helpdesk.comments(found, found.created_at)}
        assert {kind: said[kind].author for kind in kinds} == kinds
        machine = said["AutomatedProcess"]
        assert (machine.author, machine.origin) == (Author.AGENT, Origin.AUTOMATIC)

    async def test_a_mark_that_somebody_else_wrote(
        self, world: SalesforceWorld, helpdesk: Salesforce, ticket: str
    ) -> None:
        """A customer who quotes us, or makes it up, keeps nobody from being told."""
        quoted = marked("x", note_key(ONCE, is_private=False))
        world.customer_reply(ticket, quoted)
        world.agent_reply(ticket, quoted)
        assert not await helpdesk.was_done(ticket, ONCE)

    async def test_an_empty_message(self, helpdesk: Salesforce, ticket: str) -> None:
        (outcome,) = await helpdesk.update([ticket], TicketChange(private_note=InternalText("  ")), once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
