"""Answers by mail that hand a page back: the reason goes with it, and the page is not lost."""

from __future__ import annotations

import pytest

from incidents.events import PageChange
from incidents.models import PageStatus
from tests.connectors.roster.test_answering import AnsweringTeam, a_team, answer, server, team

__all__ = ["a_team", "server", "team"]


@pytest.mark.parametrize(
    ("text", "why"), [("Not us\nthe index is down", "the index is down"), ("not-us", "")]
)
async def test_not_us(team: AnsweringTeam, text: str, why: str):
    """The incident hears it with the reason; the page rings on until somebody else is woken for it."""
    await team.arrives(answer(team.notice, text))
    assert [(event.change, event.actor, event.text) for event in team.heard] == [
        (PageChange.NOT_US, "Ana Silva", why)
    ]
    assert (await team.state()).status is PageStatus.TRIGGERED
    assert team.told[-1].startswith("You do not have it. The team that it may be for is woken")
    for _ in range(3):
        team.world.clock.pass_by(hours=1)
        await team.has_sent()
    assert team.world.phones.to("bo") != [], "its own list goes on"


async def test_not_us_of_who_had_it(team: AnsweringTeam):
    """It is taken up again from the next one; whoever has it by now keeps it."""
    await team.arrives(answer(team.notice, "ack"))
    await team.arrives(answer(team.notice, "not us"))
    state = await team.state()
    assert (state.status, state.changed_by) == (PageStatus.TRIGGERED, "")
    assert team.world.phones.to("bo") != []
    team.world.acknowledge("Bo Berg")
    await team.arrives(answer(team.notice, "not us", message_id="third@phone.example"))
    assert (await team.state()).changed_by == "Bo Berg"
    assert "Bo Berg has it." in team.told[-1]
