"""A status page that is a vendor's, told through the ledger: each word once, also when answers are lost on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, update

from bench.fan_out.untold import open_incident, settings_of
from blocks.instatus import InstatusBlock
from blocks.statuspage import StatuspageBlock
from connectors.instatus.fake import app as instatus
from connectors.instatus.fake import records as instatus_records
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.loopback import serving
from connectors.statuspage.fake import app as statuspage
from connectors.statuspage.fake import records as statuspage_records
from incidents.effects import Effect, EffectKind, EffectState, PublicOpening, PublicSaying
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.schema.tables import effects
from tasks import resources
from tasks.deliver.deliver import deliver

pytestmark = pytest.mark.usefixtures("alone")

OPENING = "INC-1:public"
WORDS = (PublicState.IDENTIFIED, PublicState.MONITORING, PublicState.RESOLVED)
ALL = ["investigating", "identified", "monitoring", "resolved"]
Fake = statuspage.FakeStatuspage | instatus.FakeInstatus


@dataclass
class _Site:
    database: Database
    connection: str
    fake: Fake

    async def planned(self) -> int:
        """An incident with all that the public shall be told of it."""
        incident = await self.opening()
        await self.words(incident)
        return incident

    async def opening(self) -> int:
        """An incident that the public shall be told of."""
        incident = await open_incident()
        first = PublicOpening(
            title=PublicText("Problem with Checkout"),
            text=PublicText("We see it."),
            severity=Severity.HIGH,
            services=("Checkout",),
        )
        await self._plan([self._effect(incident, OPENING, EffectKind.STATUS_PAGE_OPEN, first)])
        return incident

    async def words(self, incident: int) -> None:
        """What it shall be told after that."""
        said = [
            PublicSaying(opening=OPENING, text=PublicText(f"It is {state.value}."), state=state)
            for state in WORDS
        ]
        await self._plan(
            [
                self._effect(incident, f"{OPENING}:{one.state.value}", EffectKind.STATUS_PAGE_UPDATE, one)
                for one in said
            ]
        )

    async def _plan(self, planned: list[Effect]) -> None:
        async with resources.transaction() as step:
            await plan_effects(step.connection, planned)

    def _effect(
        self, incident: int, key: str, kind: EffectKind, payload: PublicOpening | PublicSaying
    ) -> Effect:
        return Effect(
            key=key,
            once=f"liaison:{key}",
            kind=kind,
            incident_id=incident,
            connection=self.connection,
            target=f"INC-{incident}",
            payload=payload,
        )

    async def delivered(self, incident: int) -> None:
        """As often as it takes: what is to be looked up, or tried again, is so at once."""
        for _ in range(8):
            await deliver(incident)
            async with self.database.transaction() as tx:
                await tx.execute(update(effects).values(not_before=func.now()))

    async def ledger(self) -> list[tuple[EffectState, str]]:
        async with self.database.transaction() as tx:
            rows = await tx.execute(effects.select().order_by(effects.c.id))
            return [(EffectState(row.state), row.detail) for row in rows]

    def said(self) -> list[list[str]]:
        """How each public incident stood with each word about it."""
        if isinstance(self.fake, statuspage.FakeStatuspage):
            return [[one.status for one in incident.said] for incident in self.fake.incidents.values()]
        return [[one.status.lower() for one in incident.updates] for incident in self.fake.incidents.values()]

    def resolve_by_hand(self) -> None:
        is_statuspage = isinstance(self.fake, statuspage.FakeStatuspage)
        for one in self.fake.incidents:
            self.fake.say_by_hand(one, "resolved" if is_statuspage else "RESOLVED")


@pytest.fixture(params=["statuspage", "instatus"])
async def site(
    request: pytest.FixtureRequest, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[_Site]:
    fake: Fake = (
        statuspage.FakeStatuspage(calls_a_minute=10_000)
        if request.param == "statuspage"
        else instatus.FakeInstatus()
    )
    fake.add_component("Checkout")
    name = f"{request.param}/main"
    async with serving(fake.app) as address:
        block: StatuspageBlock | InstatusBlock = (
            StatuspageBlock(
                base_url=f"{address}/v1",
                page_id=statuspage_records.PAGE,
                api_key=SecretStr(statuspage.API_KEY),
                requests_per_minute=10_000,
            )
            if request.param == "statuspage"
            else InstatusBlock(
                base_url=address,
                page_id=instatus_records.PAGE,
                api_key=SecretStr(instatus.API_KEY),
                requests_per_minute=10_000,
            )
        )
        for key, value in (await settings_of(database, tmp_path, {name: block})).items():
            monkeypatch.setenv(key, value)
        yield _Site(database, name, fake)
        await resources.close()


async def test_a_lost_answer_to_the_opening(site: _Site):
    """It is found, and nothing is said of it before."""
    incident = await site.planned()
    site.fake.faults.arm(FaultKind.DROP_REPLY, where="POST")
    await deliver(incident)
    assert (await site.ledger())[0][0] is EffectState.UNKNOWN
    await site.delivered(incident)
    assert site.said() == [ALL]
    assert {state for state, _ in await site.ledger()} == {EffectState.DONE}


@pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_a_lost_answer_to_a_word(site: _Site, kind: FaultKind, failures: int):
    """Said once, in order, also after failures that nobody can tell from one that got through."""
    incident = await site.opening()
    await deliver(incident)
    await site.words(incident)
    written = "PATCH" if isinstance(site.fake, statuspage.FakeStatuspage) else "incident-updates"
    for _ in range(failures):
        site.fake.faults.arm(FaultKind.CRASH, where=written)
    site.fake.faults.arm(kind, where=written)
    await site.delivered(incident)
    assert site.said() == [ALL]
    assert {state for state, _ in await site.ledger()} == {EffectState.DONE}


async def test_a_page_that_is_away(site: _Site):
    """What was to be said waits, and comes in order when it is back."""
    incident = await site.planned()
    site.fake.faults.arm(FaultKind.OUTAGE, times=None)
    await deliver(incident)
    assert site.said() == []
    assert not {state for state, _ in await site.ledger()} & {EffectState.DONE, EffectState.DEAD}
    site.fake.faults.clear()
    await site.delivered(incident)
    assert site.said() == [ALL]


async def test_somebody_was_quicker(site: _Site):
    """Resolved by hand at the vendor: it stays so, and the ledger says that ours was not said."""
    incident = await site.opening()
    await deliver(incident)
    site.resolve_by_hand()
    await site.words(incident)
    await site.delivered(incident)
    assert site.said() == [["investigating", "resolved"]]
    first, *words = await site.ledger()
    assert first[0] is EffectState.DONE
    assert [state for state, _ in words] == [EffectState.DEAD] * 3
    assert all("is resolved" in detail for _, detail in words)
