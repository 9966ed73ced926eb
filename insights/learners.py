"""How each subject is learnt: its learner, the class of its models and what its history must be like.

What models are made of is imported here, which takes seconds and a hundred megabytes: only who trains imports this.
"""

from __future__ import annotations

from typing import Any

from incidents.models import Severity
from incidents.policy.insights import InsightKind
from incidents.policy.policy import Policy
from insights.breach.learner import BreachLearner
from insights.breach.model import BreachModel
from insights.breach.promises import PROMISES
from insights.expectations import (
    breach_expectations,
    routing_expectations,
    similar_expectations,
)
from insights.quality.training import TrainingExpectations
from insights.routing.learner import RoutingLearner
from insights.routing.model import RoutingModel
from insights.similar.learner import SimilarLearner, TaughtPairs
from insights.subjects import OF_AN_INCIDENT, Subject
from insights.training.contest import Learner

SEED = 1
"""The same history makes the same model."""


def learner_of(subject: Subject, policy: Policy) -> Learner[Any]:
    if subject.kind is InsightKind.BREACH:
        return BreachLearner(roles=PROMISES, seed=SEED)
    if subject.kind is InsightKind.SIMILAR:
        return SimilarLearner(seed=SEED)
    allowed = {
        "service": frozenset(policy.services),
        "severity": frozenset(str(int(severity)) for severity in Severity),
    }
    return RoutingLearner(
        label=subject.label,
        accuracy=policy.insights.routing.accuracy,
        is_thorough=policy.insights.routing.thorough,
        seed=SEED,
        of_an_incident=OF_AN_INCIDENT,
        allowed=allowed.get(subject.label),
    )


def model_class_of(subject: Subject) -> type[Any]:
    classes = {InsightKind.BREACH: BreachModel, InsightKind.SIMILAR: TaughtPairs}
    return classes.get(subject.kind, RoutingModel)


def expectations_of(subject: Subject) -> TrainingExpectations:
    if subject.kind is InsightKind.BREACH:
        return breach_expectations()
    if subject.kind is InsightKind.SIMILAR:
        return similar_expectations()
    return routing_expectations(subject.label)
