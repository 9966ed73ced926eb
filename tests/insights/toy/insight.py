"""Which group a ticket ends with, guessed from the first word of its subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import numpy as np
import pandas as pd
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.basis import Basis
from incidents.policy.insights import InsightMode
from incidents.policy.policy import Policy
from incidents.store.database import Database
from incidents.store.schema.tables import insight_predictions, tickets
from insights.contract import Subject, Watched
from insights.quality.training import TrainingExpectations
from insights.training.card import Feature
from insights.training.contest import Described
from insights.training.gate import ACCURACY, Answers, Floats, Metric

KIND, LABEL = "first_word", "group"
COLUMNS = ("ticket", "created_at", "word", "group")


@dataclass(frozen=True, kw_only=True)
class FirstWordModel:
    format: ClassVar[int] = 1

    groups: dict[str, str]
    commonest: str
    sureness: float


@dataclass(frozen=True, kw_only=True)
class FirstWordLearner:
    title: str = KIND
    metric: Metric = ACCURACY

    def usable(self, history: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
        return history[history["created_at"] < now]

    def came_in(self, rows: pd.DataFrame) -> pd.Series:
        return rows["created_at"]

    def cases(self, rows: pd.DataFrame) -> pd.Series:
        return rows["ticket"]

    def groups(self, rows: pd.DataFrame) -> pd.Series:
        return rows["ticket"]

    def learn(self, rows: pd.DataFrame, *, now: datetime) -> FirstWordModel:
        known = rows[rows["created_at"] < now]
        groups = known.groupby("word")["group"].agg(lambda one: one.mode().iloc[0]).to_dict()
        right = float((known["word"].map(groups) == known["group"]).mean())
        return FirstWordModel(groups=groups, commonest=known["group"].mode().iloc[0], sureness=right)

    def ask(self, model: FirstWordModel, rows: pd.DataFrame) -> Answers:
        return self._answers(rows, rows["word"].map(model.groups).fillna(model.commonest), model.sureness)

    def baseline(self, known: pd.DataFrame, rows: pd.DataFrame) -> Answers:
        shares = known["group"].value_counts(normalize=True)
        return self._answers(rows, pd.Series(shares.index[0], rows.index), float(shares.iloc[0]))

    def right(self, answers: Answers) -> Floats:
        return answers.came.astype(np.float64)

    def describe(self, model: FirstWordModel) -> Described:
        return Described(
            features=(Feature(name="first word", share=1.0),), limits=(f"Knows {len(model.groups)} words.",)
        )

    def _answers(self, rows: pd.DataFrame, said: pd.Series, chance: float) -> Answers:
        return Answers(
            chance=np.full(len(rows), chance),
            came=(said == rows["group"]).to_numpy(),
            spoke=np.ones(len(rows), dtype=np.bool_),
            case=np.arange(len(rows)),
        )


@dataclass(frozen=True, kw_only=True)
class FirstWord:
    """`how_far` stands for a setting of the policy."""

    how_far: InsightMode = InsightMode.SHADOW
    kind: str = KIND
    subjects: tuple[Subject, ...] = (Subject(KIND, LABEL, KIND),)

    def mode(self, policy: Policy) -> InsightMode:
        del policy
        return self.how_far

    async def history(self, database: Database, basis: Basis) -> pd.DataFrame:
        columns = tickets.c
        async with database.transaction() as tx:
            found = await tx.execute(
                select(columns.connection, columns.id, columns.created_at, columns.subject, columns.group)
                .where(
                    columns.created_at >= basis.now - basis.policy.insights.history,
                    columns.group.is_not(None),
                )
                .order_by(columns.created_at)
            )
            rows = [(f"{row[0]}#{row[1]}", row[2], row[3].split(" ")[0], row[4]) for row in found]
        frame = pd.DataFrame(rows, columns=[*COLUMNS])
        frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
        return frame

    def learner(self, label: str, policy: Policy) -> FirstWordLearner:
        return FirstWordLearner()

    def model_class(self, label: str) -> type[FirstWordModel]:
        return FirstWordModel

    def expectations(self, label: str) -> TrainingExpectations:
        return TrainingExpectations(time="created_at", unique="ticket", complete={"word": 0.0, LABEL: 0.0})

    def watched(self, label: str) -> Watched:
        return Watched(time="created_at", label=LABEL, columns=("word",))

    async def settle(self, tx: AsyncConnection, basis: Basis) -> int:
        predictions, ref = insight_predictions.c, tickets.c.connection + "#" + tickets.c.id
        settled = await tx.execute(
            update(insight_predictions)
            .where(predictions.kind == KIND, predictions.truth.is_(None), predictions.subject == ref)
            .values(truth=tickets.c.group, truth_at=basis.now)
        )
        return settled.rowcount
