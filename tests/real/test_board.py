"""The board in Chromium, judged by axe-core: with its script, in the dark, on a small telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.loopback import serving
from deployments.gateway.board.board import PATH, BoardPages
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.bodies import Bodies
from deployments.gateway.notices import Notices
from incidents.effects import EffectKind, EffectState
from incidents.links.board_links import board_token
from incidents.models import Severity
from incidents.store.database import Database
from incidents.store.ledger.effects import Settled, lease_effects, plan_effects, settle_effects
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import effect, new_incident
from tests.real.judged import judged

pytestmark = pytest.mark.real

KEY = "the operator's key"
HOSTILE = (
    "</main><img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
    + "long" * 80
)


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """Where the board of three incidents is served to somebody who may see it."""
    now = datetime.now(UTC)
    async with database.transaction() as tx:
        for severity, title in (
            (Severity.CRITICAL, HOSTILE),
            (Severity.HIGH, "Search: slow"),
            (Severity.LOW, "Odd"),
        ):
            opened = await new_incident(tx, title=title, severity=severity, now=now)
            await plan_effects(
                tx, [effect(f"k{opened.id}", incident_id=opened.id, kind=EffectKind.TICKET_NOTE)]
            )
        for leased in await lease_effects(tx, now=now, ids=[1]):
            dead = Settled(id=leased.id, fence=leased.fence, state=EffectState.DEAD, detail=HOSTILE)
            await settle_effects(tx, [dead], now=now)
    policy = a_policy()
    readers = Readers(KEY, None, rules=lambda: policy.board, clock=lambda: datetime.now(UTC))
    board = BoardPages(
        database,
        readers,
        policy=lambda: policy,
        notices=Notices(),
        bodies=Bodies(),
        clock=lambda: datetime.now(UTC),
    )
    cookie = (b"cookie", f"{COOKIE}={board_token(KEY, 'Ana', now=now)}".encode())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        signed_in = {**scope, "headers": [*scope["headers"], cookie]}
        await board.answer(scope["path"].removeprefix(PATH), signed_in, receive, send)

    async with serving(app) as served:
        yield f"{served}{PATH}"
        await board.end()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 320)])
@pytest.mark.parametrize("page", ["", "INC-1", "?q=search%20of%20something", "enter?link=worthless"])
async def test_everybody_can_read_it(address: str, scheme: str, width: int, page: str) -> None:
    """No violation, nothing that axe-core cannot decide, nothing of a stranger's that ran, nothing asked of anybody
    else, no scrolling sideways on a small telephone."""
    found = await judged(address + page, scheme, width)
    assert (found["violations"], found["incomplete"]) == ([], [])
    assert found["passes"] > 12
    # The browser tells each answer that is no success.
    expected = ["401"] if page.startswith("enter") else []
    assert [
        word for line in found["complaints"] for word in line.split() if word in ("401", "Refused")
    ] == expected
    assert {httpx.URL(asked).host for asked in found["asked"]} == {"127.0.0.1"}
    assert not found["scrolls_sideways"]
    assert found["title"] != "pwned"
    assert found["title"].endswith("– Liaison")
