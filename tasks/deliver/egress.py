"""The one place that every effect passes on its way out: what its way may not have is taken out here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from incidents.effects import ChatAnswer, Effect
from incidents.egress.bounds import Bounds
from incidents.egress.edges import Edge, edge_of
from incidents.store.ledger.effects import Leased
from incidents.store.tickets import ticket_secrets
from tasks import resources

_NAMED = re.compile(r"\bINC-([0-9]{1,18})\b")


async def as_they_may_depart(leased: Sequence[Leased]) -> Sequence[Leased]:
    """The same with texts that keep to the policy's `egress`, read at this moment."""
    kept = await _kept([item.effect for item in leased])
    return [replace(item, effect=effect) for item, effect in zip(leased, kept, strict=True)]


async def as_it_may_depart(effect: Effect) -> Effect:
    """The same for one effect."""
    (kept,) = await _kept([effect])
    return kept


async def _kept(effects: Sequence[Effect]) -> Sequence[Effect]:
    """In their order; one that tells nobody anything is returned as it is."""
    bounds: dict[tuple[Edge, tuple[int, ...]], Bounds] = {}
    found: list[Effect] = []
    for effect in effects:
        edge = edge_of(effect.kind)
        if edge is None:
            found.append(effect)
            continue
        about = edge, _incidents_of(effect)
        if about not in bounds:
            bounds[about] = await _bounds_of(*about)
        found.append(bounds[about].keep(effect))
    return found


async def _bounds_of(edge: Edge, incidents: Sequence[int]) -> Bounds:
    async with resources.transaction() as step:
        allowed = step.basis.policy.egress.allowed(edge)
        tickets, owners = await ticket_secrets(step.connection, list(incidents))
    return Bounds(edge, tickets, allowed, agents=owners)


def _incidents_of(effect: Effect) -> tuple[int, ...]:
    """Whose tickets it may speak of. An answer belongs to no incident, and names those it is about."""
    named = _NAMED.findall(effect.payload.text) if isinstance(effect.payload, ChatAnswer) else []
    own = [] if effect.incident_id is None else [effect.incident_id]
    return (*own, *(int(one) for one in named))
