"""Each subject can be learnt, kept and read again, and one that does not exist is refused with those that do."""

from __future__ import annotations

import pytest

from deployments.demo import play
from incidents.errors import NotFound
from incidents.policy.file import load_policy
from incidents.policy.insights import InsightKind, InsightMode
from insights.learners import (
    expectations_of,
    learner_of,
    model_class_of,
)
from insights.subjects import (
    SUBJECTS,
    mode_of,
    subject_of,
    subjects_of,
)


@pytest.fixture(scope="module")
def policy():
    return load_policy(play.POLICY)


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.key)
def test_a_subject_has_all_that_its_life_needs(subject, policy):
    assert subject_of(subject.kind.value, subject.label) == subject
    assert subject in subjects_of(subject.kind)
    assert learner_of(subject, policy).title == subject.title
    assert isinstance(model_class_of(subject).format, int), "the registry compares it before it unpickles"
    assert expectations_of(subject).time
    assert mode_of(subject.kind, policy) in InsightMode


def test_only_services_and_severities_of_the_policy_are_learnt(policy):
    services, severities, groups = (learner_of(one, policy) for one in subjects_of(InsightKind.ROUTING))
    assert services.allowed == frozenset(policy.services)
    assert severities.allowed == {"1", "2", "3", "4"}
    assert groups.allowed is None


def test_what_is_not_learnt_is_refused_with_what_is():
    with pytest.raises(
        NotFound, match="there are routing service, routing severity, routing group, breach breached"
    ):
        subject_of("weather", "rain")
