"""The page that somebody was woken with, in Chromium on a telephone, by day and in the dark, judged by axe-core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.loopback import serving
from deployments.gateway.on_call.page_links import PATH, PageAnswers
from incidents.rotas.page_desk import PageWords
from incidents.rotas.page_links import link_token
from incidents.rotas.wakes import Wake
from incidents.store.database import Database
from incidents.store.roster.desk import StoredPageDesk
from tests.real.judged import judged

pytestmark = pytest.mark.real

KEY = "the operator's key"
HOSTILE = "</pre><img src=x onerror=\"document.title='pwned'\">" + "long" * 30
WORDS = PageWords(
    summary=f"INC-1 Checkout broken for 9 customers: {HOSTILE}",
    text=f"Who is hit: {HOSTILE}",
    links=f"Runbook: https://wiki.example/\nTicket #7: https://desk.example/{'x' * 200}",
)


@pytest.fixture
async def address(database: Database) -> AsyncIterator[str]:
    """Ana's link, where it is served."""
    now = datetime.now(UTC)
    desk = StoredPageDesk(database, "roster/main")
    wakes = [Wake(person="ana", name="Ana Silva", way="ana-phone", wait=timedelta(minutes=2))]
    await desk.open_page("p", target="payments", words=WORDS, wakes=wakes, now=now)
    (notice,) = await desk.lease_due(now=now, lease=timedelta(seconds=60))
    await desk.notice_sent(notice, now=now)
    pages = PageAnswers(database, KEY, clock=lambda: datetime.now(UTC))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        token = scope["path"].removeprefix(PATH)
        await (await pages.answer(token, method=scope["method"], receive=receive)).send(send)

    async with serving(app) as served:
        yield f"{served}{PATH}{link_token(KEY, notice.id, now=now)}"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 320)])
async def test_whoever_is_woken_can_read_it(address: str, scheme: str, width: int) -> None:
    """No violation, nothing undecided; nothing of a ticket's runs, nobody else is asked, no scrolling sideways."""
    found = await judged(address, scheme, width)
    assert (found["violations"], found["incomplete"]) == ([], [])
    assert found["passes"] > 12
    assert {httpx.URL(asked).host for asked in found["asked"]} == {"127.0.0.1"}
    assert not found["scrolls_sideways"]
    assert found["title"] != "pwned"
    assert (found["ground"] != "rgb(255, 255, 255)") is (scheme == "dark")
