"""Slack as a chat room, against its fake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.faults import Faults
from connectors.slack import Slack
from connectors.slack.fake import rendering
from connectors.slack.fake.app import FakeSlack
from connectors.slack.fake.workspace import BOT_USER
from incidents.commands.verbs import Verb
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import Button, ChatMessage, Link
from tests.connectors.kit.scripted_vendor import Vendor
from tests.connectors.slack.conftest import connect, settings
from tests.contracts.chat_room import ChatRoomContract, Read, Seen

HELLO = ChatMessage(text="hello")


class TestSlackRoom(ChatRoomContract):
    post_path = "chat.postMessage"

    @pytest.fixture
    def faults(self, fake: FakeSlack) -> Faults:
        return fake.faults

    @pytest.fixture
    def read(self, fake: FakeSlack) -> Read:
        async def read(room_id: str) -> Sequence[Seen]:
            return [
                Seen(
                    id=message["ts"],
                    text=rendering.shown(message),
                    calls=rendering.calls(message),
                    links=rendering.links(message),
                )
                for message in fake.messages(room_id)
            ]

        return read


async def test_check_says_who_we_are(chat: Slack) -> None:
    """An operator sees at once which workspace the token belongs to."""
    assert await chat.check() == "liaison in Fake Inc"


async def test_room_is_named_as_slack_wants(fake: FakeSlack, chat: Slack) -> None:
    """Any name of ours is a name Slack takes; the address is the one people open."""
    room = await chat.open_room("INC-7 Größe & Café!", "Cards <refused>", once="room:7")
    assert room.name == "inc-7-gr-e-caf"
    assert room.url == f"https://fake.slack.com/archives/{room.id}"
    assert fake.channel(room.id).topic == "Cards &lt;refused&gt;"


async def test_topic_is_not_set_again(fake: FakeSlack, chat: Slack) -> None:
    """Each change of topic is announced to everybody, so an unchanged one is left alone."""
    await chat.open_room("inc-7", "a & b", once="room:7")
    await chat.open_room("inc-7", "a & b", once="room:7")
    assert fake.calls.count("conversations.setTopic") == 1


async def test_our_room_is_found_on_whatever_page(fake: FakeSlack, chat: Slack, fresh_chat: Slack) -> None:
    """By its key, after a restart, among thousands; joined again if somebody had sent the app away."""
    ours = await chat.open_room("inc-7", "INC-7", once="room:7")
    for number in range(1500):
        fake.workspace.add_channel(f"team-{number}")
    fake.workspace.channels[ours.id] = fake.workspace.channels.pop(ours.id)  # the last one of the list
    fake.channel("inc-7").members.clear()
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id == ours.id
    assert BOT_USER in fake.channel("inc-7").members


@pytest.mark.parametrize(
    "taken_by",
    [
        {"purpose": ""},
        {"purpose": "Payments team"},
        {"purpose": "An incident's room, kept by Liaison (room:7 of another store)"},
        {"purpose": "An incident's room, kept by Liaison (room:7)", "is_archived": True},
        {"is_archived": True},
        {"is_private": True},
        {"creator": BOT_USER, "messages": [{"type": "message", "text": "customers' context", "ts": "1.1"}]},
    ],
)
async def test_a_room_that_is_not_ours_is_left_alone(
    fake: FakeSlack, chat: Slack, fresh_chat: Slack, taken_by: dict[str, Any]
) -> None:
    """By hand, of another installation, archived, out of sight: ours gets a number, and is found by its key."""
    taken = fake.workspace.add_channel("inc-7", member=BOT_USER if "creator" in taken_by else None)
    for name, value in taken_by.items():
        setattr(taken, name, value)
    before = (set(taken.members), list(taken.messages), taken.topic, taken.purpose)
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert (room.name, room.id != taken.id) == ("inc-7-2", True)
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id == room.id
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:8")).name == "inc-7-3"
    assert (set(taken.members), list(taken.messages), taken.topic, taken.purpose) == before


async def test_a_number_fits_a_long_name(fake: FakeSlack, chat: Slack) -> None:
    """Slack takes 80 characters, the number included."""
    fake.workspace.add_channel("x" * 80)
    room = await chat.open_room("x" * 100, "INC-7", once="room:7")
    assert room.name == "x" * 78 + "-2"


async def test_all_names_are_taken(fake: FakeSlack, chat: Slack) -> None:
    """Thirty channels of one name say that something else is wrong."""
    for number in range(1, 31):
        fake.workspace.add_channel("inc-7" if number == 1 else f"inc-7-{number}")
    with pytest.raises(Refused, match="rename some of them"):
        await chat.open_room("inc-7", "INC-7", once="room:7")


async def test_whoever_asked_is_answered(fake: FakeSlack, chat: Slack) -> None:
    """In the channel where the app is; where it is not, in its conversation with them, and it joins nothing."""
    ours = await chat.open_room("inc-7", "INC-7", once="room:7")
    general = fake.workspace.add_channel("general", member="U0ANNA")
    await chat.answer(ours.id, "U0ANNA", "here", once="a:1")
    await chat.answer(general.id, "U0ANNA", "only to you", once="a:2")
    await chat.answer("C-gone", "U0ANNA", "to you", once="a:3")
    assert [rendering.shown(one) for one in fake.messages(ours.id)] == ["here"]
    assert fake.messages(general.id) == []
    assert BOT_USER not in general.members
    assert [rendering.shown(one) for one in fake.messages(fake.workspace.direct(["U0ANNA"]).id)] == [
        "only to you",
        "to you",
    ]
    with pytest.raises(NotAllowed):
        await chat.answer(general.id, "", "nobody", once="a:4")


@pytest.mark.parametrize("is_private", [False, True])
async def test_sent_away_from_its_room(fake: FakeSlack, chat: Slack, is_private: bool) -> None:
    """It comes back into a public channel; into a private one only people can let it."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    channel = fake.channel(room.id)
    channel.is_private = is_private
    if is_private:
        fake.refuse("chat.postMessage", "not_in_channel")
        with pytest.raises(NotAllowed, match="that the app is in the channel"):
            await chat.post(room.id, HELLO, once="p:1")
        return
    channel.members.clear()
    await chat.post(room.id, HELLO, once="p:1")
    assert [rendering.shown(one) for one in fake.messages(room.id)] == ["hello"]


