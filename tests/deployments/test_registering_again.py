"""Registering again: what the file changed is set, what an operator changed is kept, what left the file goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, VariableUpdate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from deployments.worker.declarations import declarations
from deployments.worker.operator_changes import merged
from deployments.worker.registration import register
from deployments.worker.silent_hours import is_silent_in_autumn
from tests.servers import PrefectServer

GREET, MEET = "sample_greet", "sample_meet"


@dataclass(frozen=True)
class Project:
    """A prefect.yaml of two deployments that nobody else has, both named after it."""

    server: PrefectServer
    client: PrefectClient
    file: Path
    name: str

    def write(
        self, *, cron: str = "0 3 1 1 *", tag: str = "polite", whom: str = "you", with_meet: bool = True
    ) -> None:
        pool = "work_pool: {name: sample}"
        meet = f"""
  - {{name: {self.name}, entrypoint: tests.deployments.sample_flows.meet, description: Meets., {pool}}}
"""
        self.file.write_text(
            f"""
name: {self.name}
deployments:
  - name: {self.name}
    entrypoint: tests.deployments.sample_flows.greet
    description: Greets.
    tags: [{tag}]
    {pool}
    parameters: {{name: {whom}}}
    schedules: [{{cron: "{cron}", timezone: UTC}}]
"""
            + (meet if with_meet else "")
        )

    async def register(self) -> Sequence[str]:
        """What is remarked."""
        return (await register(self.server.access, file=self.file)).remarks

    async def read(self, flow: str) -> DeploymentResponse:
        return await self.client.read_deployment_by_name(f"{flow}/{self.name}")


@pytest.fixture
async def project(prefect_server: PrefectServer, prefect_client: PrefectClient, tmp_path: Path) -> Project:
    """Registered once."""
    made = Project(prefect_server, prefect_client, tmp_path / "prefect.yaml", f"again_{uuid4().hex[:6]}")
    made.write()
    assert not await made.register()
    return made


async def test_what_an_operator_changed_is_kept_and_told(project: Project):
    """A schedule switched off, another parameter, a limit, a pause: all of them outlive `liaison up`."""
    greet = await project.read(GREET)
    await project.client.update_deployment_schedule(greet.id, greet.schedules[0].id, active=False)
    change = DeploymentUpdate(parameters={"name": "them"}, concurrency_limit=2, paused=True)
    await project.client.update_deployment(greet.id, change)
    by_hand = await project.read(GREET)

    assert await project.register() == [
        (
            f"{project.name}: schedules kept as changed on the server, 0 3 1 1 * UTC (off);"
            " prefect.yaml says 0 3 1 1 * UTC"
        ),
        (
            f'{project.name}: parameters kept as changed on the server, {{"name": "them"}};'
            ' prefect.yaml says {"name": "you"}'
        ),
        f"{project.name}: still paused, as somebody paused it",
    ]
    after = await project.read(GREET)
    assert (after.paused, after.parameters, after.schedules) == (True, {"name": "them"}, by_hand.schedules)
    assert after.global_concurrency_limit is not None
    assert after.global_concurrency_limit.limit == 2


async def test_what_the_file_changed_is_set(project: Project):
    """Where nobody touched what was declared before."""
    project.write(cron="0 4 1 1 *", tag="kind", whom="all")
    assert not await project.register()
    greet = await project.read(GREET)
    assert [schedule.schedule.cron for schedule in greet.schedules] == ["0 4 1 1 *"]
    assert (greet.tags, greet.parameters) == (["kind"], {"name": "all"})


async def test_where_both_changed_the_operator_is_heard(project: Project):
    """And hears what the file would have had."""
    greet = await project.read(GREET)
    await project.client.update_deployment(greet.id, DeploymentUpdate(parameters={"name": "them"}))
    project.write(whom="all")
    [remark] = await project.register()
    assert "parameters kept" in remark
    assert 'prefect.yaml says {"name": "all"}' in remark
    assert [remark] == await project.register()


async def test_what_left_the_file_is_deleted(project: Project):
    """What nobody declared through this file stays: it is somebody else's."""
    project.write(with_meet=False)
    assert await project.register() == [f"{project.name}: deleted, nothing declares it any longer"]
    with pytest.raises(ObjectNotFound):
        await project.read(MEET)
    assert not await project.register()


async def test_an_older_version_takes_nothing_of_a_newer_ones_away(project: Project):
    """It was brought back for an hour: the newer one finds its deployments as the operator left them."""
    newest = await project.client.read_variable_by_name(f"{project.name}_declared_deployments_newest")
    assert newest is not None
    later = VariableUpdate(name=newest.name, value={"schema": "of a version that is not written yet"})
    await project.client.update_variable(later)
    project.write(with_meet=False)
    for _ in range(2):
        assert await project.register() == [f"{project.name}: kept as it is, a newer version declares it"]
    await project.read(MEET)


async def test_a_deployment_that_was_deleted_is_made_anew(project: Project):
    """The gateway rings for it."""
    await project.client.delete_deployment((await project.read(MEET)).id)
    assert await project.register() == [f"{project.name}: made anew, it was no longer on the server"]
    await project.read(MEET)


async def test_a_schedule_that_misses_an_hour_is_told(project: Project):
    """Somebody set it in the UI, where the zone is the browser's."""
    meet = await project.read(MEET)
    hourly = CronSchedule(cron="17 * * * *", timezone="Europe/Berlin")
    await project.client.create_deployment_schedules(meet.id, [(hourly, True)])
    told = (await project.register())[-1]
    assert "the schedule '17 * * * *' in Europe/Berlin makes no run for an hour each autumn" in told


@pytest.mark.parametrize(("cron", "is_kept"), [("* * * * *", False), ("*/2 * * * *", True)])
def test_schedules_of_versions_that_remembered_nothing_give_way(cron: str, is_kept: bool):
    """Else an upgraded installation would go on with a run each minute, as if somebody had wanted it."""
    [declared] = [one for one in declarations() if one.name == "recover"]
    there = DeploymentResponse.model_construct(
        name=declared.name,
        flow_id=uuid4(),
        labels={},
        schedules=[DeploymentSchedule(schedule=CronSchedule(cron=cron, timezone="UTC"), active=True)],
        parameters={},
        tags=declared.tags,
        work_pool_name=declared.work_pool.name,
        paused=False,
    )
    merge = merged(declared, there, before=None)
    assert (bool(merge.kept), bool(merge.to_set)) == (is_kept, not is_kept)


@pytest.mark.parametrize(
    ("cron", "zone", "is_silent"),
    [
        ("* * * * *", "Europe/Berlin", True),
        ("*/15 * * * *", "America/New_York", True),
        ("17 * * * *", "Australia/Lord_Howe", True),
        ("0 9-17 * * *", "Europe/Berlin", True),
        ("17 * * * *", "UTC", False),
        ("17 * * * *", "Asia/Tokyo", False),
        ("0 */2 * * *", "Europe/Berlin", False),
        ("30 2 * * *", "Europe/Berlin", False),
        ("no cron", "Europe/Berlin", False),
        ("* * * * *", "Nowhere/Land", False),
    ],
)
def test_silent_hours(cron: str, zone: str, is_silent: bool):
    assert is_silent_in_autumn(cron, zone, year=2026) is is_silent
