"""A scratch installation with many small services, for figures and drills: the whole stack, and fakes around it.

Every service has a health address of its own, which its one probe looks at with the settings an operator gets
by default. A ticket tagged with a service's name is routed to it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.settings import temporary_settings
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Mount

from blocks.http import HttpBlock
from connectors.http.fake.app import FakeService, Health
from connectors.http.settings import HealthProbe
from connectors.kit.fakes.loopback import serving
from deployments.commands.up import running
from deployments.demo.world import World, open_world, save_connections
from deployments.machine.home import discard_home
from deployments.machine.processes import free_port
from deployments.machine.stack import Stack, StackOptions
from incidents.events import Lane
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.inbox.drains import is_drained
from incidents.store.inbox.inbox import waiting

ACTION = "restart-checkout"


class TookTooLong(Exception):
    """What was waited for did not happen in its time."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """`services` are healthy until somebody breaks them; none of them is used twice."""

    world: World
    stack: Stack
    database: Database
    services: dict[str, FakeService]
    _unused: list[str] = field(default_factory=list)

    def fresh_service(self) -> str:
        """The name of a service that never had a ticket."""
        return self._unused.pop(0)

    def break_service(self, name: str) -> None:
        self.services[name].health = Health.ERROR

    def mend_service(self, name: str) -> None:
        self.services[name].health = Health.HEALTHY

    def write_tickets(self, service: str, count: int) -> Sequence[int]:
        """So many customers write at once; their webhooks leave when the event loop turns."""
        return [
            self.world.zendesk.create_ticket(
                f"Customer {number}",
                f"customer{number}@{service}.example",
                f"{service} does not work",
                "I tried three times and always get an error. Please help, it is urgent.",
                (service,),
            )
            for number in range(count)
        ]

    async def incidents_of(self, service: str) -> Sequence[int]:
        async with self.database.transaction() as tx:
            rows = await tx.execute(
                text("select id from incidents where service = :service order by id"), {"service": service}
            )
            return list(rows.scalars())

    async def linked(self, service: str) -> int:
        """How many tickets are joined to incidents of this service."""
        async with self.database.transaction() as tx:
            rows = await tx.execute(
                text(
                    "select count(*) from tickets t join incidents i on i.id = t.incident_id"
                    " where i.service = :service"
                ),
                {"service": service},
            )
            count: int = rows.scalar_one()
            return count

    async def state_of(self, incident: int) -> IncidentState:
        """It reads nothing that a store of an older version may lack."""
        async with self.database.transaction() as tx:
            state = await tx.execute(text("select state from incidents where id = :id"), {"id": incident})
            return IncidentState(state.scalar_one())

    def pages_of(self, incident: int) -> int:
        """How often a telephone rang for an incident."""
        return sum(f":INC-{incident}:" in page.key for page in self.world.pagerduty.pages)

    def page_of(self, incident: int) -> str:
        """The pager's id of the page of an incident, which must be there."""
        return next(page.id for page in self.world.pagerduty.incidents if f":INC-{incident}:" in page.key)

    async def until_idle(self, seconds: float = 300.0) -> None:
        """Return when no webhook waits, no drain is alive and no flow run is under way."""
        await until("it is idle", self._is_idle, seconds, every=0.2)

    async def _is_idle(self) -> bool:
        if len(self.world.zendesk.webhooks):
            return False
        async with self.database.transaction() as tx:
            if (await waiting(tx)).pending or any([await is_drained(tx, lane) for lane in Lane]):
                return False
        under_way = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING]))
        )
        with temporary_settings(self.stack.prefect_access):
            client = get_client()
        async with client:
            return not await client.read_flow_runs(flow_run_filter=under_way, limit=1)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an installation works for, and what outlives it: vendors, services, and the file of its policy."""

    world: World
    services: dict[str, FakeService]
    policy: Path
    _address: str

    @asynccontextmanager
    async def installed(
        self,
        home: Path,
        *,
        is_restored: bool = False,
        extra_env: Mapping[str, str] | None = None,
    ) -> AsyncIterator[Sandbox]:
        """An installation in this folder runs until the end of the block. One that was restored has its connections."""
        options = StackOptions(
            home=home,
            policy=self.policy,
            say=_say,
            api_port=free_port(0),
            gateway_port=free_port(0),
            extra_env=extra_env or {},
        )
        before_gateway = _nothing_to_save if is_restored else self._save_connections
        async with running(options, before_gateway=before_gateway) as stack:
            self.world.point_webhooks_at(stack.gateway_url)
            database = Database(stack.database_url)
            try:
                yield Sandbox(
                    world=self.world,
                    stack=stack,
                    database=database,
                    services=self.services,
                    _unused=list(self.services),
                )
            finally:
                await database.aclose()

    async def _save_connections(self, stack: Stack) -> None:
        with temporary_settings(stack.prefect_access):
            await save_connections(self.world)
            probe = HealthProbe(urls=[f"{self._address}/{{service}}/health"])
            allowed = [self._address.removeprefix("http://")]
            await HttpBlock(probe=probe, allow_private=allowed).save("small", overwrite=True)


async def _nothing_to_save(_stack: Stack) -> None:
    return


@asynccontextmanager
async def open_surroundings(
    folder: Path,
    services: int,
    *,
    with_action: bool = False,
    policy_changes: Mapping[str, object] | None = None,
) -> AsyncIterator[Surroundings]:
    """As for `open_sandbox`; the policy is written into the folder."""
    names = [f"service-{number:03d}" for number in range(services)]
    small = {name: FakeService() for name in names}
    policy = folder / "policy.yaml"
    policy.write_text(_policy(names, with_action=with_action, changes=policy_changes or {}))
    app = Starlette(routes=[Mount(f"/{name}", service.app) for name, service in small.items()])
    async with open_world(duplicate_rate=0.0) as world, serving(app) as address:
        yield Surroundings(world=world, services=small, policy=policy, _address=address)


@asynccontextmanager
async def open_sandbox(
    services: int,
    *,
    with_action: bool = False,
    policy_changes: Mapping[str, object] | None = None,
    extra_env: Mapping[str, str] | None = None,
) -> AsyncIterator[Sandbox]:
    """A running installation; everything of it is gone at the end of the block.

    `with_action`: each service has an automatic action that is tried first, and fails. `policy_changes` replace whole
    sections of the policy; `extra_env` goes to every process.
    """
    async with (
        scratch_home() as home,
        open_surroundings(
            home, services, with_action=with_action, policy_changes=policy_changes
        ) as surroundings,
        surroundings.installed(home, extra_env=extra_env) as sandbox,
    ):
        yield sandbox


@asynccontextmanager
async def scratch_home() -> AsyncIterator[Path]:
    """A folder for an installation; kept, with its logs, when the block fails."""
    # Short, because a unix socket's path may not be long.
    home = Path(tempfile.mkdtemp(prefix="liaison-bench-"))
    try:
        yield home
    except BaseException:
        _say(f"what the processes said is in {home / 'logs'}")
        raise
    discard_home(home)


async def until(
    what: str, holds: Callable[[], Awaitable[bool]], seconds: float, *, every: float = 0.05
) -> None:
    """Raises `TookTooLong`."""
    deadline = time.monotonic() + seconds
    while not await holds():
        if time.monotonic() > deadline:
            raise TookTooLong(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(every)


def _policy(services: Sequence[str], *, with_action: bool, changes: Mapping[str, object]) -> str:
    action = {"name": ACTION, "connection": "http/checkout", "verdicts": ["confirmed"], "timeout": "20s"}
    actions = [action] if with_action else []
    team = {"title": "Payments team", "pager": "pagerduty/demo", "pager_target": "payments"}
    return json.dumps(  # which is YAML too
        {
            "helpdesks": ["zendesk/demo"],
            "services": {
                name: {"title": name, "team": "payments", "probes": ["http/small"], "actions": actions}
                for name in services
            },
            "teams": {"payments": {**team, "chat": "slack/demo"}},
            "routing": [{"service": name, "any_tag": [name]} for name in services],
            "closure": {"proofs": 1},
            **changes,
        },
        indent=1,
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr)
