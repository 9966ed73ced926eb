"""Routing's light face: which labels of a ticket are learnt, from what, and what became of the guesses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.models import Severity
from incidents.policy.insights import InsightKind, InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database
from insights.contract import Subject, Watched
from insights.embeddings import MISSING, encoded, encoder_version
from insights.learning import SEED
from insights.store.truths import settle_routing

if TYPE_CHECKING:
    import pandas as pd

    from insights.quality.training import TrainingExpectations
    from insights.routing.learner import RoutingLearner
    from insights.routing.model import RoutingModel

logger = logging.getLogger("liaison.learnt")

MOST_ENCODED = 20_000
"""Texts that are encoded at a time, the newest: some minutes. What is left has its turn the next time."""

LABELS = ("service", "severity", "group")


@dataclass(frozen=True, kw_only=True)
class Routing:
    """Which service, severity and group a ticket is of. `encoder` says which encoder of texts is installed, if any."""

    encoder: Callable[[], str | None] = encoder_version

    kind: str = InsightKind.ROUTING.value
    subjects: tuple[Subject, ...] = tuple(
        Subject(InsightKind.ROUTING.value, label, f"routing {label}") for label in LABELS
    )

    def mode(self, policy: Policy) -> InsightMode:
        return policy.insights.routing.mode

    async def history(self, database: Database, basis: Basis) -> pd.DataFrame:
        """The tickets with what they turned out to be, a row each (`insights.store.routing_history`); with the policy's
        `embeddings` also their texts' vectors, of which the newest that are missing are encoded."""
        from insights.routing.vectors import with_vectors
        from insights.store.routing_history import routing_history
        from insights.store.vectors import forget_vectors
        from insights.training.apart import apart

        since = basis.now - basis.policy.insights.history
        async with database.transaction() as tx:
            tickets = await routing_history(tx, since=since, until=basis.now)
        if not basis.policy.insights.routing.embeddings:
            return tickets
        encoder = self.encoder()
        if encoder is None:
            logger.warning("routing goes by words alone: %s", MISSING)
            return tickets
        async with database.transaction() as tx:
            await forget_vectors(tx, before=since)

        async def encode(texts: Sequence[str]) -> list[bytes]:
            # Milliseconds each, of a core: not in a process that has promises to keep meanwhile.
            return await apart(encoded, texts)

        return await with_vectors(database, tickets, encode, encoder=encoder, most=MOST_ENCODED)

    def learner(self, label: str, policy: Policy) -> RoutingLearner:
        """Services that left the policy are not learnt."""
        from insights.routing.learner import RoutingLearner
        from insights.routing.ticket_frame import OF_AN_INCIDENT

        encoder = self.encoder() if policy.insights.routing.embeddings else None
        allowed = {
            "service": frozenset(policy.services),
            "severity": frozenset(str(int(severity)) for severity in Severity),
        }
        return RoutingLearner(
            label=label,
            accuracy=policy.insights.routing.accuracy,
            encoder=encoder,
            has_no_encoder=policy.insights.routing.embeddings and encoder is None,
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

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        return await settle_routing(tx, now=basis.now)
