"""What Mattermost does that is guessed wrong: names, archived channels, keys, links, buttons, limits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.mattermost import Mattermost
from connectors.mattermost.fake import rendering
from connectors.mattermost.fake.app import TOKEN, FakeMattermost
from incidents.commands.verbs import Verb
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import Button, ChatMessage, Link
from tests.connectors.mattermost.conftest import CALLBACK, Clock, connect, settings

HELLO = ChatMessage(text="hello")
ACK = Button(label="Acknowledge", verb=Verb.ACKNOWLEDGE, incident="INC-7")
YES = Button(label="Yes [go](x)", verb=Verb.APPROVE, incident="INC-7", words="action fail over")


async def test_check(fake: FakeMattermost, chat: Mattermost) -> None:
    """An operator sees which team the token belongs to, and what is wrong before it hurts."""
    assert await chat.check() == "liaison (bot) in Engineering at https://chat.acme.test"
    assert chat.actor == fake.me["id"]
    room = await chat.open_room("inc-1", "INC-1", once="room:1")
    fake.archive(room.id)
    for wrong, words in (
        ({"team": "marketing"}, "correct team"),
        ({"channel": room.id}, "archived"),
        ({"bot_token": "revoked"}, "credentials"),
    ):
        mistaken = connect(fake, **wrong)
        with pytest.raises(NotAllowed, match=words):
            await mistaken.check()
        await mistaken.aclose()


async def test_a_room_is_named_as_mattermost_wants(fake: FakeMattermost, chat: Mattermost) -> None:
    """Any name of ours is a name it takes; the header is Markdown, so a topic calls and links nowhere."""
    room = await chat.open_room("INC-7 Größe & Café!" * 9, "@channel cards <refused>", once="room:7")
    channel = fake.server.channels[room.id]
    assert len(channel["name"]) <= 64
    assert room.url == f"https://chat.acme.test/engineering/channels/{channel['name']}"
    assert rendering.calls({"message": channel["header"]}) == []
    assert rendering.shown({"message": channel["header"]}) == "@channel cards <refused>"


async def test_an_archived_channel_keeps_its_name(
    fake: FakeMattermost, chat: Mattermost, fresh_chat: Mattermost
) -> None:
    """A new one is opened beside it, and found again."""
    first = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.archive(first.id)
    second = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert second.id != first.id
    assert second.name == f"{first.name}-2"
    assert (await fresh_chat.open_room("inc-7", "INC-7", once="room:7")).id == second.id


@pytest.mark.parametrize("kind", ["O", "P"])
async def test_somebody_elses_channel_is_never_ours(
    fake: FakeMattermost, chat: Mattermost, kind: str
) -> None:
    """Anybody can make a channel of that name with our words in its purpose; a private one we do not even see."""
    ours = await chat.open_room("inc-7", "INC-7", once="room:7")
    channel = fake.server.channels.pop(ours.id)
    stolen = {name: channel[name] for name in ("team_id", "name", "purpose", "header", "display_name")}
    theirs = fake.server.create_channel(fake.anna["id"], {**stolen, "type": kind})
    again = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert again.id != theirs["id"]
    assert again.name == f"{channel['name']}-2"


async def test_all_names_are_taken(fake: FakeMattermost, chat: Mattermost) -> None:
    first = await chat.open_room("inc-7", "INC-7", once="room:7")
    for number in range(1, 31):
        name = first.name if number == 1 else f"{first.name}-{number}"
        fake.server.channels[f"x{number}"] = {
            **fake.server.channels[first.id], "id": f"x{number}", "name": name, "creator_id": "y",
        }  # fmt: skip
    del fake.server.channels[first.id]
    with pytest.raises(Refused, match="names of inc-7 are taken"):
        await chat.open_room("inc-7", "INC-7", once="room:7")


async def test_people_are_put_in(fake: FakeMattermost) -> None:
    """One who cannot be put in holds up neither the room nor the others."""
    chat = connect(fake, invite=["z" * 26, fake.anna["id"]], private_rooms=True)
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert await chat.members(room.id) == {fake.me["id"], fake.anna["id"]}
    assert fake.server.channels[room.id]["type"] == "P"
    await chat.aclose()


async def test_one_channel_for_all(fake: FakeMattermost) -> None:
    channel = fake.server.create_channel(
        fake.anna["id"], {"team_id": fake.server.team["id"], "name": "incidents"}
    )
    chat = connect(fake, channel=channel["id"])
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    assert (room.id, room.name) == (channel["id"], "incidents")
    await chat.post(room.id, HELLO, once="p:1")
    await chat.aclose()


async def test_an_archived_channel_takes_no_message(fake: FakeMattermost, chat: Mattermost) -> None:
    """It is gone, for new messages and for edits; whoever asks for an answer is told alone."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    own_id = await chat.post(room.id, HELLO, once="p:1")
    fake.archive(room.id)
    with pytest.raises(NotFound, match="can_not_post_to_deleted"):
        await chat.post(room.id, HELLO, once="p:2")
    with pytest.raises(NotFound):
        await chat.edit(room.id, own_id, HELLO, once="e:1")
    await chat.answer(room.id, fake.anna["id"], "it is closed", once="a:1")
    direct = fake.server.direct(fake.me["id"], fake.anna["id"])
    assert [post["message"] for post in fake.messages(direct["id"])] == ["it is closed"]
    fake.send_away(room.id)
    with pytest.raises(NotFound, match="archived"):
        await chat.post(room.id, HELLO, once="p:3")


