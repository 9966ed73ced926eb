"""The SLA report's page in Prefect's two UIs, as a browser shows it: its own pictures, and names that stay names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flows.sla_report import sla_report
from incidents.store.database import Database
from insights.sla_report.iso_week import IsoWeek
from tasks import resources
from tests.incidents.builders import POLICY
from tests.incidents.store.sla_history import write_history
from tests.real.test_incident_pages import PAGES, UIS, Browser, browser, harm
from tests.servers import PrefectServer

__all__ = ["browser"]
pytestmark = pytest.mark.real

WEEK = IsoWeek(2026, 30)
OUR_PICTURE = "data:image/png;base64,"


@pytest.fixture
async def report(
    database: Database, prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """What the run found. Tiers, channels and agents of its promises are hostile."""
    async with database.transaction() as tx:
        await write_history(tx, WEEK, seed=1, tickets=150, weeks=2)
    policy = tmp_path / "liaison.yaml"
    policy.write_text(POLICY)
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(policy))
    with prefect_server.settings():
        yield await sla_report(str(WEEK))
    await resources.close()


@pytest.mark.parametrize("ui", UIS, ids=["old", "new"])
async def test_the_report_is_shown(browser: Browser, report: str, ui: str) -> None:
    """Its three pictures are there, and of the names nothing has become a picture, a link or a cell."""
    page = await browser.open(ui + PAGES[2], "sla-report", until="How to read it")
    assert report.partition(" ")[2] in page.text
    # One UI's editor, which has the raw text, makes invisible pictures of nothing.
    pictures = [picture["src"] for picture in page.of("img") if "src" in picture]
    assert len(pictures) == 3
    assert all(source.startswith(OUR_PICTURE) for source in pictures)
    assert [item for item in harm(page) if not item.startswith("picture")] == []
    assert "<img src=x>" in page.text
    assert "**Bo** | [c](https://evil.example)" in page.text


@pytest.mark.parametrize("ui", UIS, ids=["old", "new"])
async def test_a_picture_by_itself(browser: Browser, report: str, ui: str) -> None:
    """Shown from within the artifact where nobody has told us the gateway's address."""
    del report
    page = await browser.open(ui + PAGES[2], "sla-report-trend", until="Promises kept, week by week")
    assert any(picture.get("src", "").startswith(OUR_PICTURE) for picture in page.of("img"))
