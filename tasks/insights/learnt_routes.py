"""Which service new tickets are for, as far as the team's own history tells: asked before the intake's transaction.

The policy's rules go first; what is learnt fills in where they are silent, and only with `mode: on`. In the shadow it
is recorded beside what the rules and people do, so that one can see what it would have done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from incidents.decisions.intake import LEARNT
from incidents.errors import NotFound
from incidents.models import Severity, Ticket, TicketRef
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy, Route
from incidents.process.intake import NO_HINTS, Hints
from insights.learning import CannotLearn
from insights.routing.insight import LABELS
from insights.store.predictions import Prediction
from tasks import resources
from tasks.insights.champions import (
    Champion,
    champion_id,
    champion_of,
)
from tasks.insights.precedents import sure_links

if TYPE_CHECKING:
    from insights.routing.model import Guess, RoutingModel

logger = logging.getLogger("liaison.learnt")

SHADOWED = 20
"""Of a chunk's tickets that the rules have routed so many are asked about, to compare: a storm needs no more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """`hints` are to be gone by; `predictions` are recorded, whether anything goes by them or not."""

    hints: Hints = NO_HINTS
    predictions: tuple[Prediction, ...] = ()


NOTHING_LEARNT = Learnt()


async def what_is_learnt(tickets: Sequence[Ticket]) -> Learnt:
    """What the champions say of these tickets. Whatever is wrong with them, the rules decide, and it is logged."""
    try:
        found = await _learnt_routes(tickets)
        return replace(found, hints=replace(found.hints, links=await sure_links(tickets)))
    except Exception:
        # Tickets are not to wait because something is wrong with what was learnt, whatever it is.
        logger.exception("the policy's rules alone decide")
        return NOTHING_LEARNT


async def _learnt_routes(tickets: Sequence[Ticket]) -> Learnt:
    policy = resources.policy()
    if policy.insights.routing.mode is InsightMode.OFF or not tickets:
        return NOTHING_LEARNT
    ruled = [ticket for ticket in tickets if policy.route(ticket) is not None]
    open_question = [ticket for ticket in tickets if policy.route(ticket) is None]
    asked = [*open_question, *ruled[:SHADOWED]]
    try:
        guesses = {label: await _guesses(label, asked) for label in LABELS}
    except (CannotLearn, NotFound) as error:
        logger.warning("the policy's rules alone decide: %s", error)
        return NOTHING_LEARNT
    is_on = policy.insights.routing.mode is InsightMode.ON
    routes = _routes(open_question, guesses, policy) if is_on else {}
    now = resources.utc_now()
    return Learnt(
        hints=Hints(routes=routes), predictions=tuple(_predictions(asked, guesses, routes, now=now))
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    champion: Champion[RoutingModel]
    by_ticket: Mapping[TicketRef, Guess]


async def _guesses(label: str, tickets: Sequence[Ticket]) -> _Answers | None:
    """None while nothing is learnt of this label."""
    number = await champion_id(InsightKind.ROUTING, label)
    if number is None:
        return None
    # Only where there is a model: see `tasks.insights.champions`.
    from insights.routing.model import RoutingModel  # noqa: PLC0415
    from insights.routing.ticket_frame import ticket_frame  # noqa: PLC0415

    found = await champion_of(InsightKind.ROUTING, label, number, RoutingModel)
    answers = await asyncio.to_thread(found.model.guess, ticket_frame(tickets))
    return _Answers(found, dict(zip((ticket.ref for ticket in tickets), answers, strict=True)))


def _routes(
    tickets: Sequence[Ticket], guesses: Mapping[str, _Answers | None], policy: Policy
) -> dict[TicketRef, Route]:
    services, severities = guesses["service"], guesses["severity"]
    routes: dict[TicketRef, Route] = {}
    for ticket in tickets:
        guess = services.by_ticket[ticket.ref] if services is not None else None
        if guess is None or guess.abstains or guess.label not in policy.services:
            continue
        worst = severities.by_ticket[ticket.ref] if severities is not None else None
        routes[ticket.ref] = Route(
            service=guess.label,
            severity=Severity(int(worst.label)) if worst is not None and not worst.abstains else None,
            reason=_words(guess),
        )
    return routes


def _words(guess: Guess) -> str:
    """`learnt from past tickets, 94 % sure: word "checkout", product is Shop`."""
    because = ", ".join(reason.text for reason in guess.reasons)
    return f"{LEARNT}, {guess.probability:.0%} sure{': ' if because else ''}{because}"


def _predictions(
    tickets: Sequence[Ticket],
    guesses: Mapping[str, _Answers | None],
    routes: Mapping[TicketRef, Route],
    *,
    now: datetime,
) -> list[Prediction]:
    return [
        Prediction(
            kind=InsightKind.ROUTING,
            label=label,
            model_id=answers.champion.id,
            subject=str(ticket.ref),
            at=now,
            predicted=answers.by_ticket[ticket.ref].label,
            probability=answers.by_ticket[ticket.ref].probability,
            reasons=answers.by_ticket[ticket.ref].reasons,
            is_shadow=ticket.ref not in routes,
        )
        for label, answers in guesses.items()
        if answers is not None
        for ticket in tickets
    ]
