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

from incidents.basis import Basis
from incidents.errors import NotFound
from incidents.models import JoinOrigin, Severity, Ticket, TicketRef
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy, Route
from incidents.process.intake import NO_HINTS, Hints
from incidents.texts.team import team_reads, worded
from insights.embeddings import encoded, encoder_version
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

ENCODED = 20
"""Of a chunk's texts so many are encoded before it is committed, some milliseconds each (`bench only=insights_text`).
The words of the others decide alone: a storm is not to wait, and its tickets are about one fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Learnt:
    """`hints` are to be gone by; `predictions` are recorded, whether anything goes by them or not."""

    hints: Hints = NO_HINTS
    predictions: tuple[Prediction, ...] = ()


NOTHING_LEARNT = Learnt()


async def what_is_learnt(tickets: Sequence[Ticket], basis: Basis) -> Learnt:
    """What the champions say of these tickets. Whatever is wrong with them, the rules decide, and it is logged."""
    try:
        found = await _learnt_routes(tickets, basis)
        return replace(found, hints=replace(found.hints, links=await sure_links(tickets, basis)))
    except Exception:
        # Tickets are not to wait because something is wrong with what was learnt, whatever it is.
        logger.exception("the policy's rules alone decide")
        return NOTHING_LEARNT


async def _learnt_routes(tickets: Sequence[Ticket], basis: Basis) -> Learnt:
    policy = basis.policy
    if policy.insights.routing.mode is InsightMode.OFF or not tickets:
        return NOTHING_LEARNT
    ruled = [ticket for ticket in tickets if policy.route(ticket) is not None]
    open_question = [ticket for ticket in tickets if policy.route(ticket) is None]
    asked = [*ruled[:SHADOWED], *open_question]
    try:
        guesses = await _all_guesses(asked, policy)
    except (CannotLearn, NotFound) as error:
        logger.warning("the policy's rules alone decide: %s", error)
        return NOTHING_LEARNT
    is_on = policy.insights.routing.mode is InsightMode.ON
    routes = _routes(open_question, guesses, policy) if is_on else {}
    return Learnt(
        hints=Hints(routes=routes), predictions=tuple(_predictions(asked, guesses, routes, now=basis.now))
    )


@dataclass(frozen=True, slots=True)
class _Answers:
    champion: Champion[RoutingModel]
    by_ticket: Mapping[TicketRef, Guess]


async def _all_guesses(tickets: Sequence[Ticket], policy: Policy) -> Mapping[str, _Answers | None]:
    """By label; None while nothing is learnt of it."""
    champions = {label: await _champion(label) for label in LABELS}
    if not any(champions.values()):
        return dict.fromkeys(LABELS)
    # Only where there is a model: see `tasks.insights.champions`.
    from insights.routing.ticket_frame import ticket_frame  # noqa: PLC0415

    frame, encoder = ticket_frame(tickets), encoder_version() if policy.insights.routing.embeddings else None
    read = [one.model.meaning.encoder for one in champions.values() if one is not None and one.model.meaning]
    if encoder is not None and encoder in read:
        from insights.routing.vectors import with_vectors  # noqa: PLC0415 - as above

        frame = await with_vectors(resources.database(), frame, _encode, encoder=encoder, most=ENCODED)
    answers: dict[str, _Answers | None] = {}
    for label, champion in champions.items():
        answers[label] = None
        if champion is not None:
            guesses = await asyncio.to_thread(champion.model.guess, frame, encoder=encoder)
            by_ticket = dict(zip((ticket.ref for ticket in tickets), guesses, strict=True))
            answers[label] = _Answers(champion, by_ticket)
    return answers


async def _encode(texts: Sequence[str]) -> list[bytes]:
    return await asyncio.to_thread(encoded, texts)


async def _champion(label: str) -> Champion[RoutingModel] | None:
    """None while nothing is learnt of this label."""
    number = await champion_id(InsightKind.ROUTING, label)
    if number is None:
        return None
    from insights.routing.model import RoutingModel  # noqa: PLC0415 - as above

    return await champion_of(InsightKind.ROUTING, label, number, RoutingModel)


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
            origin=JoinOrigin.LEARNT,
            reason=_words(guess, policy.language.team),
        )
    return routes


def _words(guess: Guess, language: str) -> str:
    """`learnt from past tickets, 94 % sure: word "checkout", product is Shop`."""
    because = ", ".join(reason.text for reason in guess.reasons)
    sure = f"{guess.probability:.0%}"
    with team_reads(language):
        said = worded("learnt from past tickets, {sure} sure", sure=sure)
    return f"{said}: {because}" if because else said


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
