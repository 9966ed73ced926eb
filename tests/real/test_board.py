"""The board in Chromium, judged by axe-core: with its script, in the dark, on a small telephone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.loopback import serving
from deployments.gateway.board.board import MAY, PATH, BoardPages
from deployments.gateway.board.readers import COOKIE, Readers
from deployments.gateway.bodies import Bodies
from deployments.gateway.notices import Notices
from incidents.effects import EffectKind, EffectState
from incidents.links.board_links import board_token
from incidents.models import Severity
from incidents.store.database import Database
from incidents.store.ledger.effects import Settled, lease_effects, plan_effects, settle_effects
from tests.deployments.gateway.test_board_language import BOARD, pages
from tests.incidents.builders import a_policy
from tests.incidents.store.examples import effect, new_incident
from tests.real.judged import judged

pytestmark = pytest.mark.real

KEY = "the operator's key"
TEMPLATES = BOARD / "templates"
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


@pytest.fixture
async def german() -> AsyncIterator[str]:
    """Where the pages of a team that reads German are, with all that they can hold, and the board's own files."""
    shown = {f"/{number}": page for number, (_, page) in enumerate(german_pages())}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        file = TEMPLATES / path.removeprefix("/")
        kind = "text/css" if path.endswith(".css") else "text/javascript"
        headers = {"content-security-policy": MAY.decode()}
        if path in shown:
            answer: Response = HTMLResponse(shown[path], headers=headers)
        elif file.suffix in (".css", ".js"):
            answer = Response(file.read_bytes(), media_type=kind)
        else:
            # No events, and no coming again.
            answer = Response(status_code=204)
        await answer(scope, receive, send)

    async with serving(app) as served:
        yield served


def german_pages() -> list[tuple[str, str]]:
    wanted = ("board full", "board empty", "story escalated", "answer", "found nothing", "sign in")
    return [(name, page) for name, page in pages("de") if name in wanted]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 320)])
@pytest.mark.parametrize("number", range(6))
async def test_longer_words_fit(german: str, scheme: str, width: int, number: int, tmp_path: Path) -> None:
    """German ones, on a small telephone too; the browser is told the language."""
    name, _ = german_pages()[number]
    picture = tmp_path / f"{name.replace(' ', '-')}-{width}.png"
    found = await judged(f"{german}/{number}", scheme, width, picture)
    assert (found["violations"], found["incomplete"]) == ([], [])
    assert [line for line in found["complaints"] if "Refused" in line] == []
    assert not found["scrolls_sideways"]
    assert picture.stat().st_size > 0
