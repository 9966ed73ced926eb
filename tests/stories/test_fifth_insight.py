"""An insight that no file of Liaison names lives like the others: trained, judged, watched, settled."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from deployments.commands.models import go_back, model_rows
from flows.drift_check import drift_check
from flows.train import train
from incidents.errors import NotFound
from incidents.policy.insights import InsightMode
from incidents.store.schema.tables import tickets
from insights.registry import registered
from insights.store.predictions import Prediction, record_predictions
from tasks.insights.train import FailedSuite
from tests.insights.toy.insight import KIND, LABEL, FirstWord
from tests.stories.installation import Installation
from tests.stories.test_train import a_history, models, page, services


async def it_said(liaison: Installation, model: int, said: str, *, tickets_asked: int) -> None:
    """Of the newest tickets, sure of itself."""
    async with liaison.database.transaction() as tx:
        newest = select(tickets.c.connection, tickets.c.id).order_by(tickets.c.created_at.desc())
        made = [
            Prediction(
                kind=KIND,
                label=LABEL,
                model_id=model,
                subject=f"{row.connection}#{row.id}",
                at=datetime.now(UTC),
                predicted=said,
                probability=0.9,
                reasons=(),
                is_shadow=True,
            )
            for row in await tx.execute(newest.limit(tickets_asked))
        ]
        await record_predictions(tx, made)


async def test_a_fifth_insight_is_trained_judged_watched_and_settled(liaison: Installation):
    await a_history(liaison, 1_000, days=60)
    with registered(FirstWord()):
        assert re.fullmatch(r"first_word promoted 0\.\d\d", await train(KIND))
        (model,) = await models(liaison, KIND)
        assert (model.state, model.metric, model.examples) == ("champion", "accuracy", 1_000)
        card = await page("model-first-word")
        assert "against" in card
        assert "first word: 100.0%" in card
        assert "expectations hold for 1,000 rows" in await page("history-first-word")

        assert await drift_check() == "fine; 0 predictions settled"
        await it_said(liaison, model.id, "nobody", tickets_asked=40)
        assert await drift_check() == "first_word: retrain (accuracy); 40 predictions settled"
        assert "0.000 of 40 predictions were right" in await page("drift-first-word")

        assert (await train(KIND)).startswith("first_word: too little news (0 of 200")
        with pytest.raises(NotFound, match="no earlier model of first_word"):
            await go_back(liaison.database, KIND)
    with pytest.raises(
        NotFound, match="nothing is learnt about 'first_word'; there are routing, breach, similar"
    ):
        await train(KIND)
    assert [row.model for row in await model_rows(liaison.database)] == ["first_word group"], (
        "kept all the same"
    )


async def test_its_history_is_checked_and_its_mode_obeyed(liaison: Installation):
    services(liaison, **{kind: {"mode": "off"} for kind in ("routing", "breach", "similar")})
    await a_history(liaison, 600, days=60, until=20)
    with (
        registered(FirstWord()),
        pytest.raises(FailedSuite, match=r"first_word: 1 of \d expectations failed"),
    ):
        await train(KIND)
    with registered(FirstWord(how_far=InsightMode.OFF)):
        off = "off in the policy"
        assert await train() == f"routing: {off}, breach: {off}, similar: {off}, first_word: {off}"
