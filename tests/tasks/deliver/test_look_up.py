"""What an earlier attempt may have done is looked up ticket by ticket: one that cannot be holds up no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, update

from bench.fan_out.untold import open_incident, plan_messages, settings_of
from blocks.intercom import IntercomBlock
from connectors.intercom import Intercom, IntercomSettings
from connectors.intercom.fake.app import ACCESS_TOKEN, WORKSPACE, FakeIntercom
from connectors.intercom.messages.parts import MOST_PARTS
from connectors.kit.fakes.loopback import serving
from incidents.effects import EffectState, customer_message
from incidents.errors import (
    Busy,
    LiaisonError,
    NotAllowed,
    NotFound,
    Refused,
    Unknown,
    Unreachable,
    Unrecognised,
)
from incidents.models import PublicText, TicketRef
from incidents.ports import Helpdesk
from incidents.store.database import Database
from incidents.store.ledger.effects import MAX_ATTEMPTS, Leased
from incidents.store.schema.tables import effects
from tasks import resources
from tasks.deliver.deliver import deliver
from tasks.deliver.tickets import _found

pytestmark = pytest.mark.usefixtures("alone")

DESK = "intercom/support"


@dataclass
class _Site:
    database: Database
    intercom: FakeIntercom

    async def planned(self, count: int) -> tuple[int, list[str]]:
        """An incident, and conversations whose customers each wait for a message that somebody may have sent."""
        ids = [
            self.intercom.create_ticket(f"Customer {one}", f"c{one}@mail.example", "Help", "x")
            for one in range(count)
        ]
        incident = await open_incident()
        await plan_messages(incident, await resources.connect(DESK, Helpdesk), ids)
        return incident, ids

    async def change(self, target: str, **values: Any) -> None:
        async with self.database.transaction() as tx:
            await tx.execute(update(effects).where(effects.c.target == target).values(values))

    async def state(self, target: str) -> tuple[EffectState, str]:
        async with self.database.transaction() as tx:
            row = (await tx.execute(effects.select().where(effects.c.target == target))).one()
            return EffectState(row.state), row.detail

    def replies(self, own_id: str) -> int:
        return sum(
            one["part_type"] == "comment" and one["author"]["id"] == "991" for one in self.parts(own_id)
        )

    def parts(self, own_id: str) -> list[dict[str, Any]]:
        return self.intercom.inbox.parts[own_id]


@pytest.fixture
async def site(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[_Site]:
    fake = FakeIntercom()
    async with serving(fake.app) as address:
        block = IntercomBlock(
            base_url=address,
            access_token=SecretStr(ACCESS_TOKEN),
            workspace_id=WORKSPACE,
            requests_per_minute=100_000,
        )
        for name, value in (await settings_of(database, tmp_path, {DESK: block})).items():
            monkeypatch.setenv(name, value)
        yield _Site(database, fake)
        await resources.close()


async def test_what_no_look_can_tell_is_held_and_the_others_go(site: _Site):
    """The first conversation shows its newest 500 parts only; the second was not told, and nobody has tried."""
    incident, (long, other) = await site.planned(2)
    for number in range(MOST_PARTS + 1):
        site.intercom.inbox.answer(long, f"And {number}")
    await site.change(long, state="unknown", sent_at=func.now())
    await deliver(incident)
    state, detail = await site.state(long)
    assert state is EffectState.HELD
    assert "a person must see" in detail
    assert site.replies(long) == 0
    assert (await site.state(other))[0] is EffectState.DONE
    assert site.replies(other) == 1


class _Fails(Intercom):
    """Every look-up ends so."""

    def __init__(self, error: LiaisonError) -> None:
        super().__init__(DESK, IntercomSettings(access_token=SecretStr("x"), workspace_id=WORKSPACE))
        self._error = error

    async def was_done(self, id: str, once: str) -> bool:
        raise self._error


def _item(attempts: int = 3, *, must_look_up: bool = True) -> Leased:
    effect = customer_message(1, TicketRef(connection=DESK, id="1"), "INC-1:g1:fixed", PublicText("x"), "c1")
    return Leased(
        id=1, effect=effect, fence=1, attempts=attempts, must_look_up=must_look_up, result="", is_old=True
    )


@pytest.mark.parametrize(
    ("error", "item", "state"),
    [
        (Refused("x"), _item(), EffectState.HELD),
        (NotFound("x"), _item(), EffectState.HELD),
        (Refused("x"), _item(must_look_up=False), EffectState.HELD),
        (Unknown("x"), _item(), EffectState.UNKNOWN),
        (Unrecognised("x"), _item(), EffectState.UNKNOWN),
        (Unknown("x"), _item(MAX_ATTEMPTS), EffectState.HELD),
        (Unknown("x"), _item(must_look_up=False), EffectState.PENDING),
    ],
)
async def test_what_ails_one_look_up(error: LiaisonError, item: Leased, state: EffectState):
    """A person sees to what no later look tells; else it is looked for again, and not at once."""
    found = await _found(_Fails(error), item)
    assert found is not None
    assert found.state is state
    if state is not EffectState.HELD:
        assert found.again_in is not None
        assert found.again_in.total_seconds() >= 2


@pytest.mark.parametrize("error", [Unreachable("x"), NotAllowed("x"), Busy("x", retry_after=9)])
async def test_what_ails_the_whole_helpdesk(error: LiaisonError):
    """All that are looked up with it wait."""
    with pytest.raises(type(error)):
        await _found(_Fails(error), _item())
