"""Listening for surges: each report is heard once, and what shows is recorded, told, or opened as a candidate."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.basis import Basis
from incidents.decisions.surges.surge import SeenSurge, candidate, members, opened_by, service_of, tell
from incidents.models import JoinOrigin, Ticket
from incidents.policy.insights import InsightMode
from incidents.policy.policy import Policy
from incidents.process.deciding import decide
from incidents.process.opening import open_with_tickets
from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.cases import open_incidents
from incidents.store.inbox.drains import take_turns
from incidents.store.sla.keeping import keep_tickets
from incidents.store.tickets import known_tickets
from incidents.texts.team import team_reads
from insights.store.surge_reports import (
    AT_ONCE,
    HeardTicket,
    HeardUpTo,
    note_surge,
    reports_after,
)
from insights.surge.detector import (
    Surge,
    SurgeDetector,
    SurgeSettings,
)
from insights.surge.voices import SurgeEvent
from tasks import resources
from tasks.retries import STORE_CALL
from tasks.runs import task

logger = logging.getLogger("liaison.surges")

LISTENS_BACK = timedelta(weeks=8)
"""How far back the usual is learnt from after a start."""

_KEEPS = timedelta(hours=4)
_UNKNOWN = "unknown"


@dataclass
class Listener:
    """This process's detector, how far it has listened, and the last hours' reports with their dimensions."""

    score: float | None = None
    detector: SurgeDetector = field(default_factory=SurgeDetector)
    place: HeardUpTo | None = None
    recent: deque[tuple[Ticket, Mapping[str, str]]] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def begin(self, score: float, now: datetime) -> None:
        """Begin anew, with another threshold: `LISTENS_BACK` is heard once more, so that the usual is known."""
        self.score = score
        self.detector = SurgeDetector(SurgeSettings(score=score))
        self.place = HeardUpTo(seen_at=now - LISTENS_BACK)
        self.recent.clear()

    def hear_all(self, heard: Sequence[HeardTicket], basis: Basis) -> list[Surge]:
        """The surges that show with recent ones of these reports."""
        found = [(one.ticket, self.hear(one, basis)) for one in heard]
        return [
            surge for ticket, surge in found if surge is not None and ticket.created_at >= basis.now - _KEEPS
        ]

    def hear(self, heard: HeardTicket, basis: Basis) -> Surge | None:
        """What shows with this report. One dated after our own clock, or long before, is passed over."""
        self.place, ticket = heard.place, heard.ticket
        if not basis.now - LISTENS_BACK <= ticket.created_at <= basis.now:
            return None
        keys = _dimensions(heard, basis.policy)
        while self.recent and self.recent[0][0].created_at < basis.now - _KEEPS:
            self.recent.popleft()
        self.recent.append((ticket, keys))
        try:
            return self.detector.see(
                SurgeEvent(
                    at=ticket.created_at,
                    keys=keys,
                    source=ticket.channel or "",
                    reporter=f"{ticket.ref.connection}:{ticket.requester.id}",
                )
            )
        except ValueError as error:
            logger.warning("what is usual is learnt anew: %s", error)
            self.detector = SurgeDetector(SurgeSettings(score=self.score or SurgeSettings().score))
            return None


def _dimensions(heard: HeardTicket, policy: Policy) -> dict[str, str]:
    """Service as far as anybody knows it, and what the helpdesk says of product and tier."""
    ticket = heard.ticket
    # What a surge joined has its service from the surge; heard again after a restart, it must be the same surge.
    known = heard.service if heard.origin is not JoinOrigin.SURGE else None
    route = policy.route(ticket) if known is None else None
    service = known or (route.service if route is not None and not route.ignored else None)
    keys = {
        "service": service or _UNKNOWN,
        "symptom": ticket.product or "",
        "tier": ticket.tier or "",
    }
    return {name: value for name, value in keys.items() if value}


@task(name="listen for surges", **STORE_CALL)
async def listen() -> list[int]:
    """Hear what came since last time; returns the incidents that were opened or told something because of it."""
    basis = resources.basis()
    setting = basis.policy.insights.surge
    if setting.mode is InsightMode.OFF:
        return []
    listener = resources.kept(Listener)
    touched: list[int] = []
    async with listener.lock:
        # Its figures are put into words where it is found.
        with team_reads(basis.policy.language.team):
            found = await _heard(listener, setting.score, basis)
        for surge in found:
            touched += await _act(listener, _seen(surge), surge, basis)
    return touched


async def _heard(listener: Listener, score: float, basis: Basis) -> Sequence[Surge]:
    """The surges that show, a part of the reports after another; those of hours ago are old news after a restart."""
    if listener.score != score:
        listener.begin(score, basis.now)
    surges: list[Surge] = []
    while True:
        assert listener.place is not None  # noqa: S101 - begun above
        async with resources.database().transaction() as tx:
            heard = await reports_after(tx, listener.place, limit=AT_ONCE)
        # After a start there are weeks to be heard, and this loop has leases to renew meanwhile.
        surges += await asyncio.to_thread(listener.hear_all, heard, basis)
        if len(heard) < AT_ONCE:
            return surges


def _seen(surge: Surge) -> SeenSurge:
    return SeenSurge(group=surge.group, since=surge.since, count=surge.count, evidence=surge.evidence)


async def _act(listener: Listener, seen: SeenSurge, surge: Surge, basis: Basis) -> Sequence[int]:
    """Record it, and if the policy says so, tell the open incident of the service or open a candidate; once, whoever
    else listens."""
    policy = basis.policy
    is_shadow = policy.insights.surge.mode is not InsightMode.ON
    service = service_of(seen, policy)
    async with resources.transaction(basis) as step:
        tx = step.connection
        await take_turns(tx)
        words = f"{surge.count} reports where {surge.expected:.2g} are usual"
        if not await note_surge(
            tx, seen.name, words=words, evidence=seen.evidence, is_shadow=is_shadow, now=step.now
        ):
            return []
        if is_shadow or service is None:
            return []
        for incident in await open_incidents(tx, [service], lock=True):
            await decide(step, incident.id, lambda case: tell(case, seen, policy))
            return [incident.id]
        refs = [ticket.ref for ticket in members(seen, listener.recent)]
        known = await known_tickets(tx, refs)
        unlinked = [item.ticket for item in known.values() if item.incident_id is None]
        return [await _open(step, seen, service, unlinked)] if unlinked else []


async def _open(step: Step, seen: SeenSurge, service: str, tickets: Sequence[Ticket]) -> int:
    (incident,) = await open_with_tickets(step, [candidate(seen, service, tickets, step.policy)])
    await decide(step, incident.id, lambda case: opened_by(case, seen))
    # What is promised to them goes by their incident's severity from now on, as with tickets that intake joins.
    changes = [
        TicketTransition(before=ticket, after=ticket, severity=incident.severity) for ticket in tickets
    ]
    await keep_tickets(step, changes)
    return incident.id