async def test_sent_away(fake: FakeMattermost, chat: Mattermost) -> None:
    """Into a public channel the bot comes back; into a private one somebody must put it."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.send_away(room.id)
    await chat.post(room.id, HELLO, once="p:1")
    assert len(fake.messages(room.id)) == 1
    fake.server.channels[room.id]["type"] = "P"
    fake.send_away(room.id)
    with pytest.raises(NotAllowed, match="put the bot into the channel"):
        await chat.post(room.id, HELLO, once="p:2")
    del fake.server.channels[room.id]
    with pytest.raises(NotFound):
        await chat.post(room.id, HELLO, once="p:3")


async def test_what_is_private_is_said_alone(fake: FakeMattermost, chat: Mattermost) -> None:
    """Messages that one member sees are for system administrators."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    for _ in range(2):
        await chat.answer(room.id, fake.anna["id"], "only for you", once="a:1", is_private=True)
    assert fake.messages(room.id) == []
    direct = fake.server.direct(fake.me["id"], fake.anna["id"])
    assert len(fake.messages(direct["id"])) == 1
    with pytest.raises(Refused, match="nobody is named"):
        await chat.answer(room.id, "", "for whom?", once="a:2", is_private=True)


async def test_the_server_finds_a_quick_repetition(
    fake: FakeMattermost, chat: Mattermost, fresh_chat: Mattermost, clock: Clock
) -> None:
    """For thirty seconds; later it is a second message, so that a lost answer is looked up, never repeated blindly."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.faults.arm(FaultKind.DROP_REPLY, where="/api/v4/posts")
    with pytest.raises(Unknown):
        await chat.post(room.id, HELLO, once="p:1")
    clock.time += 29
    first = await fresh_chat.post(room.id, HELLO, once="p:1")
    assert [post["id"] for post in fake.messages(room.id)] == [first]
    clock.time += 31
    another = connect(fake)
    assert await another.post(room.id, HELLO, once="p:1") != first
    await another.aclose()


async def test_anybody_can_write_our_property(fake: FakeMattermost, chat: Mattermost) -> None:
    """A key counts in our own messages alone, and beyond one page of others'."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    own_id = await chat.post(room.id, HELLO, once="p:1")
    for number in range(230):
        fake.server.write(fake.anna["id"], room.id, f"{number}", props={"liaison_once": "p:2"})
    assert await chat.find_post(room.id, "p:2") is None
    assert await chat.find_post(room.id, "p:1") == own_id


