"""Registering: the same as `prefect deploy --all`, safe to repeat, and what is scheduled really gets scheduled."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.responses import DeploymentResponse
from prefect.flows import Flow
from pydantic import ValidationError

from deployments.machine.processes import CODE
from deployments.worker.declarations import declarations
from deployments.worker.registration import block_types, register
from tests.deployments.conftest import SAMPLE_YAML
from tests.servers import PrefectServer

SAMPLES = ("greet", "break", "meet", "wait", "sync")


def _facts(deployment: DeploymentResponse) -> dict[str, Any]:
    """What a deployment says, without who wrote it when."""
    facts = deployment.model_dump(
        mode="json",
        include={
            *("name", "description", "tags", "parameters", "entrypoint", "path", "paused", "pull_steps"),
            *("work_pool_name", "work_queue_name", "job_variables", "enforce_parameter_schema"),
            *("parameter_openapi_schema", "concurrency_limit", "concurrency_options", "storage_document_id"),
        },
    )
    schedules = [(schedule.schedule, schedule.active) for schedule in deployment.schedules]
    # An empty list and nothing at all mean the same to whoever reads it.
    return {name: value or None for name, value in facts.items()} | {"schedules": schedules}


async def _all(client: PrefectClient) -> list[DeploymentResponse]:
    found = [await client.read_deployments(deployment_filter=None)]
    return [deployment for deployment in found[0] if deployment.work_pool_name == "sample"]


async def test_it_agrees_with_prefect_deploy(
    prefect_server: PrefectServer, prefect_client: PrefectClient, deployed: None
):
    """One file, two readers: whoever uses Prefect's own command gets the same deployments."""
    ours = await _of_the_sample(prefect_client)
    deploy = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "prefect",
            "--no-prompt",
            "deploy",
            "--all",
            "--prefect-file",
            str(SAMPLE_YAML),
        ),
        cwd=CODE,
        env={**os.environ, "PREFECT_API_URL": prefect_server.api_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await deploy.communicate()
    assert deploy.returncode == 0, output.decode()
    theirs = await _of_the_sample(prefect_client)
    assert set(ours) == {one.name for one in declarations(SAMPLE_YAML)}
    assert {name: _facts(found) for name, found in ours.items()} == {
        name: _facts(found) for name, found in theirs.items()
    }
    assert {name: found.id for name, found in ours.items()} == {
        name: found.id for name, found in theirs.items()
    }


async def _of_the_sample(client: PrefectClient) -> dict[str, DeploymentResponse]:
    """Other tests have deployments on the same server."""
    names = {one.name for one in declarations(SAMPLE_YAML)}
    return {one.name: one for one in await _all(client) if one.name in names}


async def test_registering_again_changes_nothing(
    prefect_server: PrefectServer, prefect_client: PrefectClient, deployed: None
):
    """`liaison up` registers at every start."""
    before = {found.id: _facts(found) for found in await _all(prefect_client)}
    await register(prefect_server.access, file=SAMPLE_YAML)
    assert {found.id: _facts(found) for found in await _all(prefect_client)} == before


async def test_the_real_file_registers_with_schedules_that_make_runs(
    prefect_server: PrefectServer, prefect_client: PrefectClient
):
    """Prefect's scheduler fails silently with some versions of its libraries; then no safety net would ever run."""
    registered = await register(prefect_server.access)
    assert registered.work_pools == ["liaison"]
    assert (await prefect_client.read_work_pool("liaison")).type == "liaison"
    recover = await prefect_client.read_deployment_by_name("recover/recover")
    async with asyncio.timeout(60):
        while not await prefect_client.read_flow_runs(  # noqa: ASYNC110  # another process makes them
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[recover.id]))
        ):
            await asyncio.sleep(0.3)


async def test_a_pool_of_another_type_is_left_as_it_is(
    prefect_server: PrefectServer, prefect_client: PrefectClient, tmp_path: Path
):
    """A process, Docker or Kubernetes pool is one name in prefect.yaml away."""
    await prefect_client.create_work_pool(WorkPoolCreate(name="ops", type="process"))
    file = tmp_path / "prefect.yaml"
    file.write_text(SAMPLE_YAML.read_text().replace("name: sample\npull", "name: ops\npull"))
    await register(prefect_server.access, file=file)
    assert (await prefect_client.read_work_pool("ops")).type == "process"
    greet = await prefect_client.read_deployment_by_name("sample_greet/greet")
    assert greet.work_pool_name == "ops"
    await register(prefect_server.access, file=SAMPLE_YAML)


def test_every_flow_of_the_folder_is_declared():
    """Names of file, flow and deployment are one, and none is forgotten."""
    files = [file.relative_to(CODE).with_suffix("") for file in (CODE / "flows").rglob("*.py")]
    modules = {file.name: ".".join(file.parts) for file in files}
    assert {item.name: item.entrypoint for item in declarations()} == {
        name: f"{module}.{name}" for name, module in modules.items() if _is_flow(module, name)
    }


def _is_flow(module: str, name: str) -> bool:
    return isinstance(getattr(importlib.import_module(module), name, None), Flow)


def test_a_key_only_prefect_would_honour_is_refused(tmp_path: Path):
    """Otherwise the two readers of the file would differ in silence."""
    file = tmp_path / "prefect.yaml"
    file.write_text(
        SAMPLE_YAML.read_text().replace("description: Waits.", "description: Waits.\n    paused: true")
    )
    with pytest.raises(ValidationError, match="paused"):
        declarations(file)


def test_every_vendor_has_a_block_that_is_found():
    """A new vendor needs an entry nowhere."""
    vendors = {settings.parent.name for settings in (CODE / "connectors").glob("*/settings.py")}
    assert vendors <= {kind.get_block_type_slug() for kind in block_types()}
    assert vendors
