"""With `embeddings: true` tickets are routed by what they mean, too; without the extra by words, and it is said."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from deployments.commands.check import Surroundings, check
from flows.train import train
from incidents.basis import Basis
from incidents.policy.file import load_policy
from incidents.store.schema.tables import insight_vectors
from insights.routing.history import VECTOR
from insights.routing.insight import Routing
from tasks import resources
from tests.stories.installation import Installation
from tests.stories.test_learnt_routes import predicted
from tests.stories.test_train import a_history, models, page, services

EMBEDDINGS = {"routing": {"embeddings": True}, "breach": {"mode": "off"}, "similar": {"mode": "off"}}


async def vectors(liaison: Installation) -> int:
    async with liaison.database.transaction() as tx:
        return int(await tx.scalar(select(func.count()).select_from(insight_vectors)) or 0)


async def test_tickets_are_encoded_once_learnt_from_and_asked_about(liaison: Installation):
    services(liaison, **EMBEDDINGS)
    await a_history(liaison, 600, days=30)
    assert (await train("routing")).startswith("routing service promoted")
    assert await vectors(liaison) == 600
    assert "the meaning counts, too" in await page("model-routing-service")
    liaison.customers_write(2, subject="Ich kann nicht bezahlen", body="")
    await liaison.intake()
    assert await vectors(liaison) == 602
    assert len(await predicted(liaison)) >= 2


async def test_without_the_extra_words_decide_and_the_cure_is_told(
    liaison: Installation, caplog: pytest.LogCaptureFixture
):
    services(liaison, **EMBEDDINGS)
    await a_history(liaison, 600, days=30)
    policy, bare = load_policy(liaison.policy_file), Routing(encoder=lambda: None)
    with caplog.at_level(logging.WARNING, logger="liaison.learnt"):
        history = await bare.history(liaison.database, Basis(policy, resources.utc_now()))
    assert "pip install 'liaison[embeddings]'" in caplog.text
    assert VECTOR not in history
    learner, now = bare.learner("service", policy), resources.utc_now()
    model = learner.learn(learner.usable(history, now=now), now=now)
    assert model.meaning is None
    assert any("pip install 'liaison[embeddings]'" in limit for limit in learner.describe(model).limits)
    assert not any("pip" in limit for limit in replace(learner, has_no_encoder=False).describe(model).limits)

    where = Surroundings(
        home=None, policy=liaison.policy_file, gateway_url="http://127.0.0.1:9", encoder=None
    )
    (found,) = [one for one in await check(where) if one.what == "policy"]
    assert found.is_well
    assert "until then routing goes by words alone" in found.text
    assert await models(liaison) == []
