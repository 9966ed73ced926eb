"""Messages to hundreds who have not written: after those who wrote, and next to nothing in doubt whenever it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.fan_out.untold import open_incident, plan_messages, settings_of
from blocks.mail import MailBlock
from connectors.mail import Mail
from connectors.mail.fake.app import ADDRESS, FakeMailServer
from connectors.mail.fake.mailbox import FakeMailbox
from incidents.effects import Effect, EffectKind, EffectState, OutboundText
from incidents.models import PublicText
from incidents.ports import Helpdesk
from incidents.store.database import Database
from incidents.store.ledger.due import incidents_with_due_effects
from incidents.store.ledger.effects import lease_effects, plan_effects
from incidents.store.schema.tables import effects
from tasks import resources
from tasks.deliver.deliver import deliver
from tests.connectors.mail.world import NAME, a_mail, mail_settings

pytestmark = pytest.mark.usefixtures("alone")

A_MINUTE = 10


class _Door(FakeMailbox):
    """Tells of each mail that it takes."""

    def __init__(self) -> None:
        super().__init__(ADDRESS, clock=lambda: datetime.now(UTC))
        self.recipients: list[str] = []
        self.tell: Callable[[], object] = lambda: None

    def take(self, sender: str, recipients: list[str], data: bytes) -> None:
        super().take(sender, recipients, data)
        self.recipients += [one for one in recipients if one != ADDRESS]
        self.tell()


@dataclass
class _Site:
    database: Database
    door: _Door
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    ports: dict[str, object]

    async def opens(self, mails_per_minute: int, outsiders: int) -> int:
        """An incident of which so many are to be told who have not written; returns it."""
        block = MailBlock(**dict(mail_settings(self.ports, mails_per_minute=mails_per_minute, first_days=30)))
        for name, value in (await settings_of(self.database, self.folder, {NAME: block})).items():
            self.monkeypatch.setenv(name, value)
        incident = await open_incident()
        async with self.database.transaction() as tx:
            await plan_effects(tx, [_outbound(incident, number) for number in range(outsiders)])
        return incident

    async def writes_in(self, incident: int, customers: int) -> None:
        """So many customers wrote; a message to each is planned last."""
        for number in range(customers):
            mail = a_mail(
                "Help", email=f"in{number}@customer.example", message_id=f"{number}@customer.example"
            )
            self.door.deliver(mail)
        source = await resources.connect(NAME, Mail)
        assert [heard async for heard in source.hear_once(None)]
        helpdesk = await resources.connect(NAME, Helpdesk)
        known = [ticket.ref.id async for ticket in helpdesk.changed_since(datetime(2020, 1, 1, tzinfo=UTC))]
        assert len(known) == customers
        await plan_messages(incident, helpdesk, known)

    async def lines(self) -> list[tuple[EffectState, bool]]:
        """Of who has not written: the state, and whether it counts as sent."""
        async with self.database.transaction() as tx:
            wanted = effects.c.kind == EffectKind.OUTBOUND_MESSAGE.value
            rows = await tx.execute(effects.select().where(wanted).order_by(effects.c.id))
            return [(EffectState(row.state), row.sent_at is not None) for row in rows]


def _outbound(incident: int, number: int) -> Effect:
    message = OutboundText(
        address=f"out{number}@shop.example",
        name="Ann",
        subject=PublicText("Problem"),
        text=PublicText("We know."),
    )
    return Effect(
        key=f"INC-{incident}:out:{number}", once=f"INC-{incident}:out:{number}", kind=EffectKind.OUTBOUND_MESSAGE,
        incident_id=incident, connection=NAME, target=f"mark{number}", payload=message,
    )  # fmt: skip


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    server = FakeMailServer()
    door = _Door()
    server.mailbox = door
    async with server.serving() as ports:
        yield _Site(database, door, tmp_path, monkeypatch, {"imap_port": ports.imap, "smtp_port": ports.smtp})
        await resources.close()


async def test_whenever_it_ends_a_round_at_most_is_in_doubt(site: _Site):
    """Looked at whenever one of forty is handed over: five at most are taken, no other counts as sent."""
    incident = await site.opens(100_000, outsiders=40)
    looks: list[asyncio.Task[list[tuple[EffectState, bool]]]] = []
    site.door.tell = lambda: looks.append(asyncio.create_task(site.lines()))
    await deliver(incident)
    assert len(site.door.recipients) == len(looks) == 40
    for lines in await asyncio.gather(*looks):
        assert sum(state is EffectState.SENDING for state, _ in lines) <= 5
        assert not any(is_sent for state, is_sent in lines if state is EffectState.PENDING)
    assert await site.lines() == [(EffectState.DONE, True)] * 40


async def test_what_the_pace_allows_goes_and_nothing_waits_as_sent(site: _Site):
    """Ten of thirty; the others have their time, none of them is taken, and nobody takes them for forgotten."""
    incident = await site.opens(A_MINUTE, outsiders=30)
    async with asyncio.timeout(30):
        await deliver(incident)
    assert len(site.door.recipients) == A_MINUTE
    assert await site.lines() == [(EffectState.DONE, True)] * 10 + [(EffectState.PENDING, False)] * 20
    async with site.database.transaction() as tx:
        assert await incidents_with_due_effects(tx, now=resources.utc_now()) == []


async def test_who_wrote_comes_first(site: _Site):
    """Although planned last, and although the pace allows ten only."""
    incident = await site.opens(A_MINUTE, outsiders=20)
    await site.writes_in(incident, customers=4)
    async with asyncio.timeout(30):
        await deliver(incident)
    assert sorted(site.door.recipients[:4]) == [f"in{number}@customer.example" for number in range(4)]
    assert site.door.recipients[4:] == [f"out{number}@shop.example" for number in range(6)]


async def test_a_restart_does_not_forget_the_last_minute(site: _Site):
    """The pace of a new process is empty, and the ledger is not: nor is it for another incident's round."""
    first = await site.opens(A_MINUTE, outsiders=8)
    await deliver(first)
    await resources.close()
    second = await site.opens(A_MINUTE, outsiders=8)
    async with asyncio.timeout(30):
        await deliver(second)
    assert len(site.door.recipients) == A_MINUTE


async def test_incidents_share_what_may_be_in_doubt(site: _Site):
    """While five of one incident are under way, whoever sends them, none of another one's sets out."""
    first = await site.opens(100_000, outsiders=5)
    second = await site.opens(100_000, outsiders=3)
    async with site.database.transaction() as tx:
        assert len(await lease_effects(tx, now=resources.utc_now(), incident_id=first)) == 5
    async with asyncio.timeout(30):
        await deliver(second)
    assert site.door.recipients == []
