"""What Prefect's database has of a person: pages that quote them, and runs whose parameters or logs do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
    LogFilterTextSearch,
)
from prefect.client.schemas.objects import Artifact, FlowRun, Log

from incidents.redaction.traces import Traces
from incidents.store.erasure.erase import Erased
from tasks.retention.runs import AT_ONCE, OUR_PAGES, PAGE, all_artifacts, delete_artifact, delete_runs

_LONGEST_QUERY = 200


@dataclass(slots=True)
class PrefectTraces:
    """What was found. `pages` by id, with their keys; `under_way` counts runs that cannot be deleted yet."""

    pages: dict[UUID, str] = field(default_factory=dict)
    runs: set[UUID] = field(default_factory=set)
    under_way: int = 0

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the pages."""
        return frozenset(self.pages.values())


async def find_in_prefect(traces: Traces, incidents: Sequence[int]) -> PrefectTraces:
    """Look through all versions of our pages, the runs of their incidents, and the logs."""
    found = PrefectTraces()
    async with get_client() as client:
        async for artifact in all_artifacts(client):
            if artifact.key is not None and OUR_PAGES.fullmatch(artifact.key) and _quotes(artifact, traces):
                found.pages[artifact.id] = artifact.key
        runs = await _runs_of(client, incidents)
        told = {run.id for run in runs if traces.are_in_json(run.model_dump(mode="json", include=_SAID))}
        logs = await _logs_of(client, [run.id for run in runs])
        logs += await _logs_with(client, traces)
        told |= {
            log.flow_run_id for log in logs if log.flow_run_id is not None and traces.are_in(log.message)
        }
        for number in told:
            run = await client.read_flow_run(number)
            if run.state is not None and run.state.is_final():
                found.runs.add(number)
            else:
                found.under_way += 1
    return found


async def erase_in_prefect(found: PrefectTraces) -> Sequence[Erased]:
    """Delete these pages, and these runs with their tasks and logs."""
    async with get_client() as client:
        for artifact in found.pages:
            await delete_artifact(client, artifact)
        await delete_runs(client, sorted(found.runs))
    return counted(found)


def counted(found: PrefectTraces) -> Sequence[Erased]:
    """How much that is."""
    return [
        Erased(what="versions of pages", where="Prefect, artifacts", count=len(found.pages)),
        Erased(what="runs with their parameters and logs", where="Prefect, flow runs", count=len(found.runs)),
    ]


_SAID = {"name", "parameters", "tags", "state", "context"}


def _quotes(artifact: Artifact, traces: Traces) -> bool:
    # A picture has no words; its title is its description.
    data = artifact.data if isinstance(artifact.data, str) and artifact.type != "image" else ""
    return traces.are_in(data) or traces.are_in(artifact.description or "")


async def _runs_of(client: PrefectClient, incidents: Sequence[int]) -> list[FlowRun]:
    found: list[FlowRun] = []
    for number in incidents:
        wanted = FlowRunFilter(tags=FlowRunFilterTags(all_=[f"incident:INC-{number}"]))
        offset = 0
        while part := await client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=offset):
            found += part
            offset += len(part)
    return found


async def _logs_of(client: PrefectClient, runs: Sequence[UUID]) -> list[Log]:
    found: list[Log] = []
    for start in range(0, len(runs), AT_ONCE):
        some = LogFilterFlowRunId(any_=list(runs[start : start + AT_ONCE]))
        found += await _logs(client, LogFilter(flow_run_id=some))
    return found


async def _logs_with(client: PrefectClient, traces: Traces) -> list[Log]:
    found: list[Log] = []
    for name in traces.names:
        query = f'"{" ".join(name)}"'
        if len(query) <= _LONGEST_QUERY:
            found += await _logs(client, LogFilter(text=LogFilterTextSearch(query=query)))
    return found


async def _logs(client: PrefectClient, wanted: LogFilter) -> list[Log]:
    found: list[Log] = []
    while part := await client.read_logs(log_filter=wanted, limit=PAGE, offset=len(found)):
        found += part
    return found
