"""A Prefect worker that runs async flows inside its own warm process.

From "run created" to the first line of flow code: 0.8 s, where a process per run took 9 s. It serves an
ordinary work pool of type `liaison`. `liaison worker` (worker_process.py) wakes at once, notices
cancellations and ends orphans; `prefect worker start --type liaison` only polls.

Code is loaded once: new code needs a new worker. Flows must be async: a sync one would hold up the others.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

import anyio.abc
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow_async
from prefect.flows import Flow, load_flow_from_flow_run
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from prefect.states import Cancelled
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult

from deployments.worker.identity import Identity
from deployments.worker.orphans import end_orphans

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun, WorkPool
    from prefect.client.schemas.responses import DeploymentResponse

CANCELLED_BY_OPERATOR = "Cancelled by an operator."


class LiaisonWorkerResult(BaseWorkerResult):
    """The engine reports how the flow ended; what is left to say is that it was run."""


class InProcessConfiguration(BaseJobConfiguration):
    """How a run is started: there is no infrastructure, so there is nothing to configure."""

    @classmethod
    async def resolve_for_flow_run(
        cls,
        flow_run: FlowRun,
        *,
        client: PrefectClient,
        work_pool: WorkPool,
        worker_name: str,
        worker_id: UUID | None = None,
        deployment: DeploymentResponse | None = None,
    ) -> Self:
        """The job variables of pool and deployment are not read: two calls less before each run."""
        del client
        configuration = cls()
        configuration.prepare_for_flow_run(
            flow_run, deployment, work_pool=work_pool, worker_name=worker_name, worker_id=worker_id
        )
        return configuration


class LiaisonWorker(BaseWorker[InProcessConfiguration, BaseVariables, LiaisonWorkerResult]):
    """Awaits each run's flow as a task of its own event loop, up to `limit` at a time."""

    type: ClassVar[str] = "liaison"  # type: ignore[misc]  # Prefect declares it on the instance, reads it on the class
    job_configuration = InProcessConfiguration
    _description = "Runs async flows inside the worker's own warm process."

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Runs that are due later are taken when they are due: they would only hold a place.
        super().__init__(*arguments, **{"prefetch_seconds": 0, **options})
        self.identity = Identity.of_this_process(self.name)
        self._flows: dict[UUID, Flow[..., Any]] = {}
        self._tasks: dict[UUID, asyncio.Task[Any]] = {}

    @property
    def pool(self) -> str:
        """The name of the work pool it serves."""
        return self._work_pool_name

    @property
    def running(self) -> frozenset[UUID]:
        """The runs whose flow this worker awaits now."""
        return frozenset(self._tasks)

    def knows(self, flow_run_id: UUID) -> bool:
        """Whether the run is under way here, or just being taken up."""
        return flow_run_id in self._tasks or flow_run_id in self._submitting_flow_run_ids

    async def run(
        self,
        flow_run: FlowRun,
        configuration: InProcessConfiguration,
        task_status: anyio.abc.TaskStatus[Any] | None = None,
    ) -> LiaisonWorkerResult:
        flow = await self._flow(flow_run)
        await self.client.update_flow_run(flow_run.id, infrastructure_pid=str(self.identity))
        parameters = flow_run.parameters
        # A task of its own: it can be cancelled without the worker, and its context ends with it.
        run = asyncio.create_task(
            run_flow_async(flow, flow_run=flow_run, parameters=parameters, return_type="state"),
            name=flow_run.name,
        )
        self._tasks[flow_run.id] = run
        if task_status is not None:
            task_status.started(str(self.identity))
        try:
            await asyncio.wait([run])
        except asyncio.CancelledError:
            _cancel_once(run)
            await asyncio.wait([run])
            raise
        finally:
            del self._tasks[flow_run.id]
        # Refused, paused or cancelled: the engine has told the server already.
        if not run.cancelled() and (error := run.exception()) and not isinstance(error, (Abort, Pause)):
            raise error
        return LiaisonWorkerResult(identifier=str(self.identity), status_code=0)

    async def cancel(self, flow_run_id: UUID) -> None:
        """Cancel a run of this worker and record that somebody wanted it."""
        if (task := self._tasks.get(flow_run_id)) is not None:
            _cancel_once(task)
            await asyncio.wait([task])
            # The engine calls every cancelled task a crash.
            await self.client.set_flow_run_state(
                flow_run_id, Cancelled(message=CANCELLED_BY_OPERATOR), force=True
            )

    async def cancel_what_is_cancelling(self) -> None:
        """Look whether an operator pressed Cancel on a run of ours."""
        if not self._tasks:
            return
        cancelling = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                id=FlowRunFilterId(any_=list(self._tasks)),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING])),
            )
        )
        await asyncio.gather(*(self.cancel(run.id) for run in cancelling))

    async def end_orphans(self) -> list[UUID]:
        """Mark runs of dead workers as Crashed; see `deployments.worker.orphans`."""
        ended = await end_orphans(
            self.client,
            pool=self.pool,
            me=self.identity,
            is_mine=self.knows,
            now=datetime.now(UTC),
        )
        if ended:
            self._logger.warning("Marked %d runs of dead workers as crashed", len(ended))
        return ended

    async def finish(self, grace: float) -> None:
        """Wait up to `grace` seconds for the runs under way; those that take longer become Crashed."""
        now = asyncio.get_running_loop().time
        deadline = now() + grace
        while self._tasks or self._submitting_flow_run_ids:
            if now() > deadline:
                for task in self._tasks.values():
                    _cancel_once(task)
            await asyncio.sleep(0.1)

    async def _flow(self, flow_run: FlowRun) -> Flow[..., Any]:
        if flow_run.deployment_id is None:
            raise ValueError("a run without a deployment has no code to load")
        flow = self._flows.get(flow_run.deployment_id)
        if flow is None:
            flow = await load_flow_from_flow_run(flow_run, use_placeholder_flow=False)
            if not flow.isasync:
                raise TypeError(
                    f"flow {flow.name} is not async and would hold up every other run of this worker"
                )
            self._flows[flow_run.deployment_id] = flow = _asking_less(flow)
        return flow

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """A request less before each run: what a run needs to say of its worker is its infrastructure's id."""


def _asking_less(flow: Flow[..., Any]) -> Flow[..., Any]:
    """A flow without a storage of its own asks the server where results go, with a client made for it, before each run
    and before each task outside of one; ours keep none. A flow that keeps its results is left as it is."""
    if flow.persist_result or flow.result_storage is not None:
        return flow
    return flow.with_options(result_storage=PREFECT_LOCAL_STORAGE_PATH.value(), persist_result=False)


def _cancel_once(task: asyncio.Task[Any]) -> None:
    # A second cancellation would hit the engine while it tells the server about the first.
    if not task.cancelling():
        task.cancel()
