"""Similarity's light face: which incident a ticket is of, learnt from those that people and rules put together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database
from insights.contract import Subject, Watched
from insights.learning import SEED
from insights.store.truths import settle_similar

if TYPE_CHECKING:
    import pandas as pd

    from insights.quality.training import TrainingExpectations
    from insights.similar.learner import SimilarLearner, TaughtPairs

LABEL = "incident"


class Similar:
    """Which open incident a ticket belongs to, and which past ones were like it."""

    kind = InsightKind.SIMILAR.value
    subjects = (Subject(InsightKind.SIMILAR.value, LABEL, "similar"),)

    def mode(self, policy: Policy) -> InsightMode:
        return policy.insights.similar.mode

    async def history(self, database: Database, basis: Basis) -> pd.DataFrame:
        """The tickets of incidents, each with its candidates of the time (`insights.similar.faults`)."""
        from insights.similar.faults import similar_rows
        from insights.store.similar_faults import read_faults

        async with database.transaction() as tx:
            faults = await read_faults(tx, since=basis.now - basis.policy.insights.history, until=basis.now)
        # It may take a minute, and this process has promises to keep meanwhile.
        return await asyncio.to_thread(similar_rows, faults, horizon=basis.policy.insights.history)

    def learner(self, label: str, policy: Policy) -> SimilarLearner:
        from insights.similar.learner import SimilarLearner

        del label, policy
        return SimilarLearner(seed=SEED)

    def model_class(self, label: str) -> type[TaughtPairs]:
        from insights.similar.learner import TaughtPairs

        del label
        return TaughtPairs

    def expectations(self, label: str) -> TrainingExpectations:
        from insights.similar.expectations import similar_expectations

        del label
        return similar_expectations()

    def watched(self, label: str) -> Watched:
        del label
        return Watched(time="created_at", label="repeats", text=("subject",))

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        return await settle_similar(tx, now=basis.now)