async def test_an_edit_of_anothers_message(fake: FakeMattermost, chat: Mattermost) -> None:
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    other = await chat.open_room("inc-8", "INC-8", once="room:8")
    theirs = fake.server.write(fake.anna["id"], room.id, "mine")
    with pytest.raises(Refused, match="somebody else"):
        await chat.edit(room.id, theirs["id"], HELLO, once="e:1")
    own_id = await chat.post(room.id, HELLO, once="p:1")
    with pytest.raises(NotFound):
        await chat.edit(other.id, own_id, HELLO, once="e:2")
    fake.server.posts[own_id]["delete_at"] = 1
    with pytest.raises(NotFound):
        await chat.edit(room.id, own_id, HELLO, once="e:3")


async def test_buttons_and_links(fake: FakeMattermost, chat: Mattermost) -> None:
    """Buttons go where the settings say; what they bring back is shown to nobody; an edit replaces them."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    message = ChatMessage(
        text="down",
        buttons=(ACK, YES),
        links=(
            Link(label="Run [book]", url="https://wiki.example/a(b)"),
            Link(label="odd", url="javascript:x"),
        ),
    )
    own_id = await chat.post(room.id, message, once="p:1")
    post = fake.server.posts[own_id]
    assert rendering.links(post) == ["https://wiki.example/a%28b%29"]
    assert rendering.shown(post).splitlines() == ["down", "odd: javascript:x", "Run book"]
    buttons = fake.buttons(own_id)
    assert [one["name"] for one in buttons] == ["Acknowledge", "Yes go x"]
    assert all(one["id"].isalnum() and one["integration"]["url"] == CALLBACK for one in buttons)
    secret = settings().signing_secrets[0].get_secret_value()
    assert secret not in json.dumps(buttons)
    await chat.edit(room.id, own_id, ChatMessage(text="up"), once="e:1")
    assert fake.buttons(own_id) == []


async def test_without_an_address_for_buttons(fake: FakeMattermost) -> None:
    """They are commands to type."""
    chat = connect(fake, callback_url="")
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    own_id = await chat.post(room.id, ChatMessage(text="down", buttons=(ACK,)), once="p:1")
    shown = rendering.shown(fake.server.posts[own_id])
    assert shown == "down\nAcknowledge: /liaison ack INC-7"
    assert fake.buttons(own_id) == []
    await chat.aclose()


async def test_a_group(fake: FakeMattermost, chat: Mattermost) -> None:
    """A channel's people, in every edition; else a user group's."""
    channel = fake.server.create_channel(
        fake.anna["id"], {"team_id": fake.server.team["id"], "name": "on-call"}
    )
    assert await chat.group_members(channel["id"]) == {fake.anna["id"]}
    group = fake.server.new_id()
    fake.server.groups[group] = [fake.anna["id"], fake.me["id"]]
    assert await chat.group_members(group) == {fake.anna["id"], fake.me["id"]}
    for nothing in (fake.server.new_id(), "../users/me", ""):
        with pytest.raises(NotFound):
            await chat.group_members(nothing)


async def test_many_members(fake: FakeMattermost, chat: Mattermost) -> None:
    """All pages, which have 200 at most."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.server.members[room.id] = [f"u{number}" for number in range(450)]
    assert len(await chat.members(room.id)) == 450


