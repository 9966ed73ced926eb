"""The other two that are trained: breaches from promises, similarity from the tickets of incidents."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flows.drift_check import drift_check
from flows.train import train
from incidents.store.sla.breaches import note_holders
from incidents.store.sla.clocks import save_clocks
from incidents.store.tickets import save_tickets
from tests.incidents.store.examples import ticket
from tests.insights.breach.promise_history import CALENDARS, promises
from tests.stories.installation import Installation
from tests.stories.test_train import DAY, a_history, models, page, services


async def test_breaches_are_learnt_from_promises(liaison: Installation):
    """And what is off in the policy is left alone."""
    now = datetime.now(UTC)
    async with liaison.database.transaction() as tx:
        made = promises(1_500, first=now - 60 * DAY, last=now)
        await save_tickets(tx, [ticket(number, tier=one.tier) for number, one in enumerate(made)])
        await save_clocks(tx, [one.clock for one in made], CALENDARS)
        for one in made:
            await note_holders(tx, one.holders)
    services(liaison, routing={"mode": "off"}, similar={"mode": "off"})
    found = await train()
    assert re.fullmatch(
        r"routing: off in the policy, breach promoted 0\.\d\d, similar: off in the policy", found
    )
    (model,) = await models(liaison, "breach")
    assert (model.state, model.metric) == ("champion", "auc")
    assert "tier" in await page("model-breach")
    assert await drift_check() == "fine; 0 predictions settled"


async def test_similarity_is_learnt_from_the_tickets_of_incidents(liaison: Installation):
    services(liaison)
    await a_history(liaison, 600, days=30)
    found = await train("similar")
    assert re.fullmatch(r"similar promoted 0\.\d\d", found), found
    (model,) = await models(liaison, "similar")
    assert (model.state, model.metric, model.examples) == ("champion", "first", 600)
    assert "whose own fault was ranked first" in await page("model-similar")
