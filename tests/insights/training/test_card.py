"""A card says what was learnt from what, how good it is, and its limits; whatever customers wrote stays text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pydantic import TypeAdapter

from insights.training.card import (
    Bin,
    Feature,
    ModelCard,
    card_markdown,
    reliability,
)
from insights.training.card_plot import calibration_plot
from insights.training.gate import Answers, Score
from tasks.pages.markdown import plain

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
HOSTILE = "<img src=x> [pay](https://evil.example) **now** | ```"
CARD = ModelCard(
    title="routing service",
    trained_at=NOW,
    history_from=NOW - timedelta(days=365),
    history_until=NOW,
    examples=12_345,
    tested_from=NOW - timedelta(days=70),
    tested=2_469,
    metric="accuracy",
    metric_words="share that was right",
    challenger=Score(value=0.91, low=0.9, high=0.92),
    baseline=Score(value=0.3, low=0.28, high=0.32),
    incumbent=Score(value=0.88, low=0.87, high=0.89),
    gain=Score(value=0.03, low=0.02, high=0.04),
    calibration=0.012,
    accuracy=0.91,
    answered=0.8,
    verdict="promoted: accuracy 0.910 against 0.880 of the champion",
    reliability=(Bin(given=0.5, came=0.6, rows=10), Bin(given=0.9, came=0.88, rows=10)),
    features=(Feature(name=f'word "{HOSTILE}"', share=0.2),),
    labels=tuple(f"service {number}" for number in range(30)),
    not_learnt=(HOSTILE,),
    limits=("Only text of the newest version.",),
)


def test_it_says_what_was_learnt_from_what_and_how_good_it_is():
    page = card_markdown(CARD, plain=str, plot="data:image/png;base64,AAAA")
    for said in (
        "promoted: accuracy 0.910 against 0.880 of the champion",
        "12,345 examples, 2025-03-01 to 2026-03-01",
        "2,469 later cases",
        "0.910 (0.900 to 0.920); share that was right",
        "0.880 (0.870 to 0.890); difference +0.030 (+0.020 to +0.040)",
        "0.300 (0.280 to 0.320); always the commonest answer",
        "0.012 off on average; 91.0% of the likeliest answers right; 80.0% of the cases get an answer",
        "](data:image/png;base64,AAAA)",
        "| 0.900 | 0.880 | 10 |",
        "Knows 30 answers: service 0, ",
        " and 10 more",
        "- Only text of the newest version.",
    ):
        assert said in page


def test_without_a_champion_and_a_picture_it_speaks_of_neither():
    page = card_markdown(replace(CARD, incumbent=None, not_learnt=(), labels=()), plain=str)
    assert "the champion on the same cases" not in page
    assert "![" not in page
    assert "Not learnt" not in page


def test_customers_words_stay_text():
    page = card_markdown(CARD, plain=plain)
    assert "<img" not in page
    assert "[pay](" not in page
    assert "| `" not in page


def test_it_comes_back_from_the_store_as_it_was():
    adapter = TypeAdapter(ModelCard)
    assert adapter.validate_python(adapter.dump_python(CARD, mode="json")) == CARD


@pytest.mark.parametrize("rows", [1, 7, 10, 101])
def test_the_tenths_have_all_rows_from_the_least_sure_to_the_surest(rows):
    chance = np.random.default_rng(1).uniform(0, 1, rows)
    bins = reliability(Answers(chance=chance, came=chance > 0.5, spoke=chance > 0, case=np.arange(rows)))
    assert sum(one.rows for one in bins) == rows
    assert [one.given for one in bins] == sorted(one.given for one in bins)


def test_the_plot_is_a_picture():
    picture = calibration_plot(CARD)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(picture) > 5_000
