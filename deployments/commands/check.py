"""`liaison check`: what is wrong and how to cure it, before customers notice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from blocks.connect import open_connector, read_block
from deployments.commands import settings
from deployments.commands.by_hand.pausing import actions_standing
from deployments.commands.catalog import compared
from deployments.commands.checks.firing_alerts import firing_alerts
from deployments.commands.checks.uses import looks, misuses, sandbox_words
from deployments.commands.holiday_memory import moved_dates
from deployments.machine.disk import disk_of
from deployments.machine.home import liaison_home
from deployments.worker.declarations import declarations
from incidents.errors import LiaisonError, PolicyError
from incidents.events import Lane
from incidents.policy.file import load_policy, policy_remarks, rota_remarks
from incidents.policy.policy import ActionMode
from incidents.policy.sla.holiday_remarks import holiday_remarks
from incidents.ports import WebhookSource
from incidents.store.database import Database
from incidents.store.inbox.inbox import last_heard, waiting
from incidents.store.ledger.effects import count_effects
from incidents.store.migrate import check_schema
from insights.embeddings import MISSING, encoder_version

_PATIENCE = 25.0


@dataclass(frozen=True, kw_only=True)
class PartHealth:
    """One thing looked at. `text` has the cure when it is not well."""

    what: str
    is_well: bool
    text: str

    @property
    def said(self) -> str:
        """As it is printed behind its mark; what goes on on a further line stands below it."""
        text = self.text.replace("\n", "\n  ")
        return f"{self.what}: {text}"


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where to look. `encoder` is the installed encoder of texts, None where there is none."""

    home: Path | None
    policy: Path
    gateway_url: str
    encoder: str | None = field(default_factory=encoder_version)


async def check(where: Surroundings) -> list[PartHealth]:
    """Look at everything once; a failing look never stops the others."""
    findings = [await _look("policy", lambda: _policy(where))]
    findings.append(await _look("store", lambda: _store(where.home)))
    findings.append(await _look("alerts", lambda: firing_alerts(where.home)))
    findings.append(await _look("actions", lambda: _actions(where)))
    findings.append(await _look("disk", lambda: _disk(where.home)))
    findings.append(await _look("Prefect server", _server))
    findings.append(await _look("worker", _worker))
    findings.append(await _look("gateway", lambda: _gateway(where.gateway_url)))
    try:
        policy = load_policy(where.policy)
    except PolicyError:
        return findings
    uses, catalog = policy.connection_uses(), policy.catalog.connection
    if catalog is not None:
        findings.append(await _look("services", lambda: compared(policy, catalog)))
    looks = [
        _look(f"connection {name}", lambda name=name, keys=keys: _connection(name, keys, where))  # type: ignore[misc]
        for name, keys in sorted(uses.items())
    ]
    return [*findings, *await asyncio.gather(*looks)]


async def _look(what: str, look: Callable[[], Awaitable[str]]) -> PartHealth:
    try:
        async with asyncio.timeout(_PATIENCE):
            return PartHealth(what=what, is_well=True, text=await look())
    except TimeoutError:
        return PartHealth(what=what, is_well=False, text=f"no answer within {_PATIENCE:g} s")
    except (LiaisonError, SQLAlchemyError, httpx.HTTPError, OSError, RuntimeError, ValueError) as error:
        # ValueError and RuntimeError: how Prefect's client reports settings and servers it cannot use.
        return PartHealth(what=what, is_well=False, text=str(error) or type(error).__name__)


async def _policy(where: Surroundings) -> str:
    path = where.policy
    policy = load_policy(path)
    words = (
        f"{path}: {len(policy.services)} services, {len(policy.teams)} teams, {len(policy.routing)} rules, "
        f"{len(policy.sla.policies)} SLA policies by {len(policy.sla.calendars)} calendars"
    )
    now = datetime.now(UTC)
    year = now.year
    # What is allowed, but may not be what was meant.
    lines = [
        words,
        f"of a ticket may leave customer service: {policy.egress}",
        *(str(remark) for remark in (*policy_remarks(path), *rota_remarks(path, now=now))),
    ]
    for name, calendar in policy.sla.calendars.items():
        lines += [f"calendar {name!r}: {remark}" for remark in holiday_remarks(calendar, year)]
    if policy.insights.routing.embeddings and where.encoder is None:
        lines.append(f"{MISSING}; until then routing goes by words alone")
    if where.home is not None and where.home.is_dir():
        lines += moved_dates(where.home, policy, year)
    return "\n".join(lines)


