"""A team without an on-call tool: paged by its own rota, the first silent, the second on it by a link, and closed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.context import SettingsContext
from sqlalchemy import func, select

from bench.sandbox import until
from blocks.connect import settings_json
from blocks.roster import RosterBlock
from connectors.mail.fake.app import ADDRESS, HOST, PASSWORD, FakeMailServer
from connectors.mail.fake.mailbox import FakeMailbox
from connectors.roster.fake.app import FakeNotice, FakePhones
from deployments.commands.check import Surroundings, check
from deployments.gateway.hearing.listening import ListeningPacing
from deployments.gateway.serve import open_gateway
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.schema.roster import roster_notices
from tests.connectors.mail.world import a_mail
from tests.connectors.roster.world import settings
from tests.deployments.gateway.conftest import Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.stories.conftest import KEY, Door
from tests.stories.installation import Installation
from tests.stories.test_prefect_away import PATIENCE, holds, prefect_away

NAME = "roster/main"
ANA = "ana@acme.example"
PAGES = "https://liaison.acme.example"
PEOPLE: dict[str, Any] = {
    "people": {
        "ana": {
            "name": "Ana Silva",
            "reach": [{"way": "ana-phone", "wait": "2m"}, {"way": "ana-mail", "wait": "3m"}],
        },
        "bo": {"name": "Bo Berg", "reach": [{"way": "bo-phone", "wait": "5m"}]},
    },
    "rotas": {
        "payments": {
            "timezone": "Europe/Berlin",
            "layers": [{"people": ["ana"], "hand_over": "2020-01-06 09:00"}],
            "then": ["bo"],
            "rounds": 1,
        }
    },
    "teams": {"payments": {"pager": NAME, "pager_target": "payments", "ladder": []}},
}


@dataclass
class RosterTeam:
    """The installation with a roster; its gateway can be stopped and started again."""

    liaison: Installation
    phones: FakePhones
    prefect: PrefectApi
    store: Store
    running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> None:
        pace = ListeningPacing(look=0.01, retry=0.01)
        await self.running.enter_async_context(
            open_gateway(self.liaison.database, KEY, connect=self.prefect.connect, listening_pace=pace)
        )

    async def stop(self) -> None:
        await self.running.aclose()

    @property
    def woken(self) -> list[str]:
        return [one.to for one in self.phones.arrived if not one.title.startswith("Over: ")]

    async def holds_woken(self, what: str, *people: str) -> None:
        """They, and nobody else, were woken, and it is written down: what is stopped, or outlives its lease, before
        it is written down is sent again."""

        async def is_written() -> bool:
            async with self.liaison.database.transaction() as tx:
                under_way = await tx.scalar(
                    select(func.count())
                    .select_from(roster_notices)
                    .where(roster_notices.c.state == "sending")
                )
            return self.woken == list(people) and not under_way

        await until(what, is_written, PATIENCE)

    @property
    def pages(self) -> list[FakeNotice]:
        """What woke somebody, without what was told of it later."""
        return [one for one in self.phones.arrived if not one.title.startswith(("Over: ", "Re: "))]

    async def answers(self, to: str, text: str, mailbox: FakeMailbox) -> None:
        """By mail, to the newest page that reached them; what it says is heard and acted upon."""
        before = await self.heard()
        notice = [one for one in self.pages if one.to == to][-1]
        mailbox.deliver(a_mail(text, email=to, to=notice.reply_to, subject=f"Re: {notice.title}"))

        async def is_kept() -> bool:
            return await self.heard() > before

        await until("the mail is heard", is_kept, PATIENCE)
        await self.liaison.sync()

    def link(self, to: str) -> str:
        """The one in the newest notice that reached them."""
        found = re.search(r"http://\S+/pages/\S+", self.phones.to(to)[-1].text)
        assert found is not None
        return found[0]

    async def heard(self) -> int:
        """How many deliveries came of buttons."""
        return sum(row.connection == NAME for row in await self.store.deliveries())

    async def presses(self, address: str) -> None:
        """A button; what it says is heard and acted upon."""
        before = await self.heard()
        async with httpx.AsyncClient() as http:
            # What looks at the link before its reader does.
            assert (await http.get(address)).status_code == 200
            assert await self.heard() == before
            assert (await http.post(address)).status_code == 200

        async def is_kept() -> bool:
            return await self.heard() > before

        await until("the button is heard", is_kept, PATIENCE)
        await self.liaison.sync()


@pytest.fixture
async def team(
    liaison: Installation,
    doors: Mapping[str, Door],
    gateways_prefect: PrefectApi,
    database: Database,
    prefect_settings: SettingsContext,
) -> AsyncIterator[RosterTeam]:
    del prefect_settings
    async with FakePhones().serve() as phones:
        block = RosterBlock(**dict(settings(phones, gateway_url=doors["gateway"].address)))
        await block.save(NAME.partition("/")[2], overwrite=True)
        gateways_prefect.settings[NAME] = settings_json(block)
        liaison.write_policy(PEOPLE)
        team = RosterTeam(liaison, phones, gateways_prefect, Store(database))
        await team.start()
        yield team
        await team.stop()
        del gateways_prefect.settings[NAME]


async def test_from_the_outage_to_its_end(team: RosterTeam):
    """Ana is silent, everything of ours is started anew, Bo takes it by his link and says that it works again."""
    liaison = team.liaison
    (ticket,) = await liaison.escalated()
    await team.holds_woken("Ana is woken", "ana")
    assert team.phones.arrived[0].title.startswith("INC-1 ")
    assert (await liaison.incident()).state is IncidentState.ESCALATED

    await liaison.let_pass(timedelta(minutes=2))
    await team.holds_woken("and again by mail", "ana", ANA)
    await team.stop()
    await liaison.let_pass(timedelta(minutes=30))
    assert team.woken == ["ana", "ana@acme.example"], "nobody is there to wake Bo"
    await team.start()
    await team.holds_woken("then Bo", "ana", ANA, "bo")

    await team.presses(team.link("bo"))
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "Bo Berg")
    assert "Bo Berg" in liaison.notes(ticket)

    liaison.world.mend_checkout()
    await team.presses(f"{team.link('bo')}/over")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(ticket)) >= 1
    await holds("both are told that it is over", lambda: len(team.phones.arrived) == 5)
    over = team.phones.arrived[3:]
    assert {one.to for one in over} == {"ana@acme.example", "bo"}
    assert all(one.title.startswith("Over: INC-1") for one in over)
    assert team.woken == ["ana", "ana@acme.example", "bo"]
    assert not liaison.world.pagerduty.pages


async def test_answered_by_mail(team: RosterTeam, gateways_prefect: PrefectApi):
    """Ana cannot, and passes it on by mail; Bo takes it by mail and says by mail that it works again."""
    liaison, server = team.liaison, FakeMailServer()
    bo = "bo@acme.example"
    async with server.serving() as ports:
        mailbox = {"address": ADDRESS, "user": ADDRESS, "password": PASSWORD, "plus_addressing": True}
        at = {"imap_host": HOST, "imap_port": ports.imap, "imap_security": "none"}
        ways = {"ana-phone": team.phones.mailto(ANA), "bo-phone": team.phones.mailto(bo)}
        block = RosterBlock(**dict(settings(team.phones, ways=ways, gateway_url=PAGES, replies=mailbox | at)))
        await block.save(NAME.partition("/")[2], overwrite=True)
        await team.stop()
        gateways_prefect.settings[NAME] = settings_json(block)
        reach = {key: person | {"reach": person["reach"][:1]} for key, person in PEOPLE["people"].items()}
        liaison.write_policy(PEOPLE | {"people": reach})
        await team.start()
        (ticket,) = await liaison.escalated()
        await team.holds_woken("Ana is woken", ANA)

        await team.answers(ANA, "escalate", server.mailbox)
        await holds("then Bo, at once", lambda: [one.to for one in team.pages] == [ANA, bo])
        assert (await liaison.incident()).state is IncidentState.ESCALATED
        assert "Ana Silva escalated the page to the next level: Bo Berg" in liaison.room()

        await team.answers(bo, "ack", server.mailbox)
        incident = await liaison.incident()
        assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "Bo Berg")
        assert "Bo Berg" in liaison.notes(ticket)

        liaison.world.mend_checkout()
        await team.answers(bo, "done\n\nOn Monday Liaison wrote:\n> ...", server.mailbox)
        assert (await liaison.incident()).state is IncidentState.CLOSED
        await holds(
            "both are told", lambda: sum(one.title.startswith("Over: ") for one in team.phones.arrived) == 2
        )
        await team.stop()


async def test_nobody_on_call(team: RosterTeam):
    """The rota has a gap: the team's next level is paged, and everybody reads why nobody was woken."""
    gap = {"layers": [{"people": ["ana"], "hand_over": "2090-01-02 09:00"}], "then": []}
    ladder = [{"title": "The lead", "pager_target": "bo"}]
    team.liaison.write_policy(
        PEOPLE
        | {
            "rotas": {"payments": PEOPLE["rotas"]["payments"] | gap},
            "teams": {"payments": PEOPLE["teams"]["payments"] | {"ladder": ladder}},
        }
    )
    await team.liaison.escalated()
    assert team.woken == []
    await team.liaison.let_pass(timedelta(seconds=40))
    await recover()
    await team.holds_woken("the next level", "bo")
    assert "nobody is on call in rota 'payments'" in team.liaison.room()


