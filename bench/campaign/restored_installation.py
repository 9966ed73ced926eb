"""An installation is backed up in the middle of outages, goes on, and is lost; the backup is restored and goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import text

from bench.campaign.row import Row, Size
from bench.result import progress
from bench.sandbox import Sandbox, open_surroundings, scratch_home, until
from connectors.http.fake.app import Health
from deployments.demo.at_once import run_at_once
from deployments.machine.processes import PYTHON
from incidents.models import IncidentState

CUSTOMERS = 6
PATIENCE = 300.0
ENGINEER = "Jane Doe"
_FORGET = text("delete from meta where key = 'restored_at'")
_STAND = text(
    "select service, count(*), count(*) filter (where state = :closed) from incidents group by service"
)


@dataclass(kw_only=True)
class BackedUpOutage:
    """One service that breaks, with its customers' tickets and its page."""

    service: str
    tickets: list[int] = field(default_factory=list)
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """`told_twice`: customers who have the same text twice. `rang`: how often telephones rang. `closed`: outages that
    are one incident which is closed."""

    messages: int
    told_twice: int
    rang: int
    closed: int


async def restored_installation(size: Size) -> Row:
    """Nobody is told the same twice, no telephone rings twice; the control's store does not know what it is."""
    outages = size.pick(full=12, small=2)
    ours = await _lose_and_restore(outages, is_told=True)
    control = await _lose_and_restore(outages, is_told=False)
    customers = outages * CUSTOMERS
    return Row(
        name="An installation is lost, and restored from a backup",
        size=size,
        done=(
            f"`liaison backup` while {outages} outages with {customers} customers were under way; engineers took the "
            "pages, customers were told, every second outage was mended and closed; then the installation was lost; "
            "`liaison restore` into an empty folder, and on until all were closed"
        ),
        promised="each outage rings once and is closed, no customer is told the same twice",
        seen=(
            f"telephones rang {ours.rang} times, {ours.closed} of {outages} closed, {ours.messages} messages, "
            f"{ours.told_twice} customers told twice"
        ),
        control=(
            "a store that does not know that it was restored: "
            f"{control.told_twice} of {customers} customers told twice"
        ),
        is_kept=(ours.rang, ours.closed, ours.told_twice) == (outages, outages, 0)
        and ours.messages >= 2 * customers,
        has_control_failed=control.told_twice > 0,
    )


async def _lose_and_restore(count: int, *, is_told: bool) -> Seen:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(scratch_home()) for _ in range(2)]
        around = await stack.enter_async_context(open_surroundings(first, count))
        # They try again until there is somebody.
        around.world.zendesk.webhooks.attempts = 1_000
        around.world.zendesk.webhooks.retry_seconds = 0.5
        backup = first / "backup.tar"
        outages = [BackedUpOutage(service=name) for name in around.services]
        async with around.installed(first) as box:
            await asyncio.gather(*(_begin(box, outage) for outage in outages))
            await box.until_idle()
            await _liaison("backup", str(backup), "--home", str(first))
            progress(f"{count} outages are paged, and backed up")
            await asyncio.gather(*(_take(box, outage) for outage in outages))
            mended = outages[::2]
            await asyncio.gather(*(_mend(box, outage) for outage in mended))
            progress(f"all were told; {len(mended)} are closed; all of it is lost")
        await _liaison("restore", str(backup), "--home", str(second))
        async with around.installed(second, is_restored=True) as box:
            if not is_told:
                async with box.database.transaction() as tx:
                    await tx.execute(_FORGET)
            await run_at_once(box.stack, box.database, "reconcile")
            await asyncio.gather(*(_mend(box, outage) for outage in outages))
            await box.until_idle()
            return await _judge(box, outages)
    raise AssertionError("an installation that ends early has raised")


async def _begin(box: Sandbox, outage: BackedUpOutage) -> None:
    box.break_service(outage.service)
    outage.tickets += box.write_tickets(outage.service, CUSTOMERS)

    async def is_paged() -> bool:
        incidents = await box.incidents_of(outage.service)
        is_linked = await box.linked(outage.service) == CUSTOMERS
        return is_linked and any(box.pages_of(incident) for incident in incidents)

    await until(f"{outage.service} is paged", is_paged, PATIENCE, every=0.2)
    (incident,) = await box.incidents_of(outage.service)
    outage.page = box.page_of(incident)


async def _take(box: Sandbox, outage: BackedUpOutage) -> None:
    box.world.pagerduty.acknowledge(outage.page, ENGINEER)

    async def are_told() -> bool:
        return all(box.world.zendesk.public_replies(ticket) for ticket in outage.tickets)

    await until(f"customers of {outage.service} are told", are_told, PATIENCE, every=0.2)


async def _mend(box: Sandbox, outage: BackedUpOutage) -> None:
    """Nothing is mended twice; an incident that the store does not know as closed is waited for."""
    if box.services[outage.service].health is not Health.HEALTHY:
        box.mend_service(outage.service)
        box.world.pagerduty.resolve(outage.page, ENGINEER)

    async def is_closed() -> bool:
        states = [await box.state_of(incident) for incident in await box.incidents_of(outage.service)]
        return bool(states) and all(state is IncidentState.CLOSED for state in states)

    await until(f"{outage.service} is closed", is_closed, PATIENCE, every=0.2)


async def _judge(box: Sandbox, outages: Sequence[BackedUpOutage]) -> Seen:
    async with box.database.transaction() as tx:
        rows = (await tx.execute(_STAND, {"closed": IncidentState.CLOSED})).all()
    told = [Counter(box.world.zendesk.public_replies(ticket)) for item in outages for ticket in item.tickets]
    return Seen(
        messages=sum(replies.total() for replies in told),
        told_twice=sum(any(count > 1 for count in replies.values()) for replies in told),
        rang=len(box.world.pagerduty.pages),
        closed=sum((incidents, closed) == (1, 1) for _, incidents, closed in rows),
    )


async def _liaison(*words: str) -> None:
    program = await asyncio.create_subprocess_exec(
        str(PYTHON),
        "-m",
        "deployments.cli",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await program.communicate())[0].decode()
    if program.returncode != 0:
        raise RuntimeError(f"liaison {words[0]} ended with {program.returncode}: {said}")
