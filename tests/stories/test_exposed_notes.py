"""A helpdesk publishes what was for colleagues: it is hidden, told to whoever the policy names, and not repeated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.kit.fakes.faults import FaultKind
from deployments.commands.show import held_effects, settle_held
from flows.recover import recover
from incidents.effects import EffectKind, EffectState
from tests.stories.installation import Installation

HEAD: dict[str, Any] = {"title": "Head of customer service", "pager_target": "payments-lead"}
NOTES = EffectKind.TICKET_NOTE


def public_texts(liaison: Installation) -> str:
    desk = liaison.world.zendesk
    return "\n".join(text for ticket in desk.tickets for text in desk.public_replies(ticket))


async def exposed_lines(liaison: Installation) -> list[str]:
    return [entry.text for entry in await liaison.timeline() if entry.kind == "exposed"]


async def test_a_published_note_is_hidden_told_and_not_repeated(liaison: Installation):
    """Customers' messages go on; notes go again once a person says that it is mended."""
    liaison.write_policy({"egress": {"alarm": HEAD}})
    desk = liaison.world.zendesk.api.desk
    desk.loses_privacy = True
    first, _ = await liaison.escalated(2)
    assert public_texts(liaison) == "", "hidden again, and nothing more was written"
    (line,) = await exposed_lines(liaison)
    assert line.startswith("Customers could read a note for colleagues at zendesk/demo")
    assert "it is hidden now, and whoever was mailed has it still" in line
    assert line in liaison.room()
    (alarm,) = [page for page in liaison.world.pagerduty.pages if "for colleagues" in page.summary]
    assert alarm.summary.startswith("Customers could read a note for colleagues at zendesk/demo (")

    liaison.world.pagerduty.acknowledge(liaison.world.pagerduty.incidents[0].id, "Jane Doe")
    await liaison.sync()
    held = await liaison.ledger(NOTES, states=[EffectState.HELD])
    waiting = [one for one in held if one.detail.startswith("not sent: customers could read a note")]
    assert waiting, "further notes wait for a person"
    assert not await liaison.ledger(NOTES, states=[EffectState.PENDING, EffectState.UNKNOWN])
    assert "our engineers are working on it" in public_texts(liaison), "customers hear from us all the same"

    desk.loses_privacy = False
    for one in await held_effects(liaison.database):
        await settle_held(liaison.database, one.key, is_done="not sent" not in one.detail)
    await recover()
    assert not await liaison.ledger(NOTES, states=[EffectState.HELD])
    assert "Jane Doe" in liaison.notes(first)
    assert len(await exposed_lines(liaison)) == 1


@pytest.mark.parametrize(
    ("policy", "who"),
    [({"ownership": {"lead": HEAD}}, "pager"), ({"ownership": {"lead": None}}, "room")],
)
async def test_who_is_told_where_the_policy_names_nobody_for_it(
    liaison: Installation, policy: dict[str, Any], who: str
):
    """The owners' lead, else the room, and the engineers on their page; it cannot be hidden here."""
    liaison.write_policy(policy)
    liaison.world.zendesk.api.desk.loses_privacy = True
    liaison.world.zendesk.faults.arm(FaultKind.OUTAGE, where="make_private", times=None)
    await liaison.escalated()
    (line,) = await exposed_lines(liaison)
    assert "hide or delete it there by hand, now" in line
    pages = [page for page in liaison.world.pagerduty.pages if "for colleagues" in page.summary]
    assert len(pages) == (who == "pager")
    assert line in liaison.room()


async def test_an_answer_that_was_lost_hides_nothing(liaison: Installation):
    """The look-up finds the note where customers read it: not done, but told."""
    liaison.write_policy({"egress": {"alarm": HEAD}})
    desk = liaison.world.zendesk
    desk.api.desk.loses_privacy = True
    desk.faults.arm(FaultKind.DROP_REPLY, where="/tickets/1", times=1)
    await liaison.escalated()
    await liaison.let_pass(timedelta(seconds=10))
    await recover()
    assert len(await exposed_lines(liaison)) == 1
    assert public_texts(liaison) == ""
