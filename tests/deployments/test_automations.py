"""Automations as code: made once, followed as declared, and an operator's change of one is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import DoNothing, SendNotification
from prefect.events.schemas.automations import Automation, EventTrigger

from deployments.worker.automations import BLOCK, declared_automations, register_automations
from deployments.worker.declarations import PREFECT_YAML, declarations


@dataclass(frozen=True)
class Project:
    """A prefect.yaml of two automations that nobody else has, named after it."""

    client: PrefectClient
    file: Path
    name: str

    def write(self, *, within: int = 60, with_second: bool = True) -> None:
        second = f"""
  - {{name: "{self.name} 2", description: d, expect: [x.y], within: 5, subject: s, body: b}}"""
        self.file.write_text(
            f"""
name: {self.name}
deployments: []
automations:
  - {{name: "{self.name} 1", description: d, expect: [sample.a, sample.b], within: {within}, subject: s, body: b}}"""
            + (second if with_second else "")
        )

    async def register(self) -> Sequence[str]:
        """What is remarked, without that nobody is told."""
        said = await register_automations(self.client, file=self.file)
        return [line for line in said if BLOCK not in line]

    async def found(self, number: int = 1) -> list[Automation]:
        return await self.client.read_automations_by_name(f"{self.name} {number}")

    async def only(self, number: int = 1) -> Automation:
        (found,) = await self.found(number)
        return found


@pytest.fixture
def project(prefect_client: PrefectClient, tmp_path: Path) -> Project:
    made = Project(client=prefect_client, file=tmp_path / "prefect.yaml", name=f"sample{uuid4().hex[:8]}")
    made.write()
    return made


async def within(project: Project) -> float:
    trigger = (await project.only()).trigger
    assert isinstance(trigger, EventTrigger)
    return trigger.within.total_seconds()


async def test_made_once(project: Project):
    """Prefect itself would make another one of the same name each time."""
    for _ in range(3):
        assert await project.register() == []
    assert [len(await project.found(number)) for number in (1, 2)] == [1, 1]


async def test_a_change_of_the_file_is_followed(project: Project):
    await project.register()
    project.write(within=120, with_second=False)
    assert await project.register() == [f"{project.name} 2: deleted, prefect.yaml declares it no longer"]
    assert await within(project) == 120
    assert await project.found(2) == []


async def test_what_an_operator_changed_stays(project: Project):
    """Switched off, or another wording; and deleted is deleted."""
    await project.register()
    await project.client.pause_automation((await project.only(1)).id)
    await project.client.delete_automation((await project.only(2)).id)
    project.write(within=120)
    for _ in range(2):
        assert await project.register() == [
            f"{project.name} 1: kept as changed on the server, and switched off",
            f"{project.name} 2: stays deleted, as somebody deleted it",
        ]
    assert not (await project.only(1)).enabled
    assert await within(project) == 60


async def test_they_tell_by_the_operators_block(project: Project):
    """As soon as there is one, and until then it is said that nobody is told."""
    said = await register_automations(project.client, file=project.file)
    assert any(BLOCK in line for line in said)
    assert isinstance((await project.only()).actions[0], DoNothing)
    block = CustomWebhookNotificationBlock(name="ops", url="https://chat.example/hook")
    saved = await block.save(BLOCK, overwrite=True, client=project.client)
    try:
        assert await register_automations(project.client, file=project.file) == []
        (action,) = (await project.only()).actions
        assert isinstance(action, SendNotification)
        assert action.block_document_id == saved
    finally:
        await project.client.delete_block_document(saved)


def test_ours_are_about_what_there_is():
    """Both ways to end red, the flows of prefect.yaml, the events that the gateway tells."""
    project, found = declared_automations(PREFECT_YAML)
    assert project == "liaison"
    red = next(one for one in found if "failed or crashed" in one.name)
    assert red.expect == ["prefect.flow-run.Failed", "prefect.flow-run.Crashed"]
    assert next(one for one in found if "no worker" in one.name).of_pools, "the pool's name may be changed"
    tags = {tag for one in declarations() for tag in one.tags}
    assert set(red.runs_of) <= tags
    assert {event for one in found for event in one.expect if event.startswith("liaison.")} == {
        "liaison.effects.held",
        "liaison.lane.waiting",
    }


async def test_the_pool_and_the_flows_are_those_of_the_file(project: Project):
    project.file.write_text(
        f"""
name: {project.name}
deployments:
  - {{name: a, entrypoint: x.y, description: d, tags: [stage], work_pool: {{name: ops}}}}
  - {{name: b, entrypoint: x.z, description: d, tags: [by-hand], work_pool: {{name: ops}}}}
automations:
  - {{name: "{project.name} 1", description: d, expect: [a.b], runs_of: [stage], within: 5, subject: s, body: b}}
  - {{name: "{project.name} 2", description: d, expect: [a.b], of_pools: true, within: 5, subject: s, body: b}}
"""
    )
    await project.register()
    runs, pools = (await project.only(1)).trigger, (await project.only(2)).trigger
    assert isinstance(runs, EventTrigger)
    assert isinstance(pools, EventTrigger)
    assert "a" in str(runs.match_related)
    assert "'b'" not in str(runs.match_related)
    assert "ops" in str(pools.match)
