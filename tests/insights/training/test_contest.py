"""The contest is out of time: nobody learns from what comes later, a champion is asked what it has not seen."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from insights.breach.learner import BreachLearner
from insights.breach.promises import PROMISES, promise_rows
from insights.learning import NotEnoughHistory, UnusableHistory
from insights.routing.learner import RoutingLearner
from insights.training.contest import (
    Described,
    Incumbent,
    NothingNew,
    contest,
    usable_history,
)
from insights.training.gate import ACCURACY, Answers
from tests.insights.breach.promise_history import CALENDARS, promises
from tests.insights.routing.routing_data import history as routing_history

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Parrot:
    """Its models are the newest time they have learnt from, and what it was asked about is written down."""

    learnt: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    title: str = "parrot"
    metric: object = ACCURACY
    cases_of: str = "ticket"

    def usable(self, history, *, now):
        return history[history["at"] < now]

    def came_in(self, rows):
        return rows["at"]

    def cases(self, rows):
        return rows[self.cases_of]

    def learn(self, rows, *, now):
        self.learnt.append(rows["at"].max())
        return len(rows)

    def ask(self, model, rows):
        self.asked.append((model, rows["at"].min()))
        return self._answers(rows, 0.9 if isinstance(model, int) else 0.5)

    def baseline(self, known, rows):
        return self._answers(rows, 0.4)

    def right(self, answers):
        return answers.came.astype(float)

    def describe(self, model):
        return Described(features=(), limits=(f"model {model}",))

    def _answers(self, rows, share):
        number = np.arange(len(rows))
        return Answers(
            chance=np.full(len(rows), share),
            came=np.floor((number + 1) * share) > np.floor(number * share),
            spoke=np.ones(len(rows), dtype=bool),
            case=pd.factorize(rows["incident"])[0],
        )


def rows(count=1000, *, incidents=200):
    return pd.DataFrame(
        {
            "ticket": range(count),
            "incident": [number * incidents // count for number in range(count)],
            "at": [pd.Timestamp(NOW - 100 * DAY * (1 - number / count)) for number in range(count)],
        }
    )


def test_what_is_tested_on_is_later_than_what_was_learnt_and_then_all_is_learnt():
    parrot = Parrot()
    found = contest(rows(), parrot, None, now=NOW, seed=1)
    (_, tested_from), (tried, whole) = parrot.asked[0], parrot.learnt
    assert tried < tested_from == found.card.tested_from
    assert whole == rows()["at"].max()
    assert found.verdict.promoted
    assert (found.model, found.card.examples, found.card.tested) == (1000, 1000, 200)
    assert found.card.history_until == NOW
    assert found.card.incumbent is None


def test_a_champion_is_only_asked_about_what_it_has_not_seen():
    """Of the 299 tickets since it learnt, the challenger learns half."""
    parrot = Parrot()
    found = contest(rows(), parrot, Incumbent(model="old", until=NOW - 30 * DAY), now=NOW, seed=1)
    assert [(who, at) for who, at in parrot.asked if who == "old"] == [("old", found.card.tested_from)]
    assert found.card.tested_from >= NOW - 30 * DAY
    assert found.card.tested == 149
    assert found.card.incumbent is not None
    assert found.verdict.promoted


def test_one_that_is_kept_out_is_not_learnt_again_and_its_card_says_what_it_knew():
    parrot = Parrot()
    found = contest(rows(), parrot, Incumbent(model=7, until=NOW - 60 * DAY), now=NOW, seed=1)
    assert not found.verdict.promoted
    assert len(parrot.learnt) == 1
    assert found.card.history_until == found.card.tested_from
    assert found.card.examples == 800


@pytest.mark.parametrize(
    ("frame", "champion", "error", "message"),
    [
        (rows(400), None, NotEnoughHistory, r"too little history \(400 of 500 to learn and test on\)"),
        (rows(), Incumbent(model=7, until=NOW - 10 * DAY), NothingNew, r"too little news \(9\d of 200"),
        (rows(incidents=20), None, NotEnoughHistory, "needed are 10"),
    ],
    ids=["short", "all known", "one storm"],
)
def test_too_little_to_tell_is_said(frame, champion, error, message):
    with pytest.raises(error, match=message):
        contest(frame, Parrot(), champion, now=NOW, seed=1)


def test_below_the_policys_minimum_nothing_is_learnt():
    with pytest.raises(
        NotEnoughHistory, match=r"parrot: too little history \(120 of 500\); until then the policy's"
    ):
        usable_history(rows(120), Parrot(), minimum=500, now=NOW)


def tickets(count=800, **changes):
    frame = routing_history(count, noise=0.1)
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    more = {
        "ticket": [f"z#{n}" for n in range(count)],
        "body": "",
        "tier": None,
        "connection": "z/s",
        "incident": None,
    }
    return frame.assign(**(more | changes))


ROUTING = RoutingLearner(label="service", accuracy=0.9, seed=1, of_an_incident=50)


def test_a_routing_model_is_learnt_and_described():
    found = contest(ROUTING.usable(tickets(), now=NOW), ROUTING, None, now=NOW, seed=1)
    assert found.verdict.promoted
    assert 0.85 < found.card.accuracy < 0.97
    assert found.card.labels == ("accounts", "checkout", "search")
    assert 0 < sum(feature.share for feature in found.card.features) <= 1
    assert not any(feature.name.startswith("letters") for feature in found.card.features)


def test_labels_by_lot_teach_nothing_and_nothing_is_promoted():
    lot = np.random.default_rng(4).choice(["a", "b", "c"], 800)
    found = contest(ROUTING.usable(tickets(service=lot), now=NOW), ROUTING, None, now=NOW, seed=1)
    assert not found.verdict.promoted


def test_tickets_of_one_incident_stand_or_fall_together():
    answers = ROUTING.baseline(tickets(6), tickets(6, incident=[1, 1, 2, None, None, 2]))
    assert answers.case.tolist() == [0, 0, 1, 2, 3, 1]


@pytest.mark.parametrize("changes", [{"service": None}, {"service": "checkout"}, {"service": " "}])
def test_a_history_without_labels_or_of_one_kind_says_so(changes):
    with pytest.raises(NotEnoughHistory):
        contest(
            usable_history(tickets(**changes), ROUTING, minimum=50, now=NOW), ROUTING, None, now=NOW, seed=1
        )


def test_a_history_without_its_columns_says_which():
    with pytest.raises(UnusableHistory, match="incident"):
        ROUTING.usable(tickets().drop(columns="incident"), now=NOW)


def test_services_that_left_the_policy_are_not_learnt():
    learner = RoutingLearner(
        label="service", accuracy=0.9, seed=1, of_an_incident=50, allowed=frozenset({"search", "accounts"})
    )
    assert set(learner.usable(tickets(), now=NOW)["service"]) == {"search", "accounts"}


def test_breaches_are_learnt_and_described():
    learner = BreachLearner(roles=PROMISES, seed=1)
    made = promises(1000, first=NOW - 60 * DAY, last=NOW)
    usable = usable_history(promise_rows(made, CALENDARS, now=NOW), learner, minimum=500, now=NOW)
    found = contest(usable, learner, None, now=NOW, seed=1)
    assert found.verdict.promoted
    assert found.card.metric == "auc"
    assert found.card.features[0].name == "tier"
    assert found.card.baseline.value == 0.5
