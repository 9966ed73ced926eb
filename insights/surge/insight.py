"""Surge detection's light face. It has no models: what is usual is learnt from the running stream (the baseline)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy

LOOKED_BACK = timedelta(days=90)
"""Surges seen in this time are held against incidents."""


class Surges:
    """More tickets than usual."""

    kind = InsightKind.SURGE.value

    def mode(self, policy: Policy) -> InsightMode:
        return policy.insights.surge.mode

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        """An incident or nothing, for each surge of the last 90 days; one may turn out to be an incident later."""
        from insights.store.surge_record import settle_surges, surge_outcomes

        outcomes = await surge_outcomes(
            tx, basis.now - LOOKED_BACK, now=basis.now, services=frozenset(basis.policy.services)
        )
        return await settle_surges(tx, outcomes, now=basis.now)
