"""The sample flows, deployed on the session's Prefect server, and a hand to run them with."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId, FlowRunFilterParentFlowRunId
from prefect.client.schemas.objects import FlowRun, StateType, TaskRun

from deployments.machine.postgres_programs import discard_data
from deployments.worker.registration import register
from tests.incidents.builders import POLICY
from tests.servers import PrefectServer

SAMPLE_YAML = Path(__file__).with_name("sample.yaml")
POOL = "sample"
PATIENCE = 90.0


@dataclass(frozen=True)
class Samples:
    """The deployed sample flows."""

    client: PrefectClient

    async def create(self, name: str) -> UUID:
        deployment = await self.client.read_deployment_by_name(f"sample_{name}")
        return (await self.client.create_flow_run_from_deployment(deployment.id)).id

    async def until(self, run: UUID, *types: StateType) -> FlowRun:
        """The run, as soon as it is in one of these states."""
        async with asyncio.timeout(PATIENCE):
            async for seen in self._looks(run):
                if seen.state_type in types:
                    return seen
        raise AssertionError("a look came to its end")

    async def until_child_waits(self, run: UUID) -> None:
        """Return when the server knows that the task in the child run of `wait_for_ever` is running."""
        async with asyncio.timeout(PATIENCE):
            async for _ in self._looks(run):
                tasks = await self.task_runs([child.id for child in await self.children(run)])
                if any(task.state_type == StateType.RUNNING for task in tasks):
                    return

    async def task_runs(self, runs: list[UUID]) -> list[TaskRun]:
        return await self.client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=runs)))

    async def _looks(self, run: UUID) -> AsyncIterator[FlowRun]:
        while True:
            yield await self.client.read_flow_run(run)
            await asyncio.sleep(0.1)

    async def children(self, run: UUID) -> list[FlowRun]:
        parents = FlowRunFilterParentFlowRunId(any_=[run])
        return await self.client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=parents))


@pytest.fixture(scope="session")
async def deployed(prefect_server: PrefectServer) -> None:
    await register(prefect_server.access, file=SAMPLE_YAML)


@pytest.fixture
async def samples(prefect_client: PrefectClient, deployed: None) -> Samples:
    return Samples(prefect_client)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy of the tests, as a file."""
    file = tmp_path / "liaison.yaml"
    file.write_text(POLICY)
    return file


@pytest.fixture
def here(prefect_server: PrefectServer) -> Iterator[ExitStack]:
    """Prefect's clients of this process reach the session's server."""
    with prefect_server.settings() as stack:
        yield stack


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A data folder short enough for PostgreSQL's socket on every system."""
    with tempfile.TemporaryDirectory(prefix="lh") as folder:
        home = Path(folder).resolve()
        yield home
        # Where root runs the tests, databases lie elsewhere.
        for link in (place for place in (*home.glob("*"), *home.glob("*/*")) if place.is_symlink()):
            discard_data(link)
