"""Champion against challenger, with a split by time and a baseline: what came before a moment is learnt from, what came
after it is asked about.

A champion has learnt from everything up to its own training, so only later cases are fair to it, and half of these
are given to the challenger to learn from: what it knows that the champion does not is what is to be tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import pandas as pd

from insights.learning import CannotLearn, NotEnoughHistory
from insights.training.card import (
    Feature,
    ModelCard,
    reliability,
)
from insights.training.gate import (
    Answers,
    Floats,
    GateVerdict,
    Metric,
    judge,
    scored,
)

LATER = 0.2
"""The share of the cases, the newest, that is tested on; less where the champion knows them."""

FEWEST_TESTED = 100
FEWEST_GROUPS = 10
"""Of cases that stand or fall together, such as the tickets of one incident."""

LearntModel = TypeVar("LearntModel")


class NothingNew(CannotLearn):
    """Too little has happened since the champion learnt to tell a better one from it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """What a learner tells of its model, for the card."""

    features: tuple[Feature, ...]
    labels: tuple[str, ...] = ()
    not_learnt: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


class Learner(Protocol[LearntModel]):
    """One kind of model: how it is learnt and asked. Nothing here is written or read."""

    @property
    def title(self) -> str:
        """What is learnt, for people: `routing group`."""
        ...

    @property
    def metric(self) -> Metric:
        """By which figure models are compared."""
        ...

    def usable(self, history: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
        """The rows whose answer is known. Raises `CannotLearn`."""

    def came_in(self, rows: pd.DataFrame) -> pd.Series:
        """When each row's case came in."""

    def cases(self, rows: pd.DataFrame) -> pd.Series:
        """The name of each row's case: what is counted as an example."""

    def groups(self, rows: pd.DataFrame) -> pd.Series:
        """What each row is of that stands or falls together, such as the tickets of one incident."""

    def learn(self, rows: pd.DataFrame, *, now: datetime) -> LearntModel:
        """From what was known by `now`. Raises `CannotLearn`."""

    def ask(self, model: LearntModel, rows: pd.DataFrame) -> Answers:
        """Raises `UnusableHistory` if the rows lack what the model was trained with."""

    def baseline(self, known: pd.DataFrame, rows: pd.DataFrame) -> Answers:
        """What is said of the rows by who knows only which answer was commonest before."""

    def right(self, answers: Answers) -> Floats:
        """1 for each row whose likeliest answer was right, else 0."""

    def describe(self, model: LearntModel) -> Described:
        """What the model's card says of it: what matters most, what it does not know."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Incumbent(Generic[LearntModel]):
    """The model in use, and up to when it has seen what happened."""

    model: LearntModel
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Contested(Generic[LearntModel]):
    """`model` has learnt from all if it was promoted; else it is the one that was tested."""

    model: LearntModel
    verdict: GateVerdict
    card: ModelCard


def usable_history(
    history: pd.DataFrame, learner: Learner[LearntModel], *, minimum: int, now: datetime
) -> pd.DataFrame:
    """The rows to learn from. Raises `NotEnoughHistory` below `minimum` cases, and `UnusableHistory`."""
    usable = learner.usable(history, now=now)
    count = learner.cases(usable).nunique()
    if count < minimum:
        short = f"too little history ({count:,} of {minimum:,})"
        raise NotEnoughHistory(f"{learner.title}: {short}; until then the policy's rules decide", short=short)
    return usable


def contest(
    usable: pd.DataFrame,
    learner: Learner[LearntModel],
    champion: Incumbent[LearntModel] | None,
    *,
    now: datetime,
    seed: int,
) -> Contested[LearntModel]:
    """Learn, test, judge, and write the card, from rows of `usable_history`.

    Raises `NotEnoughHistory`, `UnusableHistory`, and `NothingNew` if the champion has seen nearly all of it.
    """
    arrivals = learner.came_in(usable).groupby(learner.cases(usable)).min().sort_values()
    cut = _cut(arrivals, learner.title, champion)
    came_in = learner.came_in(usable)
    known, later = usable[came_in < cut], usable[came_in >= cut]
    tried = learner.learn(known, now=cut)
    answers, plainest = learner.ask(tried, later), learner.baseline(known, later)
    if len(set(answers.case)) < FEWEST_GROUPS:
        raise NotEnoughHistory(
            f"{learner.title}: the {len(later):,} rows to test on are of {len(set(answers.case))} cases, needed are "
            f"{FEWEST_GROUPS}: wait for more"
        )
    rival, name = plainest, "baseline"
    if champion is not None:
        rival, name = learner.ask(champion.model, later), "champion"
    verdict = judge(answers, rival, learner.metric, name=name, is_first=champion is None, seed=seed)
    model = learner.learn(usable, now=now) if verdict.promoted else tried
    described = learner.describe(model)
    card = ModelCard(
        title=learner.title,
        trained_at=now,
        history_from=arrivals.iloc[0].to_pydatetime(),
        history_until=now if verdict.promoted else cut,
        examples=len(arrivals) if verdict.promoted else int((arrivals < cut).sum()),
        tested_from=cut,
        tested=int((arrivals >= cut).sum()),
        metric=learner.metric.name,
        metric_words=learner.metric.words,
        challenger=verdict.challenger,
        baseline=scored(plainest, learner.metric, seed=seed),
        incumbent=verdict.incumbent if champion is not None else None,
        gain=verdict.gain,
        calibration=verdict.calibration[0],
        accuracy=float(learner.right(answers).mean()),
        answered=float(answers.spoke.mean()),
        verdict=verdict.why,
        reliability=reliability(answers),
        features=described.features,
        labels=described.labels,
        not_learnt=described.not_learnt,
        limits=described.limits,
    )
    return Contested(model=model, verdict=verdict, card=card)


def _cut(arrivals: pd.Series, title: str, champion: Incumbent[LearntModel] | None) -> datetime:
    """The moment that parts what is learnt from what is tested on; `arrivals` are the cases', in order."""
    first = round(len(arrivals) * (1 - LATER))
    if champion is not None:
        unseen = int((arrivals > champion.until).sum())
        first = max(first, len(arrivals) - unseen // 2)
        if len(arrivals) - first < FEWEST_TESTED:
            short = f"too little news ({unseen:,} of {2 * FEWEST_TESTED} since the champion learnt)"
            raise NothingNew(f"{title}: {short}; it stays", short=short)
    if len(arrivals) - first < FEWEST_TESTED:
        wanted = round(FEWEST_TESTED / LATER)
        short = f"too little history ({len(arrivals):,} of {wanted} to learn and test on)"
        raise NotEnoughHistory(f"{title}: {short}; until then the policy's rules decide", short=short)
    cut: datetime = arrivals.iloc[first].to_pydatetime()
    return cut
