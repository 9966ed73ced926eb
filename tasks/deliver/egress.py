"""The one place that every effect passes on its way out: what its way may not have is taken out here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from incidents.effects import ChatAnswer, Effect
from incidents.egress.bounds import within_bounds
from incidents.egress.edges import edge_of
from incidents.store.ledger.effects import Leased
from incidents.store.tickets import ticket_secrets
from tasks import resources

_NAMED = re.compile(r"\bINC-([0-9]{1,18})\b")


async def as_they_may_depart(leased: Sequence[Leased]) -> Sequence[Leased]:
    """The same with texts that keep to the policy's `egress`, read at this moment."""
    return [replace(item, effect=await as_it_may_depart(item.effect)) for item in leased]


async def as_it_may_depart(effect: Effect) -> Effect:
    """The same for one effect; one that tells nobody anything is returned as it is."""
    edge = edge_of(effect.kind)
    if edge is None:
        return effect
    async with resources.transaction() as step:
        allowed = step.basis.policy.egress.allowed(edge)
        tickets, owners = await ticket_secrets(step.connection, _incidents_of(effect))
    return within_bounds(effect, tickets, allowed, agents=owners)


def _incidents_of(effect: Effect) -> list[int]:
    """Whose tickets it may speak of. An answer belongs to no incident, and names those it is about."""
    named = _NAMED.findall(effect.payload.text) if isinstance(effect.payload, ChatAnswer) else []
    own = [] if effect.incident_id is None else [effect.incident_id]
    return [*own, *(int(one) for one in named)]
