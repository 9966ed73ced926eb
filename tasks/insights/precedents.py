"""Incidents like this one: found among the past, told to the engineers, suggested to agents.

What is known of the past is kept in memory and grows with each look. It is read for the first time in the background:
nobody waits for it who has an incident at hand.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from incidents.basis import Basis
from incidents.decisions.similar import Precedent, suggest
from incidents.decisions.similar import tell_precedents as decide_precedents
from incidents.errors import NotFound
from incidents.models import Ticket, TicketRef
from incidents.policy.insights import InsightKind, InsightMode
from incidents.process.deciding import decide
from incidents.store.cases import incident_number, load_case
from incidents.store.ledger.effects import plan_effects
from incidents.store.tickets import known_tickets
from insights.learning import CannotLearn, Reason
from insights.similar.insight import LABEL
from insights.store.predictions import Prediction, record_predictions
from insights.store.similar_past import (
    READ,
    PastTicket,
    ended_since,
    joined_since,
    past_tickets,
)
from tasks import resources
from tasks.insights.champions import champion_id, champion_of
from tasks.retries import STORE_CALL
from tasks.runs import task

if TYPE_CHECKING:
    from insights.similar.index import SimilarIndex
    from insights.similar.report import Match, TicketReport

logger = logging.getLogger("liaison.precedents")

ASKED = 5
"""Of an incident so many tickets are asked about, the first ones, and of a chunk so many that no rule knows."""
SHOWN = 3
_REASONS = 3
_OVERLAP = timedelta(minutes=1)
_LONG, _REST = 0.2, 20
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Past:
    """What this process knows; `index` is None until it has read it. `asked_for` is the champion when it last looked,
    `taught_by` the model it judges by: None for the fixed formula, also where that champion cannot be used."""

    index: SimilarIndex | None = None
    asked_for: int | None = None
    taught_by: int | None = None
    read_until: datetime = _BEGINNING
    reading: asyncio.Task[None] | None = None
    rests_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def has_read(self, *, began: float, ended: float) -> None:
        """In a storm a look takes in thousands of tickets: such looks take at most a small part of the time."""
        took = ended - began
        self.rests_until = ended + _REST * took if took > _LONG else 0.0


async def _grown(basis: Basis) -> SimilarIndex | None:
    """The index as of now, or None while it is read for the first time."""
    past = resources.kept(Past)
    if past.index is None and past.reading is None:
        past.reading = asyncio.create_task(_read(past, basis))
        past.reading.add_done_callback(_tell_how_it_ended)
    if past.index is None:
        return None
    if asyncio.get_running_loop().time() >= past.rests_until:
        await _read(past, basis)
    await _teach(past)
    return past.index


async def _teach(past: Past) -> None:
    """Judge by the champion, where there is one that can be used; else by the fixed formula, which only suggests."""
    number = await champion_id(InsightKind.SIMILAR, LABEL)
    if past.index is None or number == past.asked_for:
        return
    # Only where there is a model: see `tasks.insights.champions`.
    from insights.similar.learner import TaughtPairs  # noqa: PLC0415
    from insights.similar.model import PairModel  # noqa: PLC0415

    pairs, taught_by = PairModel.untaught(), None
    if number is not None:
        try:
            found = await champion_of(InsightKind.SIMILAR, LABEL, number, TaughtPairs)
            pairs, taught_by = found.model.pairs, found.id
        except (CannotLearn, NotFound) as error:
            logger.warning("similar tickets are only suggested: %s", error)
    past.index.model, past.asked_for, past.taught_by = pairs, number, taught_by


def _tell_how_it_ended(reading: asyncio.Task[None]) -> None:
    if not reading.cancelled() and reading.exception() is not None:
        logger.warning("what similarity knows could not be read: %s", reading.exception())
        resources.kept(Past).reading = None


async def _read(past: Past, basis: Basis) -> None:
    """Take in what came since the last look, with a little overlap, as transactions end in any order."""
    clock = asyncio.get_running_loop().time
    async with past.lock:
        began = clock()
        since = past.read_until - _OVERLAP if past.index is not None else _BEGINNING
        async with resources.database().transaction() as tx:
            tickets = await past_tickets(tx, since=since, oldest=basis.now - basis.policy.insights.history)
            joined = await joined_since(tx, since) if past.index is not None else []
            ended = await ended_since(tx, since)
        if past.index is None:
            index = await asyncio.to_thread(_taken_in, None, tickets)
        else:
            # Here, where others ask it: a thread would change what they look at.
            index = _taken_in(past.index, tickets)
        for one in joined:
            if one.ticket in index:
                index.join(one.ticket, one.incident)
        for over in ended:
            _end(index, over.incident, over.at, over.fixed_by)
        past.index, past.read_until = index, basis.now
        past.has_read(began=began, ended=clock())


def _end(index: SimilarIndex, incident: str, at: datetime, fixed_by: str) -> None:
    try:
        index.close_incident(incident, at, fixed_by=fixed_by)
    except KeyError:
        return  # all its tickets are older than what is known


def _taken_in(index: SimilarIndex | None, tickets: Iterable[PastTicket]) -> SimilarIndex:
    # Imported by whoever has a past to look at: it takes a second.
    from insights.similar.index import SimilarIndex  # noqa: PLC0415

    index = index if index is not None else SimilarIndex()
    for one in tickets:
        if one.id not in index:
            index.add(_report(one))
    return index


def _report(one: PastTicket) -> TicketReport:
    from insights.similar.report import TicketReport  # noqa: PLC0415

    return TicketReport(
        id=one.id,
        opened_at=one.opened_at,
        service=one.service,
        title=one.title,
        body=one.body,
        kind=one.product,
        customer=one.customer,
        channel=one.channel,
        incident=one.incident,
    )


def _asked(ticket: Ticket, service: str) -> PastTicket:
    return PastTicket(
        id=str(ticket.ref),
        opened_at=ticket.created_at,
        title=ticket.subject,
        body=ticket.body[:READ],
        product=ticket.product or "",
        customer=f"{ticket.ref.connection}:{ticket.requester.id}",
        channel=ticket.channel or "",
        incident=None,
        service=service,
        seen_at=ticket.created_at,
    )


@task(name="look for precedents", task_run_name="look for precedents of INC-{incident_id}", **STORE_CALL)
async def tell_precedents(incident_id: int) -> int:
    """Past incidents like this one become evidence, with what ended them; returns how many were found."""
    basis = resources.basis()
    setting, now = basis.policy.insights.similar, basis.now
    if setting.mode is InsightMode.OFF or (index := await _grown(basis)) is None:
        return 0
    async with resources.database().transaction() as tx:
        case = await load_case(tx, incident_id)
        known = await known_tickets(tx, [item.ticket.ref for item in case.tickets[:ASKED]])
    tickets = [_asked(item.ticket, case.incident.service) for item in known.values()]
    found = _likeliest(index, tickets, own=case.incident.name, above=setting.suggest_above, now=now)
    async with resources.transaction(basis) as step:
        await record_predictions(step.connection, _predictions(case.incident.name, found, basis))
        if setting.mode is InsightMode.ON:
            await decide(step, incident_id, lambda case: decide_precedents(case, found, now=step.now))
    return len(found)


@task(name="suggest incidents", **STORE_CALL)
async def suggest_incidents(refs: list[TicketRef]) -> int:
    """Open incidents that tickets of no incident may be about, as notes for their agents; returns how many notes."""
    basis = resources.basis()
    setting, now = basis.policy.insights.similar, basis.now
    if setting.mode is InsightMode.OFF or not refs or (index := await _grown(basis)) is None:
        return 0
    async with resources.transaction(basis) as step:
        tx = step.connection
        known = await known_tickets(tx, refs[:ASKED])
        for ref, item in known.items():
            ticket = _asked(item.ticket, "")
            found = _likeliest(index, [ticket], own="", above=setting.suggest_above, now=now, is_open=True)
            await record_predictions(tx, _predictions(str(ref), found, basis))
            if found and setting.mode is InsightMode.ON:
                await plan_effects(tx, [suggest(ref, found, instance=step.instance)])
    return len(known)


async def sure_links(tickets: Sequence[Ticket], basis: Basis) -> Mapping[TicketRef, int]:
    """Open incidents of their own service that new tickets surely belong to, by number: also those whose last ticket is
    longer ago than the policy's window. Nothing unless the policy says so and enough was learnt to be sure."""
    policy, now = basis.policy, basis.now
    setting = policy.insights.similar
    routed = [
        (ticket, route.service)
        for ticket in tickets[:ASKED]
        if (route := policy.route(ticket)) is not None and route.service is not None
    ]
    if setting.mode is not InsightMode.ON or not routed:
        return {}
    index = await _grown(basis)
    if index is None:
        return {}
    found: dict[TicketRef, int] = {}
    for ticket, service in routed:
        for match in index.rank(_report(_asked(ticket, service)), now=now):
            is_sure = match.verdict == "link" and match.probability >= setting.link_above
            if is_sure and match.incident is not None:
                found[ticket.ref] = incident_number(match.incident)
                break
    return found


