"""The status page as people get it: served by the gateway and by nginx, in Chromium, judged by axe-core."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from connectors.kit.fakes.loopback import serving
from connectors.staticpage import StaticPage, StaticPageSettings
from deployments.gateway.answers import HookAnswer
from deployments.gateway.public.status_pages import PATH, StatusPages
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.store.database import Database
from incidents.store.status_record import StoredStatusRecord
from tests.real.judged import judged

pytestmark = pytest.mark.real

NAME = "staticpage/main"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOSTILE = PublicText(
    "</style><img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script> "
    + "long" * 200
    + "\n\nשלום second paragraph"
)


@pytest.fixture
async def folder(database: Database, tmp_path: Path) -> Path:
    """A page on which everything is shown: each state, past and present, and hostile words."""
    now = NOW
    settings = StaticPageSettings(folder=str(tmp_path / "status"), title="Acme status", services=["Search"])
    page = StaticPage(NAME, settings, record=StoredStatusRecord(database, NAME), clock=lambda: now)
    for number, severity in enumerate(Severity):
        made = await page.open(
            PublicText(f"Problem with Service {number}"),
            PublicText("We see a problem and are looking into it."),
            severity,
            services=[f"Service {number}"],
            once=f"open {number}",
        )
        now += timedelta(minutes=20)
        states = (PublicState.IDENTIFIED, PublicState.MONITORING, PublicState.RESOLVED)[:number]
        for state in states:
            await page.post_update(made, PublicText("It goes on."), state, once=state.value)
            now += timedelta(minutes=20)
    await page.open(HOSTILE, HOSTILE, Severity.LOW, services=[HOSTILE[:60]], once="hostile")
    return tmp_path / "status"


@pytest.fixture
async def address(folder: Path, database: Database) -> AsyncIterator[str]:
    """Where the gateway serves it."""
    settings = StaticPageSettings(folder=str(folder), served=True)
    page = StaticPage(NAME, settings, record=StoredStatusRecord(database, NAME))
    pages = StatusPages(lambda name: page if name == "main" else None)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(PATH):
            answer = await pages.answer(path.removeprefix(PATH), method=scope["method"])
        else:
            answer = HookAnswer(404)
        await answer.send(send)

    async with serving(app) as served:
        yield f"{served}/status/main/"


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 320), ("dark", 320)]
)
@pytest.mark.parametrize("file", ["", "history.html"])
async def test_everybody_can_read_it(address: str, scheme: str, width: int, file: str) -> None:
    """No violation, nothing that axe-core cannot decide, no script that ran, nothing asked of anybody else, no
    scrolling sideways on a small telephone."""
    found = await judged(address + file, scheme, width)
    assert (found["violations"], found["incomplete"]) == ([], [])
    assert found["passes"] > 15
    assert found["complaints"] == []
    assert {httpx.URL(asked).host for asked in found["asked"]} == {"127.0.0.1"}
    assert not found["scrolls_sideways"]
    assert found["title"].endswith("– Acme status")
    assert found["ground"] == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")


async def test_axe_sees_what_is_wrong(address: str, folder: Path) -> None:
    """The control: the same page without its language, its contrast and its policy is found out."""
    page = (folder / "index.html").read_text("utf-8")
    spoilt = page.replace('<html lang="en">', "<html>").replace("--soft: #4c5561", "--soft: #d0d0d0")
    spoilt = spoilt.replace("<meta http-equiv", "<meta name").replace(
        "</main>", "<script>document.title='pwned'</script></main>"
    )
    (folder / "index.html").write_text(spoilt, "utf-8")
    found = await judged(address, "light", 1200)
    assert {violation.partition(":")[0] for violation in found["violations"]} >= {
        "html-has-lang",
        "color-contrast",
    }
    assert found["title"] == "pwned"
