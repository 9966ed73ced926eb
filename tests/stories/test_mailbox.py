"""A team that has nothing but a mailbox: from a customer's mail to the last customer's "it works again"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default

import pytest
from prefect.context import SettingsContext

from blocks.connect import settings_json
from blocks.mail import MailBlock
from connectors.mail.fake.app import FakeMailServer
from deployments.gateway.hearing.listening import ListeningPacing
from deployments.gateway.serve import open_gateway
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place
from tests.connectors.mail.world import NAME, a_mail, mail_settings
from tests.deployments.gateway.conftest import Store, until
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.stories.conftest import KEY
from tests.stories.installation import Installation

ADA, BOB = "ada@customer.example", "bob@customer.example"


@dataclass
class MailTeam:
    """The installation with a mailbox, whose listener hears in the background."""

    liaison: Installation
    server: FakeMailServer
    store: Store
    written: int = 0

    async def writes(self, text: str, *, email: str, **headers: str) -> None:
        """A customer's mail, taken in as far as it goes."""
        before = len(await self.store.deliveries())
        self.written += 1
        subject = headers.pop("subject", "Checkout fails with an error")
        data = a_mail(
            text, email=email, subject=subject, message_id=f"{self.written}@customer.example", **headers
        )
        self.server.mailbox.deliver(data)

        async def is_kept() -> bool:
            return len(await self.store.deliveries()) > before

        await until(is_kept)
        await self.liaison.intake()

    def got(self, email: str) -> list[tuple[str, str]]:
        """Message-ID and text of what came to the customer."""
        mails = [message_from_bytes(data, policy=default) for data in self.server.mailbox.sent_to(email)]
        return [(str(mail["Message-ID"]), str(mail.get_content())) for mail in mails]


@pytest.fixture
async def team(
    liaison: Installation, gateways_prefect: PrefectApi, database: Database, prefect_settings: SettingsContext
) -> AsyncIterator[MailTeam]:
    server, store = FakeMailServer(), Store(database)
    async with server.serving() as ports:
        settings = mail_settings({"imap_port": ports.imap, "smtp_port": ports.smtp}, look_seconds=1)
        block = MailBlock(**dict(settings))
        await block.save(NAME.partition("/")[2], overwrite=True)
        gateways_prefect.settings[NAME] = settings_json(block)
        liaison.write_policy({"helpdesks": [NAME]})
        quick = ListeningPacing(look=0.01, retry=0.01)
        async with open_gateway(database, KEY, connect=gateways_prefect.connect, listening_pace=quick):

            async def is_listening() -> bool:
                async with database.transaction() as tx:
                    return "Sent" in (await read_place(tx, NAME) or "")

            await until(is_listening)
            yield MailTeam(liaison, server, store)
        del gateways_prefect.settings[NAME]


async def test_from_a_mail_to_the_end_and_again(team: MailTeam):
    """Mail in, ticket, incident, page; fixed, told in the thread; "still broken" reopens; fixed and told again."""
    liaison = team.liaison
    liaison.world.break_checkout()
    await team.writes("I cannot pay at all.", email=ADA)
    await team.writes("Payment fails, too.", email=BOB)
    incident = await liaison.incident()
    assert (incident.state, incident.service) == (IncidentState.ESCALATED, "checkout")
    assert len(liaison.world.pagerduty.pages) == 1

    await liaison.resolved()
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert [len(team.got(email)) for email in (ADA, BOB)] == [1, 1]

    ((message_id, told),) = team.got(ADA)
    assert told.strip()
    await team.writes(
        "Thank you, it works again!", email=BOB, subject="Re: x", In_Reply_To=team.got(BOB)[0][0]
    )
    assert (await liaison.incident()).state is IncidentState.CLOSED

    liaison.world.break_checkout()
    await team.writes(
        f"Sorry, but it is still broken for me.\n\nOn Monday, Acme Support wrote:\n> {told}",
        email=ADA,
        subject="Re: Checkout fails with an error",
        In_Reply_To=message_id,
    )
    incident = await liaison.incident()
    assert (incident.state, incident.generation) == (IncidentState.ESCALATED, 2)
    assert len(liaison.world.pagerduty.pages) == 2

    await liaison.resolved(by="Omar Haddad")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(team.got(ADA)) == 2
    assert len(await liaison.incidents()) == 1


async def test_an_absence_notice_reopens_nothing(team: MailTeam):
    """What a machine answers to our message costs nobody's night, and is answered by nobody."""
    liaison = team.liaison
    liaison.world.break_checkout()
    await team.writes("I cannot pay at all.", email=ADA)
    await liaison.resolved()
    ((message_id, _),) = team.got(ADA)
    await team.writes(
        "I am away. It is still broken, whatever it is.",
        email=ADA,
        In_Reply_To=message_id,
        Auto_Submitted="auto-replied",
    )
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(team.got(ADA)) == 1
