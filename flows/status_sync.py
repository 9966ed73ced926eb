"""Status sync: what happened in the on-call tool, in chat and at monitors reaches tickets, customers and each other."""

from __future__ import annotations

from collections.abc import Collection

from prefect import flow
from prefect.runtime import flow_run

from flows.following.drain import drain
from flows.following.follow import Followers
from flows.names import found_words, rename_run
from flows.telling import telling
from incidents.errors import LiaisonError
from incidents.events import AlertsLeftOut, ChatCommand, IssueEvent, Lane, PageEvent
from tasks.now import show_now
from tasks.parameters import unsearched
from tasks.sla.board import show_board
from tasks.stages.chat_rights import check_commands
from tasks.stages.commit_sync import commit_sync
from tasks.stages.drain import Chunk, take_lane
from tasks.stages.gather import read_pages
from tasks.stages.issues import read_issues
from tasks.stages.look_at_alerts import look_at_alerts
from tasks.without_prefect import run_logger


async def looked_at(connection: str) -> tuple[int, ...]:
    """What a look at a monitor shows, where its webhook left alerts out; the reconciler looks again in any case."""
    try:
        return (await look_at_alerts(connection)).incidents
    except LiaisonError:
        run_logger().exception("what was left out of a webhook could not be looked at; reconcile will")
        return ()


async def read_again(told: Collection[tuple[str, str]]) -> None:
    """The issues that trackers told of, as far as they are ours; the reconciler reads all of them in any case."""
    try:
        failures = await read_issues(sorted(told))
    except LiaisonError as error:
        failures = [error]
    for failure in failures:
        run_logger().warning("an issue that changed could not be read, reconcile will: %s", failure)


def _run_name() -> str:
    return f"status_sync {flow_run.scheduled_start_time:%H:%M:%S}"


@telling("What engineers, chat and monitors said since waits in the inbox; nothing is lost.")
@flow(name="status_sync", flow_run_name=_run_name)
async def status_sync() -> str:
    """Drain the inbox of everything that is no helpdesk. The incidents concerned go on meanwhile."""
    fence = await take_lane(Lane.STATUS_SYNC)
    if fence is None:
        await rename_run("status_sync: another one is at work")
        return "another status_sync is at work"
    followers = Followers(is_under_way=True)
    count = 0
    concerned: dict[int, None] = {}

    async def follow(chunk: Chunk) -> None:
        nonlocal count
        pages = await read_pages([event for event in chunk.events if isinstance(event, PageEvent)])
        commands = [event for event in chunk.events if isinstance(event, ChatCommand)]
        checked = await check_commands(commands) if commands else []
        incidents = await commit_sync(fence, unsearched(chunk), unsearched(pages), unsearched(list(checked)))
        concerned.update(dict.fromkeys(one for one in incidents if one is not None))
        followers.start(incidents)
        count += len(chunk.events)
        for connection in {event.connection for event in chunk.events if isinstance(event, AlertsLeftOut)}:
            followers.start(await looked_at(connection))
        told = {(event.connection, event.key) for event in chunk.events if isinstance(event, IssueEvent)}
        if told:
            await read_again(told)

    try:
        await drain(Lane.STATUS_SYNC, fence, follow)
    finally:
        await followers.finish()
    await rename_run(f"status_sync: {found_words(count, 'event', list(concerned))}")
    if count:
        await show_board()
        await show_now()
    return f"{count} events"
