from __future__ import annotations

import pickle
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from insights.breach.model import BreachModel
from insights.breach.rows import LIAISON
from insights.learning import (
    CannotLearn,
    NotEnoughHistory,
    UnusableHistory,
)
from tests.insights.breach.breach_cases import (
    NOW,
    RISK,
    START,
    history,
)


@pytest.fixture(scope="module")
def model() -> BreachModel:
    return BreachModel.train(history(), LIAISON, now=NOW, seed=1)


@pytest.fixture(scope="module")
def others() -> pd.DataFrame:
    """Cases the model has not seen, as they are while open."""
    rows = history(600, seed=2)
    return rows[rows["is_open"]].reset_index(drop=True)


def test_it_tells_cases_that_will_breach_from_those_that_will_not(
    model: BreachModel, others: pd.DataFrame
) -> None:
    """Knowing each service's risk exactly gives an AUC of about 0.85; nothing can do much better than that."""
    best = roc_auc_score(others["breached"].astype(int), others["service"].map(RISK))
    got = roc_auc_score(others["breached"].astype(int), model.probabilities(others))
    assert best - 0.03 < got < best + 0.1


def test_its_probabilities_are_rates(model: BreachModel, others: pd.DataFrame) -> None:
    first = others[others["events"] == 1]
    for service, risk in RISK.items():
        of_it = first[first["service"] == service]
        assert model.probabilities(of_it).mean() == pytest.approx(risk, abs=0.1)


def test_one_row_and_a_frame_of_rows_get_the_same_answer(model: BreachModel, others: pd.DataFrame) -> None:
    some = others.head(50)
    framed = model.predict(some)
    single = [model.predict_one(row) for row in some.to_dict("records")]
    assert [one.probability for one in framed] == pytest.approx([one.probability for one in single])
    assert [one.probability for one in framed] == pytest.approx(model.probabilities(some))
    assert [one.reasons for one in framed] == [one.reasons for one in single]


def test_the_reason_is_the_cause(model: BreachModel, others: pd.DataFrame) -> None:
    """In this helpdesk a breach is the service's doing (its team says the same), and the reasons are three."""
    row = others[(others["service"] == "checkout") & (others["events"] == 1)].iloc[0]
    reasons = model.predict_one(row.to_dict()).reasons
    assert len(reasons) == 3
    assert reasons[0].text in {"service is checkout", "team is team-checkout"}
    assert reasons[0].weight > 0
    assert abs(reasons[0].weight) >= abs(reasons[1].weight) >= abs(reasons[2].weight)


def test_what_is_settled_later_changes_nothing(model: BreachModel) -> None:
    """Turning every verdict after now around gives the same model: it was not looked at."""
    rows = history()
    now = START + timedelta(days=60)
    turned = rows.copy()
    late = turned["settled_at"] >= now
    turned.loc[late & turned["breached"].notna(), "breached"] = ~turned.loc[
        late & turned["breached"].notna(), "breached"
    ].astype(bool)
    asked = rows.head(100)
    before, after = (BreachModel.train(one, LIAISON, now=now, seed=1) for one in (rows, turned))
    assert np.array_equal(before.probabilities(asked), after.probabilities(asked))


def test_the_same_seed_gives_the_same_model(model: BreachModel, others: pd.DataFrame) -> None:
    again = BreachModel.train(history(), LIAISON, now=NOW, seed=1)
    assert np.array_equal(again.probabilities(others), model.probabilities(others))


def test_a_model_survives_its_pickle(model: BreachModel, others: pd.DataFrame) -> None:
    kept = pickle.loads(pickle.dumps(model))  # noqa: S301
    assert kept.predict(others.head(5)) == model.predict(others.head(5))
    assert kept.format == BreachModel.format


def test_no_rows_get_no_chances(model: BreachModel, others: pd.DataFrame) -> None:
    assert model.predict(others.head(0)) == []
    assert len(model.probabilities(others.head(0))) == 0


@pytest.mark.parametrize(
    "value", ["", "x" * 1_000_000, "чекаут", "出错了", None, float("nan"), 7, "\x00\n{{", pd.NA]
)
def test_a_service_it_never_met_is_a_service_unknown(
    model: BreachModel, others: pd.DataFrame, value: object
) -> None:
    row = others.iloc[0].to_dict()
    met = model.predict_one(row | {"service": value, "team": value})
    assert met.probability == model.predict_one(row | {"service": None, "team": None}).probability
    assert all(len(reason.text) < 150 for reason in met.reasons)


@pytest.mark.parametrize(
    "value", [None, float("nan"), float("inf"), -float("inf"), 10**400, np.float32(1), pd.NA]
)
def test_any_number_or_none_is_taken(model: BreachModel, others: pd.DataFrame, value: object) -> None:
    row = others.iloc[0].to_dict() | {"left_hours": value}
    assert 0 <= model.predict_one(row).probability <= 1
    assert model.predict(pd.DataFrame([row]))[0] == model.predict_one(row)


@given(st.text(st.characters(exclude_characters="aeiou")))
def test_whatever_a_helpdesk_calls_its_services(model: BreachModel, others: pd.DataFrame, name: str) -> None:
    """A name never met is a name unknown, and as a reason it is one short line whatever it holds."""
    row = others.iloc[0].to_dict()
    chance = model.predict_one(row | {"service": name, "team": name})
    assert chance.probability == model.predict_one(row | {"service": None, "team": None}).probability
    assert all(len(reason.text.splitlines()) == 1 for reason in chance.reasons)


def test_a_text_for_a_number_is_refused_by_name(model: BreachModel, others: pd.DataFrame) -> None:
    row = others.iloc[0].to_dict() | {"left_hours": "two"}
    with pytest.raises(UnusableHistory, match="left_hours wants numbers and holds str"):
        model.predict_one(row)
    with pytest.raises(UnusableHistory, match="left_hours wants numbers and holds str"):
        model.predict(pd.DataFrame([row]))


def test_missing_columns_are_named(model: BreachModel, others: pd.DataFrame) -> None:
    lacking = others.drop(columns=["team", "left_hours"])
    with pytest.raises(UnusableHistory, match="left_hours, team"):
        model.predict(lacking)
    with pytest.raises(UnusableHistory, match="left_hours, team"):
        model.predict_one(lacking.iloc[0].to_dict())
    with pytest.raises(UnusableHistory, match="left_hours, team"):
        BreachModel.train(history(50).drop(columns=["team", "left_hours"]), LIAISON, now=NOW, seed=1)


def test_a_history_that_teaches_nothing_makes_no_model() -> None:
    """Verdicts by the toss of a coin: there may be a poor model or none, never a confident one."""
    rows = history()
    coin = dict(zip(rows["case"].unique(), np.random.default_rng(5).random(len(rows)) < 0.3, strict=False))
    rows["breached"] = rows["case"].map(coin).where(rows["is_open"], None)
    try:
        tossed = BreachModel.train(rows, LIAISON, now=NOW, seed=1)
    except CannotLearn:
        return
    assert np.percentile(tossed.probabilities(rows), 95) < 0.6


def test_with_little_history_it_says_how_much_is_needed() -> None:
    with pytest.raises(NotEnoughHistory, match="a breach model needs 300, with 30 that breached"):
        BreachModel.train(history(100), LIAISON, now=NOW, seed=1)