async def test_an_archived_fixed_channel_is_the_operators(fake: FakeSlack) -> None:
    """No number helps where the settings name the channel."""
    incidents = fake.workspace.add_channel("incidents")
    incidents.is_archived = True
    chat = connect(fake, channel=incidents.id)
    with pytest.raises(NotAllowed, match="unarchive it, or name another"):
        await chat.open_room("inc-7", "INC-7", once="room:7")
    await chat.aclose()


async def test_private_room_with_people(fake: FakeSlack) -> None:
    """Private rooms are made private, and opening again fails on nobody who is in already."""
    chat = connect(fake, private_rooms=True, invite=["U0ANNA", "U0BORIS"])
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    again = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert again.id == room.id
    channel = fake.channel(room.id)
    assert channel.is_private
    assert channel.members == {BOT_USER, "U0ANNA", "U0BORIS"}
    await chat.aclose()


async def test_fixed_channel(fake: FakeSlack) -> None:
    """With a channel in the settings every incident's room is that one, and its topic stays."""
    incidents = fake.workspace.add_channel("incidents")
    chat = connect(fake, channel=incidents.id)
    first = await chat.open_room("inc-7", "INC-7", once="room:7")
    second = await chat.open_room("inc-8", "INC-8", once="room:8")
    assert first.id == second.id == incidents.id
    assert first.name == "incidents"
    assert incidents.topic == ""
    await chat.post(first.id, HELLO, once="p:1")
    await chat.aclose()


