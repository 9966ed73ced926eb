"""Tells Prefect what there is: the work pool, the blocks' types, the deployments and the automations of prefect.yaml.

On a fresh server it does in one process what `prefect deploy --all` and `prefect block register` do, in a third of the
time; a test holds the two results together. Registering again sets what has changed in the file, and keeps what an
operator has changed on the server, which `prefect deploy` would put back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import (
    DeploymentScheduleCreate,
    DeploymentUpdate,
    WorkPoolCreate,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import temporary_settings
from prefect.settings.legacy import Setting
from prefect.utilities.callables import parameter_schema

from blocks.catalogue import BLOCKS
from deployments.worker.automations import register_automations
from deployments.worker.declarations import PREFECT_YAML, declarations
from deployments.worker.leftovers import drop_leftovers
from deployments.worker.newest_version import a_newer_one_has_registered
from deployments.worker.operator_changes import OperatorSetting, SettingsMerge, fingerprint, merged
from deployments.worker.remembered import RegisteredBefore
from deployments.worker.silent_hours import is_silent_in_autumn
from deployments.worker.worker import LiaisonWorker
from flows.declaration import Declaration
from flows.packages import flows_of_packages

WORK_POOL = "liaison"
"""The pool of prefect.yaml as it comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """The names now known to the server. `remarks`: what was kept, deleted or should be looked at, a line each."""

    work_pools: Sequence[str]
    blocks: Sequence[str]
    deployments: Sequence[str]
    remarks: Sequence[str] = ()


async def register(access: Mapping[Setting, str], *, file: Path = PREFECT_YAML) -> Registered:
    """Register everything with the Prefect server that these client settings reach.

    What an operator changed there stays (`operator_changes`); deployments that an earlier version declared and this one
    does not are deleted, as are values in blocks that have no field any more; neither where a newer version has
    registered (`newest_version`). Raises what importing a flow of ours raises: a broken one must fail here, not in the
    worker at night. One of another package (`flows.packages`) is left out, and a remark says why.
    """
    own = declarations(file)
    theirs = await asyncio.to_thread(flows_of_packages, {one.name for one in own})
    wanted = [*own, *(one.declaration for one in theirs.found.values())]
    pools = sorted({declaration.work_pool.name for declaration in wanted})
    with temporary_settings(dict(access)):
        client = get_client()
    async with client:
        for pool in pools:
            await ensure_work_pool(client, pool)
        kinds = block_types()
        memory = await RegisteredBefore.read(client, _variable(file))
        before = memory.values
        flows = {one.entrypoint: await asyncio.to_thread(_load, one.entrypoint) for one in wanted}
        declared = {f"{flows[one.entrypoint].name}/{one.name}": one for one in wanted}
        await asyncio.gather(*(kind.aregister_type_and_schema(client=client) for kind in kinds))
        is_outdated = await a_newer_one_has_registered(client, f"{_variable(file)}_newest")
        left = [] if is_outdated else await drop_leftovers(client, kinds)
        kept = await asyncio.gather(
            *(_deploy(client, one, flows[one.entrypoint], before.get(name)) for name, one in declared.items())
        )
        gone = sorted(before.keys() - declared.keys())
        # They may be of the package that cannot be read now, or a newer version's: what an operator changed of them
        # would be lost.
        spared = gone if theirs.left_out or is_outdated else []
        retired = [line for name in gone if name not in spared for line in await _retire(client, name)]
        known = {name: fingerprint(one) for name, one in declared.items()}
        await memory.write(client, {**known, **{name: before[name] for name in spared}})
        automations = await register_automations(client, file=file)
    why = "a newer version declares it" if is_outdated else "while flows are left out"
    return Registered(
        work_pools=pools,
        blocks=[kind.get_block_type_slug() for kind in kinds],
        deployments=[declaration.name for declaration in wanted],
        remarks=[
            *(line for lines in kept for line in lines),
            *retired,
            *left,
            *automations,
            *theirs.left_out,
            *(f"{name.partition('/')[2]}: kept as it is, {why}" for name in spared),
        ],
    )