async def test_the_servers_limit(fake: FakeMattermost, chat: Mattermost) -> None:
    """It is plain text, without a Retry-After; a small reset is seconds, a big one a time."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.http.per_second = 0
    with pytest.raises(Busy) as caught:
        await chat.post(room.id, HELLO, once="p:1")
    assert caught.value.retry_after == 1.0
    fake.http.per_second = None
    assert fake.messages(room.id) == []
    fake.faults.arm(FaultKind.RATE_LIMIT, seconds=1800)
    with pytest.raises(Busy) as caught:
        await chat.post(room.id, HELLO, once="p:1")
    assert caught.value.retry_after == 1800


@pytest.mark.parametrize(
    ("said", "least", "most"), [("7", 7, 7), ("in two minutes", 100, 121), ("soon", 1, 5)]
)
async def test_a_reset(said: str, least: float, most: float) -> None:
    """The documentation's one example has seconds left, the other a time."""
    if said == "in two minutes":
        said = str(int(datetime.now(UTC).timestamp()) + 120)
    refused = httpx.Response(429, text="limit exceeded", headers={"X-Ratelimit-Reset": said})
    chat = Mattermost("mattermost/a", settings(), transport=httpx.MockTransport(lambda request: refused))
    with pytest.raises(Busy) as caught:
        await chat.check()
    assert least <= caught.value.retry_after <= most
    await chat.aclose()


async def test_an_edit_that_comes_too_late(fake: FakeMattermost) -> None:
    """An administrator set a time limit: it is said what to change."""

    class Late(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PUT":
                id_ = "api.post.update_post.permissions_time_limit.app_error"
                return httpx.Response(400, json={"id": id_, "message": "a customer's words"})
            return await super().handle_async_request(request)

    chat = Mattermost("mattermost/engineering", settings(), transport=Late(fake.app))
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    own_id = await chat.post(room.id, HELLO, once="p:1")
    with pytest.raises(Refused, match="PostEditTimeLimit") as caught:
        await chat.edit(room.id, own_id, HELLO, once="e:1")
    assert "customer" not in str(caught.value)
    await chat.aclose()


@pytest.mark.parametrize("hostile", ["../users/me", "a/b", "", "..", "x" * 200, "a?b=c"])
async def test_a_hostile_id_reaches_no_path(fake: FakeMattermost, chat: Mattermost, hostile: str) -> None:
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    asked = len(fake.http.calls)
    for call in (
        chat.find_post(hostile, "p:1"),
        chat.members(hostile),
        chat.edit(room.id, hostile, HELLO, once="e"),
    ):
        with pytest.raises(NotFound):
            await call
    assert len(fake.http.calls) == asked


@pytest.mark.parametrize(
    "page",
    [
        b"<html>Please log in</html>",
        b"[]",
        b'{"order": ["a"], "posts": []}',
        b'{"order": null}',
        b'{"order": [' + b'"a",' * 3_000_000 + b'"a"]}',
    ],
)
async def test_a_page_that_is_none(page: bytes) -> None:
    """It never says that a post is not there."""

    def answer(request: httpx.Request) -> httpx.Response:
        is_who = request.url.path.endswith("/users/me")
        return httpx.Response(200, json={"id": "me"}) if is_who else httpx.Response(200, content=page)

    chat = Mattermost("mattermost/a", settings(), transport=httpx.MockTransport(answer))
    with stamina.set_testing(True, attempts=1), pytest.raises(Unreachable):
        await chat.find_post("a" * 26, "p:1")
    await chat.aclose()


@pytest.mark.parametrize("answer", [None, [], {}, {"id": None}, {"id": 7}, "x"])
async def test_an_odd_answer_to_a_post(fake: FakeMattermost, answer: Any) -> None:
    """It may have been posted."""

    class Odd(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path == "/api/v4/posts":
                return httpx.Response(201, json=answer)
            return await super().handle_async_request(request)

    chat = Mattermost("mattermost/engineering", settings(), transport=Odd(fake.app))
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    with pytest.raises(Unknown):
        await chat.post(room.id, HELLO, once="p:1")
    await chat.aclose()


async def test_a_token_in_no_error(fake: FakeMattermost) -> None:
    chat = connect(fake, bot_token="a-token-that-was-revoked")
    with pytest.raises(LiaisonError) as caught:
        await chat.check()
    assert "a-token-that" not in repr(caught.value)
    assert TOKEN not in repr(settings())
    await chat.aclose()
