"""Routing's light face: which labels of a ticket are learnt, from what, and what became of the guesses."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import Severity
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database
from insights.contract import Subject, Watched
from insights.learning import SEED
from insights.store.truths import settle_routing

if TYPE_CHECKING:
    import pandas as pd

    from insights.quality.training import TrainingExpectations
    from insights.routing.learner import RoutingLearner
    from insights.routing.model import RoutingModel

LABELS = ("service", "severity", "group")


class Routing:
    """Which service, severity and group a ticket is of."""

    kind = InsightKind.ROUTING.value
    subjects = tuple(Subject(InsightKind.ROUTING.value, label, f"routing {label}") for label in LABELS)

    def mode(self, policy: Policy) -> InsightMode:
        return policy.insights.routing.mode

    async def history(self, database: Database, policy: Policy, *, now: datetime) -> pd.DataFrame:
        """The tickets with what they turned out to be, a row each (`insights.store.routing_history`)."""
        from insights.store.routing_history import routing_history

        async with database.transaction() as tx:
            return await routing_history(tx, since=now - policy.insights.history, until=now)

    def learner(self, label: str, policy: Policy) -> RoutingLearner:
        """Services that left the policy are not learnt."""
        from insights.routing.learner import RoutingLearner
        from insights.routing.ticket_frame import OF_AN_INCIDENT

        allowed = {
            "service": frozenset(policy.services),
            "severity": frozenset(str(int(severity)) for severity in Severity),
        }
        return RoutingLearner(
            label=label,
            accuracy=policy.insights.routing.accuracy,
            is_thorough=policy.insights.routing.thorough,
            seed=SEED,
            of_an_incident=OF_AN_INCIDENT,
            allowed=allowed.get(label),
        )

    def model_class(self, label: str) -> type[RoutingModel]:
        from insights.routing.model import RoutingModel

        del label
        return RoutingModel

    def expectations(self, label: str) -> TrainingExpectations:
        from insights.routing.expectations import routing_expectations

        return routing_expectations(label)

    def watched(self, label: str) -> Watched:
        from insights.routing.ticket_frame import FIELDS, TEXT, TIME

        return Watched(time=TIME, label=label, text=TEXT, columns=FIELDS)

    async def settle(self, tx: AsyncConnection, policy: Policy, *, now: datetime) -> int:
        del policy
        return await settle_routing(tx, now=now)
