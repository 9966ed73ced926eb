"""Breach risk's light face: promises with a due time, and whether they were kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.insights import BREACH_LABEL, InsightKind, InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database
from insights.contract import Subject, Watched
from insights.learning import SEED
from insights.store.truths import settle_breaches

if TYPE_CHECKING:
    import pandas as pd

    from insights.breach.learner import BreachLearner
    from insights.breach.model import BreachModel
    from insights.quality.training import TrainingExpectations


class BreachRisk:
    """How likely a promise is to be broken."""

    kind = InsightKind.BREACH.value
    subjects = (Subject(InsightKind.BREACH.value, BREACH_LABEL, "breach"),)

    def mode(self, policy: Policy) -> InsightMode:
        return policy.insights.breach.mode

    async def history(self, database: Database, basis: Basis) -> pd.DataFrame:
        """The promises as they stood after each event, a row each look (`insights.breach.promises`)."""
        from insights.breach.promises import promise_rows
        from insights.store.breach_promises import read_promises

        async with database.transaction() as tx:
            promises = await read_promises(
                tx, since=basis.now - basis.policy.insights.history, until=basis.now
            )
        # It may take a minute, and this process has promises to keep meanwhile.
        return await asyncio.to_thread(
            promise_rows, promises, basis.policy.sla.working_calendars(), now=basis.now
        )

    def learner(self, label: str, policy: Policy) -> BreachLearner:
        from insights.breach.learner import BreachLearner
        from insights.breach.promises import PROMISES

        del label, policy
        return BreachLearner(roles=PROMISES, seed=SEED)

    def model_class(self, label: str) -> type[BreachModel]:
        from insights.breach.model import BreachModel

        del label
        return BreachModel

    def expectations(self, label: str) -> TrainingExpectations:
        from insights.breach.expectations import breach_expectations

        del label
        return breach_expectations()

    def watched(self, label: str) -> Watched:
        from insights.breach.promises import PROMISES

        del label
        return Watched(
            time=PROMISES.known_at,
            label=PROMISES.label,
            columns=("metric", "tier", "product", "channel", "service", "team", "state", "target_hours"),
        )

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        return await settle_breaches(tx, now=basis.now)
