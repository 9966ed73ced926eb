"""Customers who use what is broken and have not written: asked for, told once, and told the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from blocks.catalogfile import CatalogFileBlock
from blocks.customersql import CustomerSqlBlock
from blocks.mail import MailBlock
from connectors.customersql.settings import CustomerFile
from connectors.mail.fake.app import FakeMailServer
from deployments.commands.by_hand.approve import answered
from deployments.commands.reviews.affected import listed_customers
from flows.reconcile import reconcile
from flows.recover import recover
from incidents.approval import ApprovalSubject
from incidents.case import EntryKind
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.tickets import count_tickets
from tests.connectors.mail.world import NAME, mail_settings
from tests.stories.installation import Installation

LISTED = """email,name,tier,services,opt_out
customer1@mail.example,One,gold,checkout,
ann@shop.example,Ann,gold,checkout,
bea@shop.example,Bea,standard,search;checkout,no
cyd@shop.example,Cyd,standard,checkout,yes
dot@bank.example,Dot,standard,checkout,
eve@shop.example,Eve,standard,search,
"""
MOBILE = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: mobile, title: Mobile shop}
spec: {type: service, lifecycle: production, owner: payments, dependsOn: ["component:checkout"]}
"""
SUBJECT = ApprovalSubject.AFFECTED


@dataclass
class Told:
    """The installation with a directory and a mailbox to write by."""

    liaison: Installation
    server: FakeMailServer

    def mails(self, address: str) -> list[tuple[str, str]]:
        found = [message_from_bytes(data, policy=default) for data in self.server.mailbox.sent_to(address)]
        return [(str(mail["Subject"]), str(mail.get_content())) for mail in found]

    def count(self) -> int:
        known = [line.partition(",")[0] for line in LISTED.splitlines()[1:]]
        return sum(len(self.mails(address)) for address in known)

    async def approve(self) -> None:
        found = await answered(
            self.liaison.database, self.liaison.policy_file, "INC-1", SUBJECT, is_yes=True, by="Ada Agent"
        )
        assert found.counts, found.said
        await recover()


@pytest.fixture
async def told(liaison: Installation, tmp_path: Path) -> AsyncIterator[Told]:
    path = tmp_path / "customers.csv"
    path.write_text(LISTED)
    file = CustomerFile(path=path, name="name", services="services", opt_out="opt_out")
    await CustomerSqlBlock(csv=file).save("crm", overwrite=True)
    server = FakeMailServer()
    async with server.serving() as ports:
        settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp})
        await MailBlock(**dict(settings)).save(NAME.partition("/")[2], overwrite=True)
        liaison.write_policy(
            {
                "customers": {"directory": "customersql/crm"},
                "affected": {"by": NAME, "opt_outs": ["@bank.example"]},
            }
        )
        yield Told(liaison, server)
    await CustomerSqlBlock.adelete("crm")


async def test_only_the_affected(told: Told):
    """Listed with reasons; nothing without a yes; then one mail each, and one more at the end; who writes meanwhile is
    told the end in their own thread only."""
    liaison = told.liaison
    (ticket,) = await liaison.escalated()
    assert [(one.address, one.state) for one in await listed_customers(liaison.database, "INC-1")] == [
        ("ann@shop.example", "not told"),
        ("bea@shop.example", "not told"),
    ]
    assert "2 customers are known to use it and have not written" in liaison.room()
    assert "1 wishes no such message" in liaison.room()
    assert "@shop.example" not in liaison.room()
    assert "- Ann <ann@shop.example>: uses Checkout (customersql/crm)" in liaison.notes(ticket)
    assert told.count() == 0

    await told.approve()
    for address in ("ann@shop.example", "bea@shop.example"):
        ((subject, text),) = told.mails(address)
        assert subject == "Problem with Checkout"
        assert "you use Checkout, so we tell you before you need ask" in text
        assert "INC-1" in text
    assert told.count() == 2

    late = liaison.world.zendesk.create_ticket("Ann", "Ann@shop.example", "I cannot pay", "As you said.")
    await liaison.intake()
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    assert liaison.replies(late) == [], "she was told already"
    assert len(liaison.replies(ticket)) == 1

    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(late)) == 1
    assert len(told.mails("ann@shop.example")) == 1
    _, (_, end) = told.mails("bea@shop.example")
    assert "the problem with Checkout that we told you of is fixed" in end
    assert told.count() == 3
    lines = await liaison.ledger(EffectKind.OUTBOUND_MESSAGE)
    assert {line.state for line in lines} == {EffectState.DONE}
    assert not any("@" in f"{line.key}{line.target}" for line in lines)

    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(ticket, "Sorry, but it is still broken for me.")
    await liaison.intake()
    await liaison.resolved(by="Omar Haddad")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert told.count() == 3, "once in an incident's life"