async def ensure_work_pool(client: PrefectClient, name: str) -> None:
    """Make the pool with our worker's type; one that exists, of whatever type, is left as it is."""
    try:
        await client.read_work_pool(name)
    except ObjectNotFound:
        template = LiaisonWorker.get_default_base_job_template()
        # A worker that waits for its pool may have made it meanwhile.
        with contextlib.suppress(ObjectAlreadyExists):
            await client.create_work_pool(
                WorkPoolCreate(name=name, type=LiaisonWorker.type, base_job_template=template)
            )


def block_types() -> list[type[Block]]:
    """Every vendor's block, those of other packages as well."""
    return [BLOCKS[slug] for slug in sorted(BLOCKS)]


def _load(entrypoint: str) -> Flow[..., Any]:
    return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)


async def _deploy(
    client: PrefectClient, declaration: Declaration, flow: Flow[..., Any], before: str | None
) -> Sequence[str]:
    try:
        there = await client.read_deployment_by_name(f"{flow.name}/{declaration.name}")
    except ObjectNotFound:
        await _create(client, declaration, flow)
        return [] if before is None else [f"{declaration.name}: made anew, it was no longer on the server"]
    return await _bring_up_to_date(client, declaration, flow, there, before)


async def _create(client: PrefectClient, declaration: Declaration, flow: Flow[..., Any]) -> None:
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
        schedules=_schedules(declaration),
        pull_steps=[],
        job_variables={},
    )


async def _bring_up_to_date(
    client: PrefectClient,
    declaration: Declaration,
    flow: Flow[..., Any],
    there: DeploymentResponse,
    before: str | None,
) -> Sequence[str]:
    """Only what differs is sent, as each change takes the runs away that are scheduled for the next hour."""
    merge = merged(declaration, there, before=before)
    code = {
        "entrypoint": declaration.entrypoint,
        "description": declaration.description,
        "version": flow.version,
        "parameter_openapi_schema": parameter_schema(flow).model_dump(exclude_unset=True),
        "enforce_parameter_schema": True,
    }
    change: dict[str, Any] = {name: value for name, value in code.items() if getattr(there, name) != value}
    if OperatorSetting.PARAMETERS in merge.to_set:
        change["parameters"] = declaration.parameters
    if OperatorSetting.TAGS in merge.to_set:
        change["tags"] = declaration.tags
    if OperatorSetting.WORK_POOL in merge.to_set:
        change["work_pool_name"] = declaration.work_pool.name
    if OperatorSetting.SCHEDULES in merge.to_set:
        await _replace_schedules(client, declaration, there)
    if change:
        await client.update_deployment(there.id, DeploymentUpdate(**change))
    return [*merge.kept, *_silent_hours(declaration, there, merge)]


async def _replace_schedules(
    client: PrefectClient, declaration: Declaration, there: DeploymentResponse
) -> None:
    for one in there.schedules:
        await client.delete_deployment_schedule(there.id, one.id)
    await client.create_deployment_schedules(there.id, _schedules(declaration))


def _schedules(declaration: Declaration) -> list[DeploymentScheduleCreate]:
    return [
        DeploymentScheduleCreate(schedule=CronSchedule(cron=one.cron, timezone=one.timezone))
        for one in declaration.schedules
    ]


def _silent_hours(declaration: Declaration, there: DeploymentResponse, merge: SettingsMerge) -> Sequence[str]:
    """A warning for each schedule in use that misses an hour each autumn."""
    if OperatorSetting.SCHEDULES in merge.to_set:
        in_use = [(one.cron, one.timezone) for one in declaration.schedules]
    else:
        in_use = [
            (one.schedule.cron, one.schedule.timezone or "UTC")
            for one in there.schedules
            if one.active and isinstance(one.schedule, CronSchedule)
        ]
    return [
        f"{declaration.name}: the schedule {cron!r} in {timezone} makes no run for an hour each autumn, when the clock"
        " is put back; choose UTC"
        for cron, timezone in in_use
        if is_silent_in_autumn(cron, timezone, year=datetime.now(UTC).year)
    ]


async def _retire(client: PrefectClient, name: str) -> Sequence[str]:
    """`name` is `flow/deployment`. What somebody deleted already is no news."""
    try:
        there = await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return []
    await client.delete_deployment(there.id)
    return [f"{there.name}: deleted, nothing declares it any longer"]


def _variable(file: Path) -> str:
    """The name of the Prefect variable; each project of prefect.yaml has one of its own."""
    project: str = yaml.safe_load(file.read_text())["name"]
    return f"{project}_declared_deployments"
