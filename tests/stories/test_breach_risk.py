"""Open promises judged by what was learnt of past ones: shown on the board when the policy says so."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest
from prefect.artifacts import Artifact
from sqlalchemy import insert, select

from flows.breach_risk import breach_risk
from flows.sla_sweep import sla_sweep
from incidents.promises.holders import Holder, HolderKind
from incidents.sla.calendars import ALWAYS
from incidents.sla.clock import SlaMetric, SlaTerms
from incidents.sla.moves import start, stop
from incidents.store.schema.tables import insight_models, insight_predictions
from insights.breach.model import BreachModel
from insights.breach.promises import (
    PROMISES,
    Promise,
    promise_rows,
)
from insights.training.packed import Packed, packed, signing_key
from tests.stories.installation import KEY, Installation

HOUR = timedelta(hours=1)
CALENDARS = {"always": ALWAYS}
TERMS = SlaTerms(policy="gold", calendar="always", targets={SlaMetric.RESOLUTION: 8 * HOUR})
PROMISED = {
    "sla": {"policies": [{"name": "gold", "when": {"applies_to": "ticket"}, "targets": {"resolution": "8h"}}]}
}


def a_promise(number: int, now: datetime, chance: Random) -> Promise:
    """What comes by mail mostly takes twelve hours and more, what comes by the web mostly two to five."""
    opened = now - 60 * 24 * HOUR + number * 2 * HOUR
    by_mail = chance.random() < 0.4
    is_late = chance.random() < (0.85 if by_mail else 0.1)
    took = chance.uniform(12, 17) * HOUR if is_late else chance.uniform(2, 5) * HOUR
    clock = start(f"zendesk/demo#old-{number}", SlaMetric.RESOLUTION, TERMS, at=opened, now=now)
    return Promise(
        clock=stop(clock, CALENDARS, at=opened + took, now=now),
        holders=(
            Holder(
                subject=clock.subject, since=opened, holder="group desk", kind=HolderKind.GROUP, state="open"
            ),
        ),
        channel="mail" if by_mail else "web",
    )


@cache
def a_model() -> Packed:
    now, chance = datetime.now(UTC), Random(1)
    promises = [a_promise(number, now, chance) for number in range(690)]
    rows = promise_rows(promises, CALENDARS, now=now)
    return packed(BreachModel.train(rows, PROMISES, now=now, seed=1), key=signing_key(KEY))


async def keep(liaison: Installation, content: Packed) -> None:
    now = datetime.now(UTC)
    values = {
        "kind": "breach", "label": "breached", "format": content.format, "state": "champion", "trained_at": now,
        "history_from": now, "history_until": now, "examples": 690, "metric": "auc", "value": 1.0,
        "calibration": 0.0, "card": {}, "signature": content.signature, "content": content.data,
    }  # fmt: skip
    async with liaison.database.transaction() as tx:
        await tx.execute(insert(insight_models).values(values))


async def a_ticket_by(liaison: Installation, channel: str) -> int:
    (ticket,) = liaison.customers_write(1, subject="How do I pay?", body="A question.")
    liaison.world.zendesk.tickets[ticket].channel = channel
    await liaison.intake()
    return ticket


async def risks() -> dict[str, str]:
    board = await Artifact.aget("sla-board")
    assert board is not None
    return {row["ticket"]: row["risk"] for row in json.loads(str(board.data))}


@pytest.mark.parametrize("mode", ["on", "shadow"])
async def test_open_promises_are_judged(liaison: Installation, mode: str):
    """The slow kind is likelier to be late than the quick one. In the shadow the board says nothing of it."""
    liaison.write_policy({**PROMISED, "insights": {"breach": {"mode": mode}}})
    assert await breach_risk() == "nothing to go by yet"
    await keep(liaison, a_model())
    slow, quick = await a_ticket_by(liaison, "mail"), await a_ticket_by(liaison, "web")
    assert await breach_risk() == "2 promises judged"
    await sla_sweep()
    shown = await risks()
    by_ticket = {number: shown[f"zendesk/demo#{number}"] for number in (slow, quick)}
    if mode == "shadow":
        assert set(by_ticket.values()) == {""}
    else:
        assert int(by_ticket[slow].rstrip("%")) > 60
        assert int(by_ticket[quick].rstrip("%")) < 40
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            select(insight_predictions.c.predicted, insight_predictions.c.is_shadow).order_by(
                insight_predictions.c.subject
            )
        )
        assert [tuple(row) for row in rows] == [("breached", mode == "shadow"), ("kept", mode == "shadow")]


async def test_off_means_off(liaison: Installation):
    liaison.write_policy({**PROMISED, "insights": {"breach": {"mode": "off"}}})
    await keep(liaison, a_model())
    await a_ticket_by(liaison, "mail")
    assert await breach_risk() == "nothing to go by yet"


async def test_a_model_of_another_version_judges_nothing(liaison: Installation):
    """The run is green and says so; sweeps go by due times as they always did."""
    liaison.write_policy({**PROMISED, "insights": {"breach": {"mode": "on"}}})
    old = a_model()
    await keep(liaison, Packed(format=99, signature=old.signature, data=old.data))
    await a_ticket_by(liaison, "mail")
    assert await breach_risk() == "nothing to go by yet"
    assert await sla_sweep() == "nothing due"
