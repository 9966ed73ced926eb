"""Intake: tickets from the helpdesks are joined to the incident they belong to, a chunk at a time."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.follow import Followers
from incidents.events import Lane, TicketEvent
from incidents.models import TicketRef
from tasks.deliver.deliver import deliver
from tasks.insights.precedents import suggest_incidents
from tasks.insights.surges import listen
from tasks.parameters import unsearched
from tasks.stages.commit_intake import commit_intake
from tasks.stages.drain import (
    drop_lane,
    keep_lane,
    leave_lane,
    read_chunk,
    take_lane,
)
from tasks.stages.gather import newest_tickets


async def listened(open_questions: tuple[TicketRef, ...]) -> list[int]:
    """Incidents that a surge has something to do with; agents of tickets that no rule knows read what they are like.

    Learning is never what stops the intake.
    """
    touched: list[int] = []
    try:
        touched += await listen()
        if open_questions and await suggest_incidents(list(open_questions)):
            await deliver(None)
    except Exception:  # noqa: BLE001 - whatever is wrong with a detector, tickets are not to wait for it
        get_run_logger().exception("nothing could be learnt from these; tickets are taken in as ever")
    return touched


def _run_name() -> str:
    return f"intake {flow_run.scheduled_start_time:%H:%M:%S}"


@flow(name="intake", flow_run_name=_run_name)
async def intake() -> str:
    """Drain the inbox of the helpdesks. The incidents concerned go through their stages meanwhile."""
    fence = await take_lane(Lane.INTAKE)
    if fence is None:
        return "another intake is at work"
    followers = Followers()
    tickets = opened = 0
    try:
        async with keep_lane(Lane.INTAKE, fence):
            while True:
                chunk = await read_chunk(Lane.INTAKE, fence)
                if chunk.is_empty:
                    if await leave_lane(Lane.INTAKE, fence):
                        break
                    continue
                newest = await newest_tickets(
                    [event for event in chunk.events if isinstance(event, TicketEvent)]
                )
                handled = await commit_intake(fence, unsearched(chunk), unsearched(newest))
                tickets, opened = tickets + handled.tickets, opened + handled.opened
                followers.start(handled.incidents)
                followers.start(await listened(handled.open_questions))
    except BaseException as error:
        await drop_lane(Lane.INTAKE, fence, error)
        raise
    finally:
        await followers.finish()
    return f"{tickets} tickets, {opened} incidents opened"
