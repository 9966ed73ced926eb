"""Tells Prefect what there is: the work pool, the blocks' types, and the deployments of prefect.yaml.

Registering again changes nothing but what has changed in the file. It does in one process what `prefect
deploy --all` and `prefect block register` do, in a third of the time; a test holds the two results together.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import temporary_settings
from prefect.settings.legacy import Setting
from prefect.utilities.callables import parameter_schema
from pydantic import BaseModel, ConfigDict

import blocks
from deployments.worker.worker import LiaisonWorker

WORK_POOL = "liaison"
"""The pool of prefect.yaml as it comes."""
PREFECT_YAML = Path(__file__).parents[2] / "prefect.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """The names now known to the server."""

    work_pools: Sequence[str]
    blocks: Sequence[str]
    deployments: Sequence[str]


class _Pool(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class _Schedule(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cron: str
    timezone: str


class Declaration(BaseModel):
    """One entry of prefect.yaml; a key that only `prefect deploy` would honour is refused."""

    model_config = ConfigDict(extra="forbid")
    name: str
    entrypoint: str
    description: str
    tags: list[str] = []
    work_pool: _Pool
    schedules: list[_Schedule] = []
    parameters: dict[str, Any] = {}


def declarations(file: Path = PREFECT_YAML) -> list[Declaration]:
    """The deployments prefect.yaml declares."""
    content: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return [Declaration.model_validate(entry) for entry in content["deployments"]]


async def register(access: Mapping[Setting, str], *, file: Path = PREFECT_YAML) -> Registered:
    """Register everything with the Prefect server that these client settings reach.

    Raises what importing a flow raises: a broken one must fail here, not in the worker at night.
    """
    wanted = declarations(file)
    pools = sorted({declaration.work_pool.name for declaration in wanted})
    with temporary_settings(dict(access)):
        client = get_client()
    async with client:
        for pool in pools:
            await ensure_work_pool(client, pool)
        kinds = block_types()
        await asyncio.gather(
            *(kind.aregister_type_and_schema(client=client) for kind in kinds),
            *(_deploy(client, declaration) for declaration in wanted),
        )
    return Registered(
        work_pools=pools,
        blocks=[kind.get_block_type_slug() for kind in kinds],
        deployments=[declaration.name for declaration in wanted],
    )


async def ensure_work_pool(client: PrefectClient, name: str) -> None:
    """Make the pool with our worker's type; one that exists, of whatever type, is left as it is."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        template = LiaisonWorker.get_default_base_job_template()
        await client.create_work_pool(
            WorkPoolCreate(name=name, type=LiaisonWorker.type, base_job_template=template)
        )


def block_types() -> list[type[Block]]:
    """Every block class of the folder blocks/, found by looking, so a new vendor needs no entry anywhere."""
    found: dict[str, type[Block]] = {}
    for module_info in pkgutil.iter_modules(blocks.__path__):
        module = importlib.import_module(f"{blocks.__name__}.{module_info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Block) and value.__module__ == module.__name__:
                found[value.get_block_type_slug()] = value
    return [found[slug] for slug in sorted(found)]


async def _deploy(client: PrefectClient, declaration: Declaration) -> None:
    flow: Flow[..., Any] = await asyncio.to_thread(
        load_flow_from_entrypoint, declaration.entrypoint, use_placeholder_flow=False
    )
    await client.create_deployment(
        flow_id=await client.create_flow(flow),
        name=declaration.name,
        entrypoint=declaration.entrypoint,
        description=declaration.description,
        tags=declaration.tags,
        version=flow.version,
        parameters=declaration.parameters,
        parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
        enforce_parameter_schema=True,
        work_pool_name=declaration.work_pool.name,
        schedules=[
            DeploymentScheduleCreate(schedule=CronSchedule(cron=schedule.cron, timezone=schedule.timezone))
            for schedule in declaration.schedules
        ],
        pull_steps=[],
        job_variables={},
    )
