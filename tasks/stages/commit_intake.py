"""The intake's commit: a whole chunk of tickets joined, opened and passed on in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.events import Lane
from incidents.models import Ticket, TicketRef
from incidents.policy.insights import InsightKind
from incidents.policy.routing import corrected_service
from incidents.process.intake import join_and_tell
from incidents.step import Step
from incidents.store.inbox.drains import check_drain, renew_drain
from incidents.store.inbox.inbox import settle_deliveries
from insights.store.predictions import correct, record_predictions
from tasks import resources
from tasks.insights.learnt_routes import Learnt, what_is_learnt
from tasks.retries import STORE_CALL
from tasks.runs import task
from tasks.stages.drain import Chunk
from tasks.stages.replies import NO_REPLIES, Replies

ASKED_ABOUT = 20
"""Of a chunk's open questions so many are looked into further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handled:
    """What became of a chunk. `incidents` are those that may have something to do now; `open_questions` are new
    tickets that neither rule nor model knew a service for, the first ones.
    """

    tickets: int = 0
    opened: int = 0
    joined: int = 0
    incidents: tuple[int, ...] = ()
    open_questions: tuple[TicketRef, ...] = ()
    has_answers: bool = False

    @property
    def to_follow(self) -> tuple[int | None, ...]:
        """The incidents, and None where somebody is to be answered on a ticket."""
        return (*self.incidents, *([None] if self.has_answers else []))

    def plus(self, other: Handled) -> Handled:
        """Both together; of questions no more than may be asked at a time."""
        return Handled(
            tickets=self.tickets + other.tickets,
            opened=self.opened + other.opened,
            joined=self.joined + other.joined,
            incidents=tuple(dict.fromkeys((*self.incidents, *other.incidents))),
            open_questions=(*self.open_questions, *other.open_questions)[:ASKED_ABOUT],
            has_answers=self.has_answers or other.has_answers,
        )


@task(name="commit intake", **STORE_CALL)
async def commit_intake(fence: int, chunk: Chunk, tickets: list[Ticket], replies: Replies) -> Handled:
    """Decide on a chunk of deliveries and settle them. Raises `Stale` when another drain has taken over."""
    basis = resources.basis()
    learnt = await what_is_learnt(tickets, basis)
    async with resources.transaction(basis) as step:
        await check_drain(step.connection, Lane.INTAKE, fence)
        handled = await take_in(step, tickets, chunk.events, learnt, replies)
        await settle_deliveries(
            step.connection, fence=fence, done=chunk.ids, parked=chunk.parked, ignored=chunk.ignored
        )
        await renew_drain(step.connection, Lane.INTAKE, fence)
    return handled


async def take_in(
    step: Step,
    tickets: Sequence[Ticket],
    events: Sequence[object],
    learnt: Learnt,
    replies: Replies = NO_REPLIES,
) -> Handled:
    """The tickets joined or told of, with what was learnt of them; and written down what was, and what agents say."""
    spoken = (*events, *replies.events)
    taken = await join_and_tell(step, tickets, spoken, learnt.hints, looks=replies.looks)
    refs = {str(ticket.ref) for ticket in taken.news}
    await record_predictions(step.connection, [one for one in learnt.predictions if one.subject in refs])
    await _note_corrections(step, taken.news)
    return Handled(
        tickets=len(taken.news),
        opened=taken.opened,
        joined=taken.joined,
        incidents=taken.incidents,
        open_questions=taken.open_questions[:ASKED_ABOUT],
        has_answers=taken.has_answers,
    )


async def _note_corrections(step: Step, tickets: Sequence[Ticket]) -> None:
    """Services that agents say are the right ones."""
    for ticket in tickets:
        service = corrected_service(ticket)
        if service in step.policy.services:
            await correct(
                step.connection,
                str(ticket.ref),
                kind=InsightKind.ROUTING,
                label="service",
                truth=service,
                now=step.now,
            )