async def test_nothing_is_parsed_named_or_unfurled(fake: FakeSlack, chat: Slack) -> None:
    """Every switch is off in what goes over the wire, and the key travels as metadata."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    await chat.post(room.id, HELLO, once="p:1")
    (message,) = fake.messages(room.id)
    assert message["parse"] == "none"
    assert message["link_names"] is False
    assert message["mrkdwn"] is False
    assert message["metadata"] == {"event_type": "liaison", "event_payload": {"once": "p:1"}}


async def test_buttons_and_links(fake: FakeSlack, chat: Slack) -> None:
    """Verbs and our own links become buttons; a link Slack would refuse is written out, not lost."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    message = ChatMessage(
        text="Checkout is down",
        buttons=(
            Button(label="Acknowledge", verb=Verb.ACKNOWLEDGE, incident="INC-7"),
            Button(label="x" * 200, verb=Verb.APPROVE, incident="INC-8", words="action fail over"),
        ),
        links=(
            Link(label="Runs", url="https://prefect.example/runs?a=1&b=2"),
            Link(label="Odd", url="ftp://x"),
        ),
    )
    await chat.post(room.id, message, once="p:1")
    (posted,) = fake.messages(room.id)
    acknowledge, second, runs = rendering.buttons(posted)
    assert (acknowledge["action_id"], acknowledge["value"]) == ("liaison:ack:0", "INC-7")
    assert (second["value"], len(second["text"]["text"])) == ("INC-8 action fail over", 75)
    assert runs["url"] == "https://prefect.example/runs?a=1&b=2"
    assert rendering.shown(posted) == "Checkout is down\nOdd: ftp://x"


async def test_find_post_turns_pages(fake: FakeSlack, chat: Slack, fresh_chat: Slack) -> None:
    """A post is found under hundreds of people's messages, which carry no key or somebody else's."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    id_ = await chat.post(room.id, HELLO, once="p:1")
    for number in range(450):
        other = {"event_type": "other", "event_payload": {"once": "p:2"}}
        fields = {"text": f"talk {number}"} | ({"metadata": other} if number % 2 else {})
        fake.workspace.add_message(fake.channel(room.id), "U0ANNA", fields)
    assert await fresh_chat.find_post(room.id, "p:1") == id_
    assert await fresh_chat.find_post(room.id, "p:2") is None


async def test_own_rate_limit_of_slack(chat: Slack) -> None:
    """More than Slack takes in a channel is `Busy`, not lost and not `Unknown`; another channel is free."""
    fake = FakeSlack(clock=lambda: 1_000.0, burst=1)
    slack = connect(fake)
    room = await slack.open_room("inc-7", "INC-7", once="room:7")
    other = await slack.open_room("inc-8", "INC-8", once="room:8")
    await slack.post(room.id, HELLO, once="p:1")
    with pytest.raises(Busy) as caught:
        await slack.post(room.id, HELLO, once="p:2")
    assert caught.value.retry_after == 1.0
    await slack.post(other.id, HELLO, once="p:3")
    assert len(fake.messages(room.id)) == 1
    await slack.aclose()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("invalid_auth", NotAllowed),
        ("not_authed", NotAllowed),
        ("account_inactive", NotAllowed),
        ("token_revoked", NotAllowed),
        ("missing_scope", NotAllowed),
        ("not_in_channel", NotAllowed),
        ("ratelimited", Busy),
        ("rate_limited", Busy),
        ("channel_not_found", NotFound),
        ("message_not_found", NotFound),
        ("msg_too_long", Refused),
        ("is_archived", NotFound),
        ("a_word_of_tomorrow", Refused),
        ("fatal_error", Unknown),
        ("internal_error", Unknown),
    ],
)
async def test_no_with_http_200(fake: FakeSlack, chat: Slack, error: str, raised: type[Exception]) -> None:
    """Slack's `"ok": false` is a failure by content, and each word of its says what to do next."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.refuse("chat.postMessage", error)
    with pytest.raises(raised, match=error) as caught:
        await chat.post(room.id, HELLO, once="p:1")
    assert raised is not Refused or caught.type not in (NotAllowed, NotFound)
    # Whoever was sent away comes back and tries once more.
    assert fake.calls.count("chat.postMessage") == (2 if error == "not_in_channel" else 1)


async def test_missing_scope_names_the_cure(fake: FakeSlack, chat: Slack) -> None:
    """The operator is told which scope to add."""
    fake.refuse("auth.test", "missing_scope", needed="channels:manage", provided="chat:write")
    with pytest.raises(NotAllowed, match="add channels:manage and reinstall"):
        await chat.check()


