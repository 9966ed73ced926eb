"""Flows in other pools than the first: the heavy ones in a pool of their own, and each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.workers.process import ProcessWorker

from bench.sandbox import until
from deployments.machine.prefect_server import inherited_environment
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import Child, Program
from deployments.worker.declarations import PREFECT_YAML
from deployments.worker.identity import Identity
from deployments.worker.registration import Registered, register
from incidents.store.database import Database
from tests.servers import PrefectServer

pytestmark = pytest.mark.real

SECONDS = 180.0
HEAVY = {"drift_check", "feed_quality", "sla_report", "train"}
POLICY = """\
helpdesks: [zendesk/main]
services: {shop: {title: Shop, team: web}}
teams: {web: {title: Web, pager: pagerduty/main, chat: slack/main}}
"""


@asynccontextmanager
async def registered(server: PrefectServer, folder: Path, line: str, pool: str) -> AsyncIterator[Registered]:
    """Our deployments, with another pool in this one line of prefect.yaml; afterwards as they come."""
    before = PREFECT_YAML.read_text("utf-8")
    after = before.replace(f"{line}\n    name: liaison\n", f"{line}\n    name: {pool}\n")
    assert after != before
    file = folder / "prefect.yaml"
    file.write_text(after)
    try:
        yield await register(server.access, file=file)
    finally:
        await register(server.access)


@asynccontextmanager
async def worker(
    server: PrefectServer, database: Database, folder: Path, *words: str
) -> AsyncIterator[Child]:
    """`python -m WORDS` with what a worker's environment has."""
    policy = folder / "policy.yaml"
    policy.write_text(POLICY)
    env = {
        **inherited_environment(),
        "PREFECT_API_URL": server.api_url,
        "PREFECT_HOME": str(folder / "prefect"),
        "LIAISON_DATABASE_URL": database.url.replace("+asyncpg", ""),
        "LIAISON_POLICY": str(policy),
        "LIAISON_KEY": Fernet.generate_key().decode(),
    }
    program = Program(
        name="worker",
        command=(sys.executable, "-m", *words),
        env=env,
        log=folder / "worker.log",
        restarts=False,
        patience=20,
    )
    child = Child(program=program, table=ProcessTable(folder / "processes.json"), say=print)
    await child.start()
    try:
        yield child
    finally:
        await child.stop()
        print(child.log_tail())


async def new_run(client: PrefectClient, name: str) -> UUID:
    deployment = await client.read_deployment_by_name(f"{name}/{name}")
    return (await client.create_flow_run_from_deployment(deployment.id)).id


async def ended(client: PrefectClient, run: UUID) -> FlowRun:
    async def is_over() -> bool:
        state = (await client.read_flow_run(run)).state
        return state is not None and state.is_final()

    await until("the run is over", is_over, SECONDS, every=0.3)
    return await client.read_flow_run(run)


async def test_heavy_flows_go_elsewhere_by_one_line(
    prefect_server: PrefectServer, prefect_client: PrefectClient, database: Database, tmp_path: Path
):
    """`liaison worker --pool heavy` takes them, and nothing else."""
    async with registered(prefect_server, tmp_path, "heavy_pool: &heavy", "heavy") as told:
        assert told.work_pools == ["heavy", "liaison"]
        heavy = {
            found.name
            for found in await prefect_client.read_deployments(limit=200)
            if found.work_pool_name == "heavy"
        }
        assert heavy == HEAVY
        light, run = await new_run(prefect_client, "sla_sweep"), await new_run(prefect_client, "drift_check")
        words = ("deployments.cli", "worker", "--pool", "heavy")
        async with worker(prefect_server, database, tmp_path, *words) as child:
            done = await ended(prefect_client, run)
            assert done.state_name == "Completed", done.state
            who = Identity.parse(done.infrastructure_pid or "")
            assert who is not None
            assert who.pid == child.pid
            left = await prefect_client.read_flow_run(light)
            assert left.state is not None
            assert left.state.is_scheduled()
        await prefect_client.delete_flow_run(light)


async def test_each_run_in_a_process_of_its_own(
    prefect_server: PrefectServer, prefect_client: PrefectClient, database: Database, tmp_path: Path
):
    """A pool of Prefect's type `process`, served by Prefect's own worker."""
    await prefect_client.create_work_pool(
        WorkPoolCreate(
            name="ops", type="process", base_job_template=ProcessWorker.get_default_base_job_template()
        )
    )
    async with registered(prefect_server, tmp_path, "work_pool: &pool", "ops") as told:
        assert told.work_pools == ["liaison", "ops"]
        run = await new_run(prefect_client, "sla_sweep")
        words = ("prefect", "worker", "start", "--pool", "ops", "--type", "process")
        async with worker(prefect_server, database, tmp_path, *words) as child:
            done = await ended(prefect_client, run)
            assert done.state_name == "Completed", done.state
            pid = (done.infrastructure_pid or "").rpartition(":")[2]
            assert pid.isdigit(), done.infrastructure_pid
            assert int(pid) != child.pid