async def test_without_prefect(team: RosterTeam):
    """Ana is woken by the emergency's worker, Bo by the gateway, and taken by link: Prefect is away all the time."""
    liaison = team.liaison
    liaison.world.break_checkout()
    liaison.customers_write(1)
    await liaison.hear()
    team.prefect.is_away = True
    try:
        async with prefect_away():
            await team.holds_woken("Ana is woken", "ana")
            await liaison.let_pass(timedelta(minutes=2))
            await team.holds_woken("and again by mail", "ana", ANA)
            await liaison.let_pass(timedelta(minutes=3))
            await team.holds_woken("then Bo", "ana", ANA, "bo")
            async with httpx.AsyncClient() as http:
                await http.post(team.link("bo"))

            async def is_taken() -> bool:
                return (await liaison.incident()).responder == "Bo Berg"

            await until("Bo has it", is_taken, PATIENCE)
    finally:
        team.prefect.is_away = False
    assert [line.state for line in await liaison.ledger(EffectKind.PAGE)] == [EffectState.DONE]


async def test_check_goes_by_the_key_of_the_data_folder(
    team: RosterTeam, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """`liaison up` keeps it there, and no shell has it; where there is none, `liaison check` says what that means."""
    monkeypatch.delenv("LIAISON_KEY")

    async def said(home: Path) -> str:
        where = Surroundings(
            home=home, policy=team.liaison.policy_file, gateway_url="http://127.0.0.1:9", encoder=None
        )
        (found,) = [one for one in await check(where) if one.what == f"connection {NAME}"]
        assert found.is_well
        return found.text

    assert "acknowledge by: set LIAISON_KEY" in await said(tmp_path)
    (tmp_path / "key").write_text(KEY)
    assert "no link" not in await said(tmp_path)