async def test_yes_without_content(fake: FakeSlack, chat: Slack) -> None:
    """A yes that lacks what was asked for is no usable answer: unsure for a post, no answer for a read."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.refusals["chat.postMessage"] = {"ok": True}
    with pytest.raises(Unknown):
        await chat.post(room.id, HELLO, once="p:1")
    fake.refusals["chat.postMessage"] = {"ok": "yes"}
    with pytest.raises(Unknown):
        await chat.post(room.id, HELLO, once="p:1")
    fake.refusals["conversations.create"] = {"ok": True, "channel": {}}
    with pytest.raises(Unreachable):
        await chat.open_room("inc-8", "INC-8", once="room:8")


async def test_no_secret_in_an_error(fake: FakeSlack, chat: Slack) -> None:
    """Errors name the vendor, the call and Slack's word, never the token or the text."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.is_revoked = True
    with pytest.raises(NotAllowed) as caught:
        await chat.post(room.id, ChatMessage(text="card 4111"), once="p:1")
    assert "xoxb" not in str(caught.value)
    assert "4111" not in str(caught.value)


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"messages": None},
        {"messages": "none"},
        {"messages": ["x", {"ts": "1.1"}]},
        {"messages": [None]},
        {"messages": [{"metadata": {"event_type": "liaison", "event_payload": {"once": "p:1"}}}]},
    ],
)
async def test_history_that_cannot_be_read_is_no_answer(page: dict[str, Any]) -> None:
    """Or a post that is hidden in it would be sent again."""
    slack = Slack("slack/a", settings(), transport=Vendor(httpx.Response(200, json={"ok": True, **page})))
    with pytest.raises(Unreachable, match=r"conversations\.history"):
        await slack.find_post("C1", "p:1")
    await slack.aclose()


@pytest.mark.parametrize("channels", [None, ["inc-7"], [{"name": "inc-7"}], [{"name": "inc-7", "id": 7}]])
async def test_list_of_channels_that_cannot_be_read_is_no_answer(channels: object) -> None:
    """Also a channel without its id."""
    taken = httpx.Response(200, json={"ok": False, "error": "name_taken"})
    listed = httpx.Response(200, json={"ok": True, "channels": channels})
    slack = Slack("slack/a", settings(), transport=Vendor(taken, listed))
    with pytest.raises(Unreachable, match="conversations"):
        await slack.open_room("inc-7", "INC-7", once="room:7")
    await slack.aclose()


async def test_who_is_in_a_room(fake: FakeSlack, chat: Slack) -> None:
    """Everybody, however many pages it takes, and the app itself."""
    room = await chat.open_room("inc-7", "", once="room:7")
    fake.channel(room.id).members.update(f"U0{number:04d}" for number in range(1500))
    members = await chat.members(room.id)
    assert len(members) == 1501
    assert {BOT_USER, "U00000", "U01499"} <= members


async def test_who_is_in_a_group(fake: FakeSlack, chat: Slack) -> None:
    """By the group's id; a group that is not there is refused, and not empty."""
    group = fake.methods["usergroups.create"]({"name": "on-call"})["usergroup"]["id"]
    fake.methods["usergroups.users.update"]({"usergroup": group, "users": "U0ANNA"})
    assert await chat.group_members(group) == {"U0ANNA"}
    with pytest.raises(Refused, match="no_such_subteam"):
        await chat.group_members("S0NOBODY")


async def test_a_private_answer_is_seen_by_one(fake: FakeSlack, chat: Slack) -> None:
    """In the room where he is in it, directly where he is not; as text, whatever it says; never in the room."""
    room = await chat.open_room("inc-7", "", once="room:7")
    fake.channel(room.id).members.add("U0ANNA")
    await chat.answer(room.id, "U0ANNA", "no <!channel>", once="a:1", is_private=True)
    (aside,) = fake.chat.ephemeral
    assert (aside["user"], rendering.shown(aside), rendering.calls(aside)) == ("U0ANNA", "no <!channel>", [])
    for number, room_id in enumerate((room.id, "C0ELSEWHERE")):
        await chat.answer(room_id, "U0BORIS", "no", once=f"b:{number}", is_private=True)
    (direct,) = [channel for channel in fake.workspace.channels.values() if channel.is_direct]
    assert [rendering.shown(message) for message in direct.messages] == ["no", "no"]
    assert fake.messages(room.id) == []


async def test_a_private_answer_that_slack_refuses_is_refused(fake: FakeSlack, chat: Slack) -> None:
    """For any other reason than that he is not there."""
    room = await chat.open_room("inc-7", "", once="room:7")
    fake.refuse("chat.postEphemeral", "invalid_blocks")
    with pytest.raises(Refused, match="invalid_blocks"):
        await chat.answer(room.id, "U0ANNA", "no", once="a:1", is_private=True)