async def test_without_a_yes_and_without_a_directory(told: Told):
    """Denied: nobody is written to. A directory that is away: the story says so, and the page goes out all the same."""
    liaison = told.liaison
    await liaison.escalated()
    await liaison.world.slack.slash("deny INC-1 too few", channel="inc-1-checkout")
    await liaison.sync()
    assert "anna denied at" in liaison.room()
    await liaison.resolved()
    assert told.count() == 0

    liaison.write_policy({"customers": {"directory": "customersql/gone"}, "affected": {"by": NAME}})
    await liaison.escalated()
    story = [entry.text for entry in await liaison.timeline(2) if entry.kind is EntryKind.AFFECTED]
    assert len(story) == 1
    assert story[0].startswith("Who uses it could not be looked up: ")
    assert len(liaison.world.pagerduty.pages) == 2


async def test_what_could_not_be_looked_up_in_the_teams_language(told: Told):
    without = {"customers": {"directory": "customersql/gone"}, "affected": {"by": NAME}}
    told.liaison.write_policy(
        without | {"catalog": {"connection": "backstage/gone"}, "language": {"team": "de"}}
    )
    await told.liaison.escalated()
    unread, unknown = [
        entry.text for entry in await told.liaison.timeline() if entry.kind is EntryKind.AFFECTED
    ]
    assert unread.startswith("Was darauf angewiesen ist, wurde allein der Richtlinie entnommen: ")
    assert unknown.startswith("Wer es nutzt, war nicht zu ermitteln: ")


@dataclass
class ToldByTickets:
    """The installation with a directory and a catalogue; the helpdesk itself writes to customers."""

    liaison: Installation

    def ticket(self, address: str) -> int:
        """The one that was opened for them."""
        desk = self.liaison.world.zendesk.api.desk
        user = desk.by_email(address)
        (ticket,) = [one.id for one in desk.tickets.values() if user and one.requester_id == user.id]
        return ticket

    def status(self, ticket: int) -> str:
        return self.liaison.world.zendesk.tickets[ticket].status

    async def states(self) -> dict[str, str]:
        return {one.address: one.state for one in await listed_customers(self.liaison.database, "INC-1")}

    async def linked(self) -> list[int]:
        return [int(item.ticket.ref.id) for item in (await self.liaison.case()).tickets]

    async def known(self) -> int:
        async with self.liaison.database.transaction() as tx:
            return await count_tickets(tx)

    async def approve(self) -> None:
        found = await answered(
            self.liaison.database, self.liaison.policy_file, "INC-1", SUBJECT, is_yes=True, by="Ada Agent"
        )
        assert found.counts, found.said
        await recover()


