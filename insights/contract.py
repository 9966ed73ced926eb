"""What an insight promises the flows that train it, watch it for drift and settle what it said.

Two Protocols: every insight has a mode and settles its predictions; one that is trained also has a history, a learner
for each label, expectations of its history, and columns in which that may drift. `insights.registry` lists those there
are. An insight's class is its light face: a process that only lists or asks imports it, so what it learns with (SciPy,
scikit-learn, LightGBM) is imported inside its methods.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.insights import InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database

if TYPE_CHECKING:
    import pandas as pd

    from insights.quality.training import TrainingExpectations
    from insights.training.contest import Learner


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's kind and the label it learns. `title` is for people: `routing service`, `breach`."""

    kind: str
    label: str
    title: str

    @property
    def key(self) -> str:
        """For artifacts and reports: `routing-service`. Prefect's keys are small letters, digits and dashes."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower())


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """The columns in which a history may drift: when a row is from, what is read as text, and what else."""

    time: str
    label: str
    text: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@runtime_checkable
class Insight(Protocol):
    """What every insight promises. It never stops the process: without it, the policy's rules decide."""

    @property
    def kind(self) -> str:
        """Its name, in models, predictions and the policy's section `insights`."""

    def mode(self, policy: Policy) -> InsightMode:
        """How far the policy lets it go."""

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        """Write beside each of its predictions what became of it, as far as that is known by now; for how many.

        What a person said is true stays.
        """


@runtime_checkable
class TrainedInsight(Insight, Protocol):
    """An insight with models: one for each subject, learnt from this installation's own history."""

    @property
    def subjects(self) -> Sequence[Subject]:
        """What it learns. Their order is that of training."""

    async def history(self, database: Database, basis: Basis) -> pd.DataFrame:
        """What its learners learn from, as far back as the policy's `insights.history`. Raises `UnusableHistory`."""

    def learner(self, label: str, policy: Policy) -> Learner[Any]:
        """How this label is learnt: what the contest (train, test, judge) needs. It can be pickled."""

    def model_class(self, label: str) -> type[Any]:
        """The class of its models. Its `format` is compared before a stored one is unpickled."""

    def expectations(self, label: str) -> TrainingExpectations:
        """What the learner's usable rows must be like before anything is learnt from them."""

    def watched(self, label: str) -> Watched:
        """The columns of these rows that are compared with what a model learnt."""
