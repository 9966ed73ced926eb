"""The nightly pruning, against a real Prefect server: what is old goes from both databases, and pages that people look
at stay, whatever deletes the runs that wrote them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from prefect import flow
from prefect.artifacts import Artifact, acreate_markdown_artifact
from prefect.server.database.dependencies import provide_database_interface
from prefect.server.services.db_vacuum import vacuum_old_flow_runs
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from deployments.worker.declarations import declarations
from flows.prune import SCHEDULES, STAGES, prune
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from incidents.models import IncidentState
from tasks.artifacts import publish_page
from tests.servers import Postgres, PrefectServer
from tests.stories.installation import Installation

# Older than anything is kept for.
LONG = timedelta(days=4000)


@pytest.fixture
async def theirs(postgres: Postgres, prefect_server: PrefectServer) -> AsyncIterator[AsyncEngine]:
    """Prefect's own database: what the server has, whatever its API says."""
    engine = create_async_engine(postgres.url("prefect"), poolclass=NullPool)
    yield engine
    await engine.dispose()


async def _rows(engine: AsyncEngine, statement: str, **given: Any) -> list[Any]:
    async with engine.begin() as connection:
        return list((await connection.execute(text(statement), given)).scalars())


async def _all_is_old(engine: AsyncEngine, span: timedelta = LONG) -> list[Any]:
    """Everything that Prefect knows happened so much longer ago; the ids of our flows' runs that ended."""
    await _rows(
        engine, "update artifact set created = created - cast(:span as interval) returning id", span=span
    )
    await _rows(
        engine,
        "update flow_run set expected_start_time = expected_start_time - cast(:span as interval),"
        " start_time = start_time - cast(:span as interval), end_time = end_time - cast(:span as interval)"
        " returning id",
        span=span,
    )
    return await _rows(
        engine,
        "select r.id from flow_run r join flow f on f.id = r.flow_id"
        " where f.name = any(:ours) and r.state_type in ('COMPLETED', 'FAILED', 'CRASHED', 'CANCELLED')",
        ours=[*STAGES, *SCHEDULES],
    )


async def _still_there(engine: AsyncEngine, ids: list[Any]) -> list[Any]:
    return await _rows(engine, "select name from flow_run where id = any(:ids)", ids=ids)


async def _pages(engine: AsyncEngine, key: str) -> list[Any]:
    return await _rows(engine, "select data from artifact where key = :key order by created", key=key)


async def _closed(liaison: Installation) -> None:
    await liaison.acknowledged(2)
    await liaison.resolved()
    await liaison.let_pass(timedelta(minutes=5))
    await recover()
    await liaison.let_pass(timedelta(minutes=5))
    await recover()
    assert (await liaison.incident()).state is IncidentState.CLOSED


def test_every_flow_of_ours_is_pruned():
    """A flow that is added to prefect.yaml is either somebody's stage or a schedule."""
    by_tag = {tag: {one.name for one in declarations() if tag in one.tags} for tag in ("stage", "schedule")}
    assert (set(STAGES), set(SCHEDULES)) == (by_tag["stage"], by_tag["schedule"])


async def test_old_runs_go_and_pages_stay(liaison: Installation, theirs: AsyncEngine):
    """The incident is over, but no two years old: people find its story and the board where they were."""
    await _closed(liaison)
    await sla_sweep()
    for said in ("older", "newest"):
        await publish_page(key="surges", markdown=said, description=said)
    before = {key: await _pages(theirs, key) for key in ("inc-1", "sla-board", "surges")}
    assert before["surges"][-2:] == ["older", "newest"]
    old = await _all_is_old(theirs)
    assert (await prune()).endswith("removed")
    assert await _still_there(theirs, old) == []
    for key, versions in before.items():
        # Older versions went; the newest is what it was.
        assert await _pages(theirs, key) == versions[-1:], key
        assert await Artifact.aget(key) is not None
    left = await _rows(theirs, "select count(*) from task_run where flow_run_id = any(:ids)", ids=old)
    assert left == [0]


async def test_what_went_is_told(liaison: Installation, theirs: AsyncEngine):
    """In numbers, kind by kind, on a page of its own."""
    await _closed(liaison)
    await liaison.let_pass(timedelta(days=31))
    await _all_is_old(theirs, timedelta(days=31))
    await prune()
    page = await Artifact.aget("retention")
    assert page is not None
    assert isinstance(page.data, str)
    async with liaison.database.transaction() as tx:
        bodies = (await tx.execute(text("select count(*) from deliveries where body = ''"))).scalar_one()
    assert bodies > 0
    assert f"| webhooks' bodies | {bodies} | 14 days |" in page.data
    assert "| tickets' texts | 0 | 365 days |" in page.data


async def test_an_incident_of_long_ago_goes_with_its_page(liaison: Installation, theirs: AsyncEngine):
    """All versions of it, in Prefect's database too."""
    await _closed(liaison)
    await liaison.let_pass(LONG)
    await prune()
    assert await liaison.incidents() == []
    assert await _pages(theirs, "inc-1") == []
    assert await _rows(theirs, "select 1 from artifact_collection where key = 'inc-1'") == []


async def test_what_is_not_over_stays(liaison: Installation, theirs: AsyncEngine):
    """However old it is: an open incident's texts, story and page."""
    await liaison.acknowledged(2)
    await liaison.let_pass(LONG)
    await prune()
    case = await liaison.case()
    assert [item.ticket.subject != "" for item in case.tickets] == [True, True]
    assert await liaison.timeline()
    assert await _pages(theirs, "inc-1")


@flow
async def somebody_elses() -> None:
    """A flow that is none of ours, with a page of its own."""
    await acreate_markdown_artifact(key="their-page", markdown="theirs")


async def test_runs_and_pages_of_others_are_theirs(liaison: Installation, theirs: AsyncEngine):
    """A Prefect server may have many users."""
    await somebody_elses()
    await somebody_elses()
    await _all_is_old(theirs)
    await prune()
    assert len(await _pages(theirs, "their-page")) == 2
    runs = "select r.id from flow_run r join flow f on f.id = r.flow_id where f.name = 'somebody-elses'"
    assert len(await _rows(theirs, runs)) >= 2


async def test_pages_outlive_prefects_own_vacuum(
    liaison: Installation, theirs: AsyncEngine, postgres: Postgres
):
    """It deletes the artifacts of the runs that it deletes, the newest of a key too; ours are of no run."""
    await liaison.acknowledged(1)
    await sla_sweep()
    await somebody_elses()
    old = await _all_is_old(theirs)
    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: postgres.url("prefect")}):
        await vacuum_old_flow_runs(db=provide_database_interface())
    assert await _still_there(theirs, old) == []
    assert await _pages(theirs, "their-page") == [], "the vacuum takes what was made in a run"
    assert await _pages(theirs, "inc-1")
    assert await _pages(theirs, "sla-board")
    assert await Artifact.aget("inc-1") is not None
