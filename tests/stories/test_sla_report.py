"""The weekly report as the operations team gets it: a run that says what it found, a page, pictures, downloads."""

from __future__ import annotations

import httpx
import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.exceptions import ParameterTypeError

from flows.sla_report import sla_report
from incidents.errors import Refused
from incidents.store.schema.tables import reports
from insights.sla_report.iso_week import IsoWeek
from tests.incidents.store.sla_history import write_history
from tests.stories.conftest import Door
from tests.stories.installation import Installation

WEEK = IsoWeek(2026, 30)
KEYS = ("sla-report", "sla-report-trend", "sla-report-waits", "sla-report-causes")


async def artifacts() -> dict[str, Artifact]:
    """The newest of each of the report's keys."""
    return {key: found for key in KEYS if (found := await Artifact.aget(key)) is not None}


async def with_promises(liaison: Installation) -> None:
    async with liaison.database.transaction() as tx:
        await write_history(tx, WEEK, seed=1, tickets=60, weeks=6)


async def test_a_week_is_reported(
    liaison: Installation, doors: dict[str, Door], prefect_client: PrefectClient
):
    """The page has the figures and the pictures; every download is served by the gateway."""
    gateway = doors["gateway"].address
    liaison.write_policy({"links": {"gateway": gateway}})
    await with_promises(liaison)
    found = await sla_report(str(WEEK))
    assert found.startswith("2026-W30 ")
    assert " % kept, " in found

    runs = await prefect_client.read_flow_runs(
        flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[f"sla_report {found}"]))
    )
    assert len(runs) == 1
    shown = await artifacts()
    assert set(shown) == set(KEYS)
    page = str(shown["sla-report"].data)
    assert found.removeprefix("2026-W30 ") in page
    assert page.count("](data:image/png;base64,") == 3
    assert "<img" not in page
    assert "](https://evil" not in page

    links = [
        line.partition("](")[2].partition(")")[0] for line in page.splitlines() if line.startswith("- [")
    ]
    pictures = [str(shown[key].data) for key in KEYS[1:]]
    assert len(links) == 12
    assert set(pictures) <= set(links)
    async with httpx.AsyncClient(trust_env=False) as browser:
        for link in links:
            answer = await browser.get(link)
            assert answer.status_code == 200
            assert answer.content.startswith(b"\x89PNG" if link.endswith(".png") else b"\xef\xbb\xbf")


async def test_made_again_at_the_same_address(liaison: Installation):
    """A second run of a week replaces the first, whose links stay good."""
    await with_promises(liaison)
    assert await sla_report(str(WEEK)) == await sla_report(str(WEEK))
    async with liaison.database.transaction() as tx:
        (row,) = await tx.execute(reports.select())
    assert row.name == "sla-2026-W30"


async def test_an_empty_week_without_an_address_of_the_gateway(liaison: Installation):
    """It is last week's, it says that nothing was due, and its pictures are shown all the same."""
    liaison.write_policy({"links": {"gateway": None}})
    assert (await sla_report()).endswith(" nothing was due")
    shown = await artifacts()
    assert "links.gateway" in str(shown["sla-report"].data)
    assert str(shown["sla-report-trend"].data).startswith("data:image/png;base64,")


@pytest.mark.parametrize(
    ("week", "error", "words"),
    [
        ("2999-W01", Refused, "2999-W01 has not begun yet"),
        ("2026-W60", Refused, "2026 has the weeks 01 to 53"),
        ("last week", ParameterTypeError, "should match pattern"),
    ],
)
async def test_a_week_that_cannot_be_reported(
    liaison: Installation, week: str, error: type[Exception], words: str
):
    """The run fails and says why."""
    with pytest.raises(error, match=words):
        await sla_report(week)
