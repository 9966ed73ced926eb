"""A team whose only chat is Matrix: the room, the page acknowledged from it, and all the rest of an outage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from prefect.context import SettingsContext

from blocks.connect import settings_json
from blocks.matrix import MatrixBlock
from connectors.kit.fakes.loopback import serving
from connectors.matrix.fake.app import ANNA, BORIS, BOT, FakeMatrix
from deployments.gateway.hearing.listening import ListeningPacing
from deployments.gateway.serve import open_gateway
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place
from tests.connectors.matrix.conftest import NAME, settings
from tests.deployments.gateway.conftest import Store, until
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.stories.conftest import KEY
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
CHAT = (EffectKind.CHAT_ROOM, EffectKind.CHAT_POST)


@dataclass
class MatrixTeam:
    """The installation with Matrix in Slack's place, whose listener hears in the background."""

    liaison: Installation
    matrix: FakeMatrix
    store: Store

    async def heard(self, count: int = 1) -> None:
        """So many more deliveries are kept, and followed."""
        await until(lambda: self._is_kept(count))
        await self.liaison.sync()
        await self.liaison.sync()

    async def says(self, text: str, *, room: str = ROOM, user: str = ANNA) -> None:
        before = len(await self.store.deliveries())
        self.matrix.say(text, room=room, user=user)
        await self.heard(before + 1)

    def shown(self, room: str = ROOM) -> str:
        return "\n".join(one["content"]["body"] for one in self.matrix.messages(room))

    async def _is_kept(self, count: int) -> bool:
        return len(await self.store.deliveries()) >= count


@pytest.fixture
async def team(
    liaison: Installation, gateways_prefect: PrefectApi, database: Database, prefect_settings: SettingsContext
) -> AsyncIterator[MatrixTeam]:
    matrix = FakeMatrix()
    async with serving(matrix.app) as address:
        block = MatrixBlock(**dict(settings(base_url=address)))
        await block.save(NAME.partition("/")[2], overwrite=True)
        gateways_prefect.settings[NAME] = settings_json(block)
        liaison.write_policy({"teams": {"payments": {"chat": NAME}, "platform": {"chat": NAME}}})
        quick = ListeningPacing(look=0.01, retry=0.01)
        async with open_gateway(database, KEY, connect=gateways_prefect.connect, listening_pace=quick):

            async def is_listening() -> bool:
                async with database.transaction() as tx:
                    return "since" in (await read_place(tx, NAME) or "")

            await until(is_listening)
            yield MatrixTeam(liaison, matrix, Store(database))
            matrix.hang_up()
        del gateways_prefect.settings[NAME]


async def test_acknowledged_by_a_command_in_the_room(team: MatrixTeam):
    """Room with context; acknowledged, noted, asked and resolved from it; nothing in Slack; told once, closed."""
    liaison = team.liaison
    (ticket,) = await liaison.escalated()
    assert "Who is hit" in team.shown()
    assert "I have it: !liaison ack INC-1" in team.shown()
    assert liaison.page.status == "triggered"

    await team.says("!liaison ack")
    assert liaison.page.status == "acknowledged"
    incident = await liaison.incident()
    assert (incident.state, incident.responder) == (IncidentState.ACKNOWLEDGED, "anna")
    assert "anna is on it" in liaison.notes(ticket)
    assert len(liaison.replies(ticket)) == 1

    await team.says("!liaison note rolled back the deployment")
    await team.says("liaison: status")
    for where in (liaison.notes(ticket), liaison.page_notes(), team.shown()):
        assert where.count("anna: rolled back the deployment") == 1
    assert ", anna is on it; 1 ticket; " in team.shown()

    liaison.world.mend_checkout()
    await team.says("!liaison resolve INC-1")
    assert (await liaison.incident()).state is IncidentState.CLOSED
    assert len(liaison.replies(ticket)) == 2
    assert liaison.world.slack.workspace.channels == {}
    assert {line.state for line in await liaison.ledger(*CHAT)} == {EffectState.DONE}


async def test_a_thumb_up_acknowledges(team: MatrixTeam):
    await team.liaison.escalated()
    offer = next(one for one in team.matrix.messages(ROOM) if "!liaison ack" in one["content"]["body"])
    before = len(await team.store.deliveries())
    team.matrix.react(offer["event_id"], "👍", room=ROOM)
    await team.heard(before + 1)
    assert team.liaison.page.status == "acknowledged"


async def test_who_is_not_in_the_room_silences_nothing(team: MatrixTeam):
    """Said from a room of everybody's: refused, and told alone, as Matrix has no message for one in a room of many."""
    await team.liaison.escalated()
    general = team.matrix.membership.create(team.matrix.person(BORIS), {"name": "general"})["room_id"]
    team.matrix.say("hello", room=general, user=BOT)
    await team.says("!liaison ack INC-1", room=general, user=BORIS)
    assert team.liaison.page.status == "triggered"
    assert "only members of the incident's room may acknowledge it; join it first" in team.shown("Liaison")
    assert "Sorry" not in team.shown(general) + team.shown()
    assert team.matrix.room("Liaison").members("invite") == [BORIS]


async def test_a_room_upgraded_in_mid_incident(team: MatrixTeam):
    """It goes on in the new one, with the context in it; page and owner learn where it is, and commands work there."""
    liaison = team.liaison
    (ticket,) = await liaison.escalated()
    await team.says("!liaison ack")
    old = team.matrix.room(ROOM).id
    before = len(await team.store.deliveries())
    new = team.matrix.upgrade(ROOM, user=ANNA, lets_in=BOT).id
    await team.heard(before + 1)
    liaison.world.zendesk.agent_note(ticket, "Ada Agent", "Only with PayPal.")
    await liaison.intake()
    assert "Only with PayPal." in team.shown(new)
    assert "Who is hit" in team.shown(new)
    assert "Only with PayPal." not in team.shown(old)
    for told in (liaison.notes(ticket), liaison.page_notes()):
        assert "The room of INC-1 is" in told
    await team.says("!liaison status", room=new)
    assert ", anna is on it; 1 ticket; " in team.shown(new)
    assert await liaison.ledger(EffectKind.CHAT_POST, states=[EffectState.DEAD]) == []
