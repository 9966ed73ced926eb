"""What an operator reads of runs in the Prefect UI, without opening one: their names, and a red one's one line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterStartTime
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort

from connectors.kit.fakes.faults import FaultKind
from flows.by_hand.close import close
from flows.escalation import escalation
from flows.intake import intake
from flows.reconcile import reconcile
from flows.recover import recover
from incidents.errors import LiaisonError, NotFound
from tests.stories.installation import Installation


async def runs(client: PrefectClient, flow: str, *, since: datetime) -> list[FlowRun]:
    """This story's runs of a flow, in their order; another test's deployments may have runs to come on this server."""
    found = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
        flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(after_=since, is_null_=False)),
        sort=FlowRunSort.START_TIME_ASC,
    )
    return [run for run in found if run.start_time is not None]


async def told(client: PrefectClient, flow: str, *, since: datetime) -> list[tuple[str, str]]:
    found = await runs(client, flow, since=since)
    return [(run.name, (run.state.message or "") if run.state is not None else "") for run in found]


async def test_names_say_how_many_and_whom(liaison: Installation, prefect_client: PrefectClient):
    began = datetime.now(UTC)
    await liaison.escalated(3)
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    await intake()
    await recover()
    await reconcile()
    names = [run.name for run in await runs(prefect_client, "intake", since=began)]
    assert names[0] == "intake: 3 tickets, INC-1"
    ((name, _), *_) = await told(prefect_client, "status_sync", since=began)
    assert name.startswith("status_sync: ")
    assert name.endswith(", INC-1")
    assert (await told(prefect_client, "escalation", since=began))[0] == (
        "escalation INC-1 checkout",
        "INC-1 escalated",
    ), "a green one says what came of it"
    names = [name for name, _ in await told(prefect_client, "recover", since=began)]
    assert set(names) & {"recover: nothing lay about", "recover: rang for status_sync"}, names
    assert [name for name, _ in await told(prefect_client, "reconcile", since=began)] == [
        "reconcile: webhooks missed nothing"
    ]


async def test_a_red_run_says_what_whom_and_what_to_do(liaison: Installation, prefect_client: PrefectClient):
    """In its name, which the dashboard shows, and in one line; who called the flow gets the error itself."""
    began = datetime.now(UTC)
    await liaison.acknowledged()
    with pytest.raises(NotFound, match="INC-99"):
        await close("INC-99", "Ana", "they called")
    ((name, line),) = await told(prefect_client, "close", since=began)
    assert (
        name == "close INC-99 failed: there is no INC-99: name it as INC-42, or a ticket of it as #4711 or …"
    )
    assert line.startswith("close INC-99 failed: there is no INC-99: name it as INC-42,")
    assert "INC-99 stays as it was. Look whether the name is right" in line

    liaison.world.zendesk.faults.arm(FaultKind.OUTAGE, times=None)
    with pytest.raises(LiaisonError):
        await reconcile()
    liaison.world.zendesk.faults.clear()
    ((name, line),) = await told(prefect_client, "reconcile", since=began)
    assert "zendesk" in name.lower()
    assert "What webhooks did not tell may be missed. It is tried again by itself" in line
    (run,) = await runs(prefect_client, "reconcile", since=began)
    assert run.state_name == "Failed"


async def test_a_stage_that_fails_names_its_incident(liaison: Installation, prefect_client: PrefectClient):
    began = datetime.now(UTC)
    with pytest.raises(NotFound):
        await escalation("INC-98")  # by Prefect's form: it takes names only
    ((name, line),) = await told(prefect_client, "escalation", since=began)
    assert name == "escalation INC-98 failed: there is no INC-98"
    assert "INC-98: engineers may not have been woken." in line
