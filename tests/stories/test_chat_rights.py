"""Not everybody in the workspace may silence a page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.slack.fake.workspace import BOT_USER
from flows.status_sync import status_sync
from incidents.case import EntryKind
from incidents.errors import Unreachable
from incidents.models import IncidentState
from tests.stories.installation import Installation

ROOM = "inc-1-checkout"
STRANGER = "U0BORIS"


async def press(liaison: Installation, label: str, *, user: str, has_joined: bool) -> None:
    slack = liaison.world.slack
    context = next(post for post in slack.messages(ROOM) if "Who is hit" in str(post))
    assert await slack.press(context["ts"], label, user=user, has_joined=has_joined) == 200
    await liaison.sync()
    await liaison.sync()


def asides(liaison: Installation) -> list[str]:
    """What the stranger alone was told: in the room, or directly where he is in no room with the app."""
    slack = liaison.world.slack
    told = [one["text"] for one in slack.chat.ephemeral if one["user"] == STRANGER]
    direct = [one for one in slack.workspace.channels.values() if one.is_direct and STRANGER in one.members]
    return told + [message["text"] for channel in direct for message in channel.messages]


async def refused(liaison: Installation) -> list[str]:
    return [
        f"{entry.actor}: {entry.text}"
        for entry in await liaison.timeline()
        if entry.kind is EntryKind.COMMAND_REFUSED
    ]


async def test_who_is_not_in_the_room_silences_nothing(liaison: Installation):
    """He is told why, alone; it is in the timeline; the page goes on ringing until a member acknowledges it."""
    await liaison.escalated()
    await press(liaison, "I have it", user=STRANGER, has_joined=False)
    assert liaison.page.status == "triggered"
    (no,) = asides(liaison)
    assert no == (
        "Sorry, I did not acknowledge INC-1: only members of the incident's room may acknowledge it; join it first."
    )
    assert "Sorry" not in liaison.room()
    assert await refused(liaison) == [
        "boris: Did not acknowledge in chat: only members of the incident's room may acknowledge it; join it first"
    ]
    await press(liaison, "I have it", user="U0ANNA", has_joined=True)
    assert liaison.page.status == "acknowledged"
    assert (await liaison.incident()).state is IncidentState.ACKNOWLEDGED


async def test_a_command_from_another_channel_goes_by_the_incidents_room(liaison: Installation):
    """`/liaison resolve INC-1` from anywhere: whoever is not in that incident's room is refused, there and then."""
    await liaison.escalated()
    slack = liaison.world.slack
    slack.workspace.add_channel("general", member=BOT_USER)
    assert await slack.slash("resolve INC-1", channel="general", user=STRANGER) == 200
    await liaison.sync()
    assert liaison.page.status == "triggered"
    assert len(asides(liaison)) == 1
    assert len(await refused(liaison)) == 1


@pytest.mark.parametrize(
    ("chat", "may"),
    [
        ({"may_act": "users", "users": [STRANGER]}, True),
        ({"may_act": "users", "users": ["U0ANNA"]}, False),
        ({"may_act": "group", "group": "S1"}, True),
        ({"may_act": "group", "group": "S2"}, False),
        ({"may_act": "group", "group": "S3"}, False),
        ({"may_act": "anyone"}, True),
    ],
    ids=["listed", "not listed", "in the group", "not in the group", "no such group", "anyone"],
)
async def test_the_policy_says_who(liaison: Installation, chat: dict[str, object], may: bool):
    """Whether he has joined the room does not matter then. A group that is not there is nobody's right."""
    liaison.write_policy({"chat": chat})
    for group, member in (("S1", STRANGER), ("S2", "U0ANNA")):
        made = liaison.world.slack.methods["usergroups.create"]({"name": group})["usergroup"]
        liaison.world.slack.methods["usergroups.users.update"]({"usergroup": made["id"], "users": member})
        if chat.get("group") == group:
            liaison.write_policy({"chat": {**chat, "group": made["id"]}})
    await liaison.escalated()
    await press(liaison, "I have it", user=STRANGER, has_joined=may)
    assert liaison.page.status == ("acknowledged" if may else "triggered")
    assert len(await refused(liaison)) == (0 if may else 1)


async def test_what_cannot_be_looked_up_now_is_asked_again(liaison: Installation):
    """Slack is away just then: nobody is refused for that, and the page is acknowledged when it is back."""
    await liaison.escalated()
    slack = liaison.world.slack
    context = next(post for post in slack.messages(ROOM) if "Who is hit" in str(post))
    assert await slack.press(context["ts"], "I have it") == 200
    slack.faults.arm(FaultKind.OUTAGE, times=None)
    with pytest.raises(Unreachable):
        await status_sync()
    assert liaison.page.status == "triggered"
    assert await refused(liaison) == []
    slack.faults.clear()
    await liaison.let_pass(timedelta(minutes=10))
    await liaison.sync()
    assert liaison.page.status == "acknowledged"


async def test_escalating_from_the_room(liaison: Installation):
    """The button wakes the next of the ladder, once, for a member; whoever is none is told so, alone."""
    await liaison.escalated()
    pages = liaison.world.pagerduty.pages
    await press(liaison, "Escalate", user=STRANGER, has_joined=False)
    assert [page.target for page in pages] == ["payments"]
    assert asides(liaison) == [
        "Sorry, I did not escalate INC-1: only members of the incident's room may escalate it; join it first."
    ]
    for _ in range(2):
        await press(liaison, "Escalate", user="U0ANNA", has_joined=True)
    assert [page.target for page in pages] == ["payments", "payments-lead"]
    assert liaison.room().count("Paged the next level: Payments lead, escalated by anna in chat") == 1
    assert (await liaison.incident()).state is IncidentState.ESCALATED