@pytest.fixture
async def by_tickets(liaison: Installation, tmp_path: Path) -> AsyncIterator[ToldByTickets]:
    path = tmp_path / "customers.csv"
    path.write_text(f"{LISTED}fay@shop.example,Fay,standard,mobile,\n")
    file = CustomerFile(path=path, name="name", services="services", opt_out="opt_out")
    await CustomerSqlBlock(csv=file).save("crm", overwrite=True)
    (tmp_path / "catalog-info.yaml").write_text(MOBILE)
    await CatalogFileBlock(folder=tmp_path).save("main", overwrite=True)
    liaison.write_policy(
        {
            "customers": {"directory": "customersql/crm"},
            "affected": {"by": "zendesk/demo", "opt_outs": ["@bank.example"]},
            "catalog": {"connection": "catalogfile/main"},
        }
    )
    yield ToldByTickets(liaison)
    await CustomerSqlBlock.adelete("crm")
    await CatalogFileBlock.adelete("main")


async def test_by_the_helpdesks_own_tickets(by_tickets: ToldByTickets):
    """A ticket each, which is no report when it comes back; with an answer it is one of the incident's; the end is said
    there, once; and whoever answers the end opens the incident again."""
    liaison = by_tickets.liaison
    (first,) = await liaison.escalated()
    assert len(liaison.world.zendesk.tickets) == 1
    why = "uses Mobile shop, which needs Checkout by catalogfile/main (customersql/crm)"
    assert f"- Fay <fay@shop.example>: {why}" in liaison.notes(first)
    await by_tickets.approve()
    ann, bea = by_tickets.ticket("ann@shop.example"), by_tickets.ticket("bea@shop.example")
    for ticket in (ann, bea):
        (text,) = liaison.world.zendesk.public_replies(ticket)
        assert "you use Checkout, so we tell you before you need ask" in text
        assert by_tickets.status(ticket) == "pending"
    assert (await by_tickets.states())["ann@shop.example"] == f"done, zendesk/demo#{ann}"

    await liaison.intake()
    assert (await by_tickets.linked(), await by_tickets.known()) == ([first], 1)
    assert len(await liaison.incidents()) == 1
    assert len(liaison.world.zendesk.public_replies(ann)) == 1

    liaison.world.zendesk.customer_reply(ann, "Yes, I cannot pay either.")
    await liaison.intake()
    assert sorted(await by_tickets.linked()) == [first, ann]
    assert len(liaison.world.zendesk.public_replies(ann)) == 1, "she was told already"
    assert "INC-1" in liaison.notes(ann)
    assert (await by_tickets.states())["ann@shop.example"].endswith("has written")

    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    for ticket in (ann, bea):
        assert len(liaison.world.zendesk.public_replies(ticket)) == 2
        assert by_tickets.status(ticket) == "solved"
    assert (
        "the problem with Checkout that we told you of is fixed"
        in liaison.world.zendesk.public_replies(bea)[-1]
    )
    await liaison.intake()
    assert (await by_tickets.known(), len(liaison.world.zendesk.tickets)) == (2, 4)

    liaison.world.break_checkout()
    liaison.world.zendesk.customer_reply(bea, "Sorry, but it is still broken for me.")
    await liaison.intake()
    assert sorted(await by_tickets.linked()) == [first, ann, bea]
    assert (await liaison.incident()).generation == 2
    await liaison.resolved(by="Omar Haddad")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.world.zendesk.public_replies(bea)) == 3
    lines = await liaison.ledger(EffectKind.OUTBOUND_MESSAGE)
    # Fay's two and Bea's, and Ann's first one.
    assert [line.state for line in lines] == [EffectState.DONE] * 5


async def test_an_answer_whose_webhook_was_lost(by_tickets: ToldByTickets):
    """The poll finds it, and takes the tickets that nobody answered for no reports."""
    liaison = by_tickets.liaison
    (first,) = await liaison.escalated()
    await by_tickets.approve()
    ann = by_tickets.ticket("ann@shop.example")
    liaison.world.zendesk.customer_reply(ann, "Yes, I cannot pay either.")
    liaison.world.zendesk.webhooks.forget()
    await liaison.let_pass(timedelta(minutes=10))
    await reconcile()
    assert sorted(await by_tickets.linked()) == [first, ann]
    assert len(await liaison.incidents()) == 1
