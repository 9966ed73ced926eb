"""Intake: tickets from the helpdesks are joined to the incident they belong to, a chunk at a time."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.following.drain import drain
from flows.following.follow import Followers
from flows.names import found_words, rename_run
from flows.telling import telling
from incidents.events import Lane, TicketEvent
from incidents.models import TicketRef
from tasks.insights.precedents import suggest_incidents
from tasks.insights.surges import listen
from tasks.now import show_now
from tasks.parameters import unsearched
from tasks.sla.board import show_board
from tasks.stages.commit_intake import commit_intake
from tasks.stages.drain import Chunk, take_lane
from tasks.stages.gather import newest_tickets, without_our_echoes
from tasks.stages.replies import replies_to_events
from tasks.without_prefect import run_logger


async def listened(open_questions: tuple[TicketRef, ...]) -> list[int | None]:
    """Incidents that a surge has something to do with, and None if agents of tickets that no rule knows are to read
    what these are like.

    Learning is never what stops the intake.
    """
    touched: list[int | None] = []
    try:
        touched += await listen()
        if open_questions and await suggest_incidents(list(open_questions)):
            touched.append(None)
    except Exception:  # noqa: BLE001 - whatever is wrong with a detector, tickets are not to wait for it
        run_logger().exception("nothing could be learnt from these; tickets are taken in as ever")
    return touched


def _run_name() -> str:
    return f"intake {flow_run.scheduled_start_time:%H:%M:%S}"


@telling("What customers wrote since waits in the inbox; nothing is lost.")
@flow(name="intake", flow_run_name=_run_name)
async def intake() -> str:
    """Drain the inbox of the helpdesks. The incidents concerned go through their stages meanwhile."""
    fence = await take_lane(Lane.INTAKE)
    if fence is None:
        await rename_run("intake: another one is at work")
        return "another intake is at work"
    followers = Followers()
    tickets = opened = 0
    concerned: dict[int, None] = {}

    async def take_in(chunk: Chunk) -> None:
        nonlocal tickets, opened
        chunk = await without_our_echoes(chunk)
        events = [event for event in chunk.events if isinstance(event, TicketEvent)]
        newest = await newest_tickets(events)
        replies = await replies_to_events(events, newest)
        handled = await commit_intake(fence, unsearched(chunk), unsearched(newest), unsearched(replies))
        tickets, opened = tickets + handled.tickets, opened + handled.opened
        concerned.update(dict.fromkeys(handled.incidents))
        followers.start(handled.to_follow)
        followers.start(await listened(handled.open_questions))

    try:
        await drain(Lane.INTAKE, fence, take_in)
    finally:
        await followers.finish()
    await rename_run(f"intake: {found_words(tickets, 'ticket', list(concerned))}")
    if tickets:
        await show_board()
        await show_now()
    return f"{tickets} tickets, {opened} incidents opened"