async def _store(home: Path | None) -> str:
    database = Database(settings.database_url(home))
    try:
        await database.check_durability()
        await check_schema(database)
        async with database.transaction() as tx:
            lanes = {lane: await waiting(tx, lane) for lane in Lane}
            effects = await count_effects(tx)
    finally:
        await database.aclose()
    pending = sum(lane.pending for lane in lanes.values())
    parked = sum(lane.parked for lane in lanes.values())
    words = f"durable; {pending} deliveries waiting, {parked} parked, {effects.open} effects open"
    if parked or effects.held or effects.dead:
        words += f"; {effects.held} held and {effects.dead} dead: see `liaison parked` and `liaison held`"
    return words


async def _actions(where: Surroundings) -> str:
    """Paused is what somebody wants for a while, and what nobody must forget."""
    database = Database(settings.database_url(where.home))
    try:
        pause = await actions_standing(database)
    finally:
        await database.aclose()
    if pause is not None:
        raise LiaisonError(pause)
    services = load_policy(where.policy).services.values()
    modes = [action.mode for service in services for action in service.actions]
    counts = [f"{modes.count(mode)} {mode}" for mode in ActionMode if mode in modes]
    return f"may be started; {', '.join(counts) or 'the policy names none'}"


async def _disk(home: Path | None) -> str:
    disk = disk_of(settings.database_url(home))
    if disk is None:
        return "the store is on another machine: its disk is not ours to look at"
    if disk.is_low:
        raise LiaisonError(f"only {disk}: make room, or webhooks will be refused until there is some")
    return str(disk)


async def _server() -> str:
    async with get_client() as client:
        error = await client.api_healthcheck()
        if error is not None:
            raise httpx.ConnectError(
                f"no Prefect server at {client.api_url} ({type(error).__name__}): start it with `liaison up`, or"
                " set PREFECT_API_URL to the one you have"
            )
        return f"{client.api_url} answers, version {await client.api_version()}"


async def _worker() -> str:
    """Of each pool that prefect.yaml names."""
    async with get_client() as client:
        workers = {pool: await client.read_workers_for_work_pool(pool) for pool in _pools()}
    online = {
        pool: sum(worker.status == "ONLINE" for worker in those) for pool, those in sorted(workers.items())
    }
    if idle := [pool for pool, count in online.items() if not count]:
        raise LiaisonError(
            f"no worker serves the work pool {idle[0]!r}: start one with `liaison up` or `liaison worker --pool"
            f" {idle[0]}`, or one of the pool's own type"
        )
    return "; ".join(f"{count} online in the work pool {pool!r}" for pool, count in online.items())


async def _gateway(url: str) -> str:
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        try:
            answer = await client.get(f"{url}/readyz")
        except httpx.HTTPError as error:
            raise LiaisonError(f"nothing answers at {url}: start it with `liaison up`") from error
    if answer.status_code != 200:
        raise LiaisonError(f"{url}/readyz says {answer.status_code}: {answer.text.strip()}")
    return f"{url}: {answer.text.strip()}"


async def _connection(name: str, keys: Sequence[str], where: Surroundings) -> str:
    async with contextlib.AsyncExitStack() as stack:

        def database() -> Database:
            opened = Database(settings.database_url(where.home))
            stack.push_async_callback(opened.aclose)
            return opened

        block = await read_block(name)
        connector = open_connector(
            name,
            block,
            database,
            lambda: load_policy(where.policy).roster(),
            # Where it was made by `liaison up`, nobody has it in their environment.
            key=settings.kept_key(liaison_home(where.home)),
        )
        stack.push_async_callback(connector.aclose)
        if wrong := misuses(connector, keys):
            raise LiaisonError(
                f"{name} is not what the policy wants: {'; '.join(wrong)}; name another connection"
            )
        told = await connector.check() + sandbox_words(block)
        if isinstance(connector, WebhookSource):
            async with database().transaction() as tx:
                told += f"; {webhook_news(name, await last_heard(tx, name))}"
        return "\n".join([told, *await looks(connector, keys)])


def webhook_news(name: str, heard: datetime | None) -> str:
    """When it was heard of last, or where it says how its webhooks are set up."""
    if heard is None:
        vendor = name.partition("/")[0]
        return f"no webhook of it is in the inbox; they are set up as in connectors/{vendor}/README.md"
    return f"last webhook {heard:%Y-%m-%d %H:%M} UTC"


def print_findings(console: Console, findings: list[PartHealth]) -> None:
    """A line each, with a mark for what is well and what is not."""
    for finding in findings:
        mark = "[green]✔[/green]" if finding.is_well else "[red]✘[/red]"
        console.print(mark, end=" ")
        console.print(finding.said, markup=False, highlight=False, soft_wrap=True)


def _pools() -> set[str]:
    return {one.work_pool.name for one in declarations()}
