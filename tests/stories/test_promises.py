"""What was promised in time, and what people set in motion by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from prefect.exceptions import ParameterTypeError

from flows.escalation import escalation
from flows.sla_sweep import sla_sweep
from incidents.effects import EffectKind
from incidents.errors import NotFound
from incidents.models import IncidentState
from tests.stories.installation import Installation

HOUR = timedelta(hours=1)
TARGETS = {"sla": {"targets": {1: {"response": "1h", "resolution": "10h"}}, "warn_at": 0.75}}


def pages_to(liaison: Installation) -> list[str]:
    return [page.target for page in liaison.world.pagerduty.pages]


async def test_nobody_answers(liaison: Installation):
    """Warned before the response target, the next level paged when it is missed; each once, however often we
    look."""
    liaison.write_policy(TARGETS)
    await liaison.escalated()
    await sla_sweep()
    assert "SLA: " not in liaison.page_notes()

    await liaison.let_pass(HOUR * 0.8)
    await sla_sweep()
    await sla_sweep()
    assert liaison.page_notes().count("SLA: First response due in") == 1
    assert pages_to(liaison) == ["payments"]

    await liaison.let_pass(HOUR * 0.3)
    await sla_sweep()
    await sla_sweep()
    assert liaison.room().count("SLA: First response missed") == 1
    assert pages_to(liaison) == ["payments", "payments-lead"]
    assert "Paged the next level: Payments lead" in [entry.text for entry in await liaison.timeline()]

    liaison.world.pagerduty.acknowledge(liaison.page.id, "Omar Haddad")
    await liaison.sync()
    await liaison.let_pass(HOUR * 2)
    await sla_sweep()
    assert pages_to(liaison) == ["payments", "payments-lead"], "taken on: the response clock has stopped"


async def test_customers_hear_from_us_when_we_said(liaison: Installation):
    """Each promised update goes out once at its time, to those who wait, until it is fixed."""
    liaison.write_policy({"cadence": {"update_every": {1: "30m"}}, "teams": {"payments": {"chat": None}}})
    waiting, content = await liaison.acknowledged(2)
    liaison.world.zendesk.agent_solve(content, "Ada Agent")
    await liaison.intake()
    assert "You will hear from us again by " in liaison.replies(waiting)[0]

    told = []
    for _ in range(2):
        await liaison.let_pass(timedelta(minutes=31))
        await sla_sweep()
        await sla_sweep()
        told.append((len(liaison.replies(waiting)), len(liaison.replies(content))))
    assert told == [(2, 1), (3, 1)]
    assert "the problem with Checkout is not solved yet" in liaison.replies(waiting)[-1]

    await liaison.resolved()
    await liaison.let_pass(timedelta(minutes=31))
    await sla_sweep()
    assert len(liaison.replies(waiting)) == 4, "the closure, and no update after it"


async def test_escalated_by_hand(liaison: Installation):
    """A person knows better than a green probe: paged at once, without an action, and told who asked."""
    (ticket,) = liaison.customers_write()
    await liaison.intake()
    # On a slow machine the second look has come already; she may overrule that one just as well.
    state = (await liaison.incident()).state
    assert state in (IncidentState.VALIDATING, IncidentState.NOT_AN_INCIDENT)

    assert await escalation("INC-1", escalate_now_for="Ana") == "INC-1 escalated"
    assert await escalation("INC-1", escalate_now_for="Ana") == "INC-1 escalated"

    assert pages_to(liaison) == ["payments"]
    assert liaison.world.checkout.runs == []
    assert "has been paged: escalated by Ana" in liaison.notes(ticket)
    assert len(await liaison.ledger(EffectKind.PAGE)) == 1


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("INC-99", NotFound, "there is no INC-99"),
        ("checkout", ParameterTypeError, "should match pattern '.INC-"),
        ("INC-1; drop", ParameterTypeError, "should match pattern '.INC-"),
    ],
)
async def test_an_incident_that_never_was(
    liaison: Installation, name: str, error: type[Exception], words: str
):
    """The run fails and says what is wrong with the name."""
    with pytest.raises(error, match=words):
        await escalation(name, escalate_now_for="Ana")
    assert liaison.world.pagerduty.pages == []