def _likeliest(
    index: SimilarIndex,
    tickets: Sequence[PastTicket],
    *,
    own: str,
    above: float,
    now: datetime,
    is_open: bool | None = None,
) -> list[Precedent]:
    """The best match of each other incident, over all these tickets."""
    best: dict[str, Match] = {}
    for ticket in tickets:
        for match in index.rank(_report(ticket), now=now):
            wanted = is_open is None or match.is_open is is_open
            if match.incident in (None, own) or match.probability < above or not wanted:
                continue
            known = best.get(match.incident)
            if known is None or match.probability > known.probability:
                best[match.incident] = match
    ranked = sorted(best.items(), key=lambda item: -item[1].probability)[:SHOWN]
    return [
        Precedent(
            incident=incident,
            probability=match.probability,
            is_open=match.is_open,
            fixed_by=match.fixed_by,
            reasons=tuple(reason.text for reason in match.reasons[:_REASONS]),
        )
        for incident, match in ranked
    ]


def _predictions(subject: str, found: Sequence[Precedent], basis: Basis) -> list[Prediction]:
    """The likeliest one: what it is held against later is one incident, too."""
    mode = basis.policy.insights.similar.mode
    return [
        Prediction(
            kind=InsightKind.SIMILAR,
            label=LABEL,
            model_id=resources.kept(Past).taught_by,
            subject=subject,
            at=basis.now,
            predicted=one.incident,
            probability=one.probability,
            reasons=tuple(Reason(text=text, weight=1.0) for text in one.reasons),
            is_shadow=mode is not InsightMode.ON,
        )
        for one in found[:1]
    ]
