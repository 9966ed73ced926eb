"""The fake keeps Slack's habits on the sending side, and the connector reads all it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from connectors.slack import Slack
from connectors.slack.fake import rendering
from connectors.slack.fake.app import FakeSlack
from incidents.commands.verbs import Verb
from incidents.events import (
    ChatCommand,
    Ping,
    Verified,
)
from incidents.models import Button, ChatMessage, Room
from tests.connectors.slack.conftest import NOW

ACK = ChatMessage(text="down", buttons=(Button(label="Ack", verb=Verb.ACKNOWLEDGE, incident="INC-7"),))


class Inbox:
    """A gateway in miniature: verifies, remembers identities, and answers as it is told."""

    def __init__(self, source: Slack) -> None:
        self.source = source
        self.arrived: list[Verified] = []
        self.answers: Callable[[], int] = lambda: 200
        self.retries: list[str] = []

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        self.arrived.append(self.source.verify(list(headers.items()), body, now=NOW))
        self.retries.append(headers.get("X-Slack-Retry-Num", ""))
        return self.answers()

    @property
    def commands(self) -> list[ChatCommand]:
        events = [event for one in self.arrived for event in self.source.events(one)]
        return [event for event in events if isinstance(event, ChatCommand)]


@pytest.fixture
def inbox(fake: FakeSlack, chat: Slack) -> Inbox:
    inbox = Inbox(chat)
    fake.webhooks.url = "https://liaison.example/hooks/slack/engineering"
    fake.webhooks.deliver = inbox
    fake.webhooks.retry_waits = (0.0, 0.0, 0.0)
    return inbox


@pytest.fixture
async def room(chat: Slack) -> Room:
    return await chat.open_room("inc-7", "INC-7", once="room:7")


async def test_press_comes_back(fake: FakeSlack, inbox: Inbox, chat: Slack, room: Room) -> None:
    """The button we posted, pressed, is the command it stands for."""
    id_ = await chat.post(room.id, ACK, once="p:1")
    await fake.webhooks.settle()
    assert await fake.press(id_, "Ack") == 200
    (command,) = inbox.commands
    assert (command.verb, command.incident) == (Verb.ACKNOWLEDGE, "INC-7")
    assert (command.room_id, command.user) == (room.id, "anna")


async def test_slash_comes_back(fake: FakeSlack, inbox: Inbox, room: Room) -> None:
    """A typed command arrives with its room and its person."""
    await fake.slash("note INC-7 <b> & c", channel=room.id, user="U0BORIS")
    assert inbox.commands[-1].text == "<b> & c"
    assert inbox.commands[-1].user == "boris"


async def test_own_posts_echo_and_are_nothing(fake: FakeSlack, inbox: Inbox, chat: Slack, room: Room) -> None:
    """Slack tells us of our own messages; they arrive and say nothing. A person's mention does."""
    await chat.post(room.id, ChatMessage(text="ack INC-7"), once="p:1")
    fake.say("just talk", channel=room.id)
    await fake.webhooks.settle()
    assert len(inbox.arrived) == 4, "the purpose and the topic are told, too"
    assert inbox.commands == []
    fake.say("<@U0LIAISON> ack INC-7", channel=room.id)
    await fake.webhooks.settle()
    assert [command.verb for command in inbox.commands] == [Verb.ACKNOWLEDGE]


async def test_set_up(fake: FakeSlack, inbox: Inbox) -> None:
    """Saving the Request URL and checking the certificate work."""
    assert await fake.verify_url() == 200
    assert inbox.arrived[0].reply is not None
    assert await fake.check_certificate() == 200
    assert list(inbox.source.events(inbox.arrived[1])) == [Ping(connection="slack/engineering")]


async def test_events_are_sent_again(fake: FakeSlack, inbox: Inbox, room: Room) -> None:
    """A refused event comes again up to three times, numbered, with one identity."""
    answers = iter([503, 503, 200])
    inbox.answers = lambda: next(answers)
    fake.say("<!here> hello", channel=room.id)
    await fake.webhooks.settle()
    mine = inbox.retries[-3:]
    assert mine == ["", "1", "2"]
    assert len({one.identity for one in inbox.arrived[-3:]}) == 1


async def test_events_are_given_up(fake: FakeSlack, inbox: Inbox, room: Room) -> None:
    """After three repeats Slack forgets an event: hence commands never rely on one alone."""
    await fake.webhooks.settle()
    inbox.arrived.clear()
    inbox.answers = lambda: 503
    fake.say("hello", channel=room.id)
    await fake.webhooks.settle()
    assert len(inbox.arrived) == 4


async def test_slow_answer_is_no_answer(fake: FakeSlack, inbox: Inbox, room: Room) -> None:
    """Slack waits three seconds (here none); the person sees a time-out and no second try is made."""

    async def never(url: str, headers: dict[str, str], body: bytes) -> int:
        await asyncio.Event().wait()
        return 200

    await fake.webhooks.settle()
    fake.webhooks.deliver = never
    fake.webhooks.patience = 0.0
    fake.webhooks.sent.clear()
    assert await fake.slash("status", channel=room.id) == 0
    assert len(fake.webhooks.sent) == 1


async def test_doubled_and_reordered(fake: FakeSlack, inbox: Inbox, room: Room) -> None:
    """Duplicates have one identity; held events come in the wrong order and are still two."""
    await fake.webhooks.settle()
    inbox.arrived.clear()
    fake.webhooks.is_doubling = True
    await fake.slash("status", channel=room.id)
    assert len({one.identity for one in inbox.arrived}) == 1
    assert len(inbox.arrived) == 2
    fake.webhooks.is_doubling, fake.webhooks.is_holding = False, True
    fake.say("<@U0LIAISON> ack INC-1", channel=room.id)
    fake.say("<@U0LIAISON> ack INC-2", channel=room.id)
    await fake.webhooks.settle()
    assert len(inbox.arrived) == 2
    fake.webhooks.release(is_reversed=True)
    await fake.webhooks.settle()
    assert [command.incident for command in inbox.commands[2:]] == ["INC-2", "INC-1"]


@pytest.mark.parametrize(
    ("fields", "calls", "links"),
    [
        ({"text": "<!channel> <@U1> <https://evil|Login>"}, ["!channel", "@U1"], ["https://evil"]),
        ({"text": "@here", "link_names": True}, ["@here"], []),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<!subteam^S1>"}}]},
         ["!subteam^S1"], []),
        ({"text": "&lt;!channel&gt; @here", "link_names": False}, [], []),
    ],
)  # fmt: skip
def test_fake_would_notice(fields: dict[str, object], calls: list[str], links: list[str]) -> None:
    """The fake does see mentions and links where Slack would: its silence about our posts means something."""
    assert rendering.calls(fields) == calls
    assert rendering.links(fields) == links
