"""What the operator got wrong, while it is wrong and after it is mended."""

from __future__ import annotations

from datetime import timedelta

from deployments.demo.world import connections
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from incidents.models import IncidentState, Verdict
from tests.stories.installation import Installation

NOWHERE = {
    "services": {"checkout": {"probes": ["http/nowhere"], "actions": []}},
    "teams": {"payments": {"pager": "pagerduty/nowhere"}},
}


async def test_connections_that_were_never_saved(liaison: Installation):
    """Without its probe the verdict is "cannot tell", and says why. Without its pager the page waits with the
    cure beside it, and goes out once the connection is saved."""
    liaison.write_policy({**NOWHERE, "validation": {"recheck_after": "1h"}})
    first, *_ = liaison.customers_write()
    await liaison.intake()
    incident = await liaison.incident()
    assert (incident.state, incident.verdict) == (IncidentState.VALIDATING, Verdict.CANNOT_TELL)
    assert "could not look: there is no connection http/nowhere: save a http block" in liaison.notes(first)

    liaison.customers_write(4)
    await liaison.intake()
    incident = await liaison.incident()
    assert (incident.state, incident.verdict) == (IncidentState.ESCALATED, Verdict.LIKELY)
    (page,) = await liaison.ledger(EffectKind.PAGE)
    assert page.state is EffectState.PENDING
    assert page.detail.startswith(
        "there is no connection pagerduty/nowhere: save a pagerduty block named 'nowhere' in the Prefect UI"
    )
    assert "Who is hit: 5 tickets from 5 customers" in liaison.room()

    block = connections(liaison.world)["pagerduty/demo"]
    await block.save("nowhere", overwrite=True)
    try:
        await liaison.let_pass(timedelta(minutes=6))
        await recover()
    finally:
        await type(block).adelete("nowhere")
    (paged,) = liaison.world.pagerduty.pages
    assert paged.target == "payments"


async def test_a_connection_that_cannot_do_what_is_asked(liaison: Installation):
    """A chat connection named as the pager: the page waits, and says what is wrong."""
    liaison.write_policy({"teams": {"payments": {"pager": "slack/demo"}}})
    await liaison.escalated()
    (page,) = await liaison.ledger(EffectKind.PAGE)
    assert page.state is EffectState.PENDING
    assert page.detail == "slack/demo is no Pager; it is a Slack connection"


async def test_a_policy_broken_while_running(liaison: Installation):
    """The last good policy stays in force; a mended one is taken up by the next run."""
    (ticket,) = await liaison.escalated()
    liaison.policy_file.write_text("services: [")
    liaison.world.pagerduty.acknowledge(liaison.page.id, "Jane Doe")
    await liaison.sync()
    (progress,) = liaison.replies(ticket)
    assert "There is a problem with Checkout" in progress

    liaison.write_policy({"templates": {"customer": {"fixed": "All is well: {{ incident }}"}}})
    await liaison.resolved()
    assert liaison.replies(ticket)[-1] == "All is well: INC-1"
