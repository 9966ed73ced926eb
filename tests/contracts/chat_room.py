"""What every `ChatRoom` must keep: a text stays a text, a key finds its post, and a lost answer is `Unknown`.

Subclass it in `tests/connectors/<vendor>/test_connector.py`:

    class TestSlackRoom(ChatRoomContract):
        post_path = "chat.postMessage"          # part of the path that posting goes to, for arming faults

        @pytest.fixture
        async def chat(self) -> ...              # the connector under test
        @pytest.fixture
        async def fresh_chat(self) -> ...        # another one on the same server: our process after a restart
        @pytest.fixture
        def faults(self) -> Faults               # of the server
        @pytest.fixture
        def read(self) -> Read                   # what people see in a room
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, NotAllowed, NotFound, Unknown, Unreachable
from incidents.models import ChatMessage, Room
from incidents.ports import ChatRoom

HOSTILE_TEXTS = (
    "<!channel> everything is down",
    "<!here|here> and <!everyone>",
    "<@U0ANNA> <@U0ANNA|boss> wake up",
    "<!subteam^S1> <#C1|general>",
    "<https://evil.example|Login> to see more",
    "<mailto:evil@evil.example|write>",
    "@here @channel @everyone @room",
    "<a href='https://evil.example'>Login</a> <img src=x>",
    "*bold* _italic_ `code` ~strike~ :tada: [Login](https://evil.example)",
    "&lt;!channel&gt; and &amp;lt;!channel&amp;gt;",
    "\u202e<!channel>\u202c <\u200b!channel>",
    "> quote\n```\nfence\n```",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A message as people see it: its text, whom it calls, and what in it could be clicked."""

    id: str
    text: str
    calls: Sequence[str] = ()
    links: Sequence[str] = ()


class Read(Protocol):
    async def __call__(self, room_id: str) -> Sequence[Seen]: ...


class ChatRoomContract:
    post_path: ClassVar[str]
    honours_keys: ClassVar[bool] = False
    """Whether the vendor itself refuses to post a key twice, so that even a fresh process cannot."""

    @pytest.fixture
    async def room(self, chat: ChatRoom) -> Room:
        return await chat.open_room("inc-7 Checkout", "INC-7 checkout: cards are refused", once="room:7")

    async def test_is_a_chat_room(self, chat: ChatRoom) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(chat, ChatRoom)
        assert chat.index_lag >= 0

    async def test_one_room_per_key(self, chat: ChatRoom, fresh_chat: ChatRoom, room: Room) -> None:
        """Opening again, even after a restart, finds the room that is there."""
        again = await chat.open_room("inc-7 Checkout", "INC-7 checkout: cards are refused", once="room:7")
        after = await fresh_chat.open_room("inc-7 Checkout", "INC-7 checkout: solved", once="room:7")
        assert again.id == room.id
        assert after.id == room.id
        assert room.url

    async def test_post_is_seen(self, chat: ChatRoom, room: Room, read: Read) -> None:
        """What is posted is what people read, once, under the id that came back."""
        id_ = await chat.post(room.id, ChatMessage(text="Line one\nline two: 5 < 7 & so"), once="p:1")
        (seen,) = await read(room.id)
        assert (seen.id, seen.text) == (id_, "Line one\nline two: 5 < 7 & so")

    async def test_same_key_posts_once(self, chat: ChatRoom, room: Room, read: Read) -> None:
        """The same key twice has the effect of one call; another key is another message."""
        first = await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        assert await chat.post(room.id, ChatMessage(text="hello"), once="p:1") == first
        assert await chat.post(room.id, ChatMessage(text="hello"), once="p:2") != first
        assert len(await read(room.id)) == 2

    async def test_key_outlives_the_process(
        self, chat: ChatRoom, fresh_chat: ChatRoom, room: Room, read: Read
    ) -> None:
        """After a restart the key still finds its post; so whoever asks before repeating, posts once."""
        id_ = await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        assert await fresh_chat.find_post(room.id, "p:1") == id_
        if self.honours_keys:
            assert await fresh_chat.post(room.id, ChatMessage(text="hello"), once="p:1") == id_
            assert len(await read(room.id)) == 1

    async def test_unknown_key_finds_nothing(self, chat: ChatRoom, room: Room) -> None:
        """No key finds another's post, nor a post in another room, nor is a part of a key a key."""
        await chat.post(room.id, ChatMessage(text="p:12"), once="p:1")
        assert await chat.find_post(room.id, "p:12") is None
        assert await chat.find_post(room.id, "p:") is None
        other = await chat.open_room("inc-8 Search", "INC-8 search", once="room:8")
        assert other.id != room.id
        assert await chat.find_post(other.id, "p:1") is None

    async def test_an_answer_is_read_where_it_was_asked(self, chat: ChatRoom, room: Room, read: Read) -> None:
        """In a room of ours it is a post like any other, once."""
        await chat.answer(room.id, "", "No incident is open.", once="a:1")
        await chat.answer(room.id, "", "No incident is open.", once="a:1")
        assert [seen.text for seen in await read(room.id)] == ["No incident is open."]

    async def test_edit(self, chat: ChatRoom, fresh_chat: ChatRoom, room: Room, read: Read) -> None:
        """An edit changes the message in place, may be repeated, and does not lose the post's key."""
        id_ = await chat.post(room.id, ChatMessage(text="open"), once="p:1")
        await chat.edit(room.id, id_, ChatMessage(text="closed & done"), once="e:1")
        await chat.edit(room.id, id_, ChatMessage(text="closed & done"), once="e:1")
        assert [(seen.id, seen.text) for seen in await read(room.id)] == [(id_, "closed & done")]
        assert await fresh_chat.find_post(room.id, "p:1") == id_

    @pytest.mark.parametrize("text", HOSTILE_TEXTS)
    async def test_hostile_text_stays_text(self, chat: ChatRoom, room: Room, read: Read, text: str) -> None:
        """Ticket text calls nobody, links nowhere and is shown as it is, when posted and when edited in."""
        id_ = await chat.post(room.id, ChatMessage(text=text), once="p:1")
        (seen,) = await read(room.id)
        assert (list(seen.calls), list(seen.links), seen.text) == ([], [], text)
        await chat.edit(room.id, id_, ChatMessage(text=f"now: {text}"), once="e:1")
        (seen,) = await read(room.id)
        assert (list(seen.calls), list(seen.links), seen.text) == ([], [], f"now: {text}")

    @pytest.mark.parametrize(
        "text", ["", " \n", "\x00", "\ud800", "a\x00b\ud800c", "😀" * 3_000, "x" * 200_000]
    )
    async def test_awkward_text_is_posted(self, chat: ChatRoom, room: Room, read: Read, text: str) -> None:
        """Empty, unencodable and huge texts are made to fit: a post never fails for ever on its text."""
        await chat.post(room.id, ChatMessage(text=text), once="p:1")
        (seen,) = await read(room.id)
        assert seen.text
        assert seen.text[:100] == text[:100] or len(text) < 10

    @pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    async def test_lost_answer_is_looked_up(
        self,
        *,
        chat: ChatRoom,
        fresh_chat: ChatRoom,
        room: Room,
        read: Read,
        faults: Faults,
        kind: FaultKind,
    ) -> None:
        """A post whose answer was lost is `Unknown`, is not repeated blindly, and is found by its key."""
        faults.arm(kind, where=self.post_path)
        with pytest.raises(Unknown):
            await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        (seen,) = await read(room.id)
        assert await fresh_chat.find_post(room.id, "p:1") == seen.id

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.CRASH, FaultKind.HTML])
    async def test_unclear_answer_is_looked_up(
        self, chat: ChatRoom, room: Room, read: Read, faults: Faults, kind: FaultKind
    ) -> None:
        """An answer that proves nothing is `Unknown`; the look-up finds no post; then it goes."""
        faults.arm(kind, where=self.post_path)
        with pytest.raises(Unknown):
            await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        assert await chat.find_post(room.id, "p:1") is None
        await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        assert len(await read(room.id)) == 1

    async def test_busy(self, chat: ChatRoom, room: Room, read: Read, faults: Faults) -> None:
        """429 is `Busy` with the vendor's word on when, and nothing was posted."""
        faults.arm(FaultKind.RATE_LIMIT, where=self.post_path)
        with pytest.raises(Busy) as caught:
            await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        assert caught.value.retry_after == 1.0
        assert list(await read(room.id)) == []

    async def test_not_allowed(self, chat: ChatRoom, room: Room, faults: Faults) -> None:
        """401 asks for an operator, whatever the call."""
        faults.arm(FaultKind.UNAUTHORIZED, times=None)
        for call in (
            chat.post(room.id, ChatMessage(text="hello"), once="p:1"),
            chat.edit(room.id, "1.1", ChatMessage(text="hello"), once="e:1"),
            chat.find_post(room.id, "p:1"),
            chat.open_room("inc-9", "INC-9", once="room:9"),
        ):
            with pytest.raises(NotAllowed):
                await call

    @pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML, FaultKind.DROP_REPLY])
    async def test_reads_in_an_outage(
        self, chat: ChatRoom, room: Room, faults: Faults, kind: FaultKind
    ) -> None:
        """A look-up that got no answer is `Unreachable`: it never says that a post is not there."""
        faults.arm(kind, times=None)
        with pytest.raises(Unreachable):
            await chat.find_post(room.id, "p:1")

    async def test_open_room_survives_a_lost_answer(self, chat: ChatRoom, read: Read, faults: Faults) -> None:
        """However the answer to opening is lost, opening again ends in one room."""
        faults.arm(FaultKind.DROP_REPLY)
        try:
            first = await chat.open_room("inc-9", "INC-9", once="room:9")
        except (Unknown, Unreachable):
            first = await chat.open_room("inc-9", "INC-9", once="room:9")
        assert (await chat.open_room("inc-9", "INC-9", once="room:9")).id == first.id

    async def test_lost_answer_to_an_edit(
        self, chat: ChatRoom, room: Room, read: Read, faults: Faults
    ) -> None:
        """An edit says what a message shall be: again, it is the same, and no second message."""
        id_ = await chat.post(room.id, ChatMessage(text="hello"), once="p:1")
        faults.arm(FaultKind.DROP_REPLY)
        with suppress(Unknown, Unreachable):
            await chat.edit(room.id, id_, ChatMessage(text="goodbye"), once="e:1")
        faults.clear()
        await chat.edit(room.id, id_, ChatMessage(text="goodbye"), once="e:1")
        assert [seen.text for seen in await read(room.id)] == ["goodbye"]

    async def test_lost_answer_to_an_answer(
        self, chat: ChatRoom, room: Room, read: Read, faults: Faults
    ) -> None:
        """What somebody asked is said to them once; the ledger does not say it again."""
        faults.arm(FaultKind.DROP_REPLY, where=self.post_path)
        with suppress(Unknown):
            await chat.answer(room.id, "", "still open", once="a:1")
        assert [seen.text for seen in await read(room.id)] == ["still open"]

    async def test_gone(self, chat: ChatRoom, room: Room) -> None:
        """A message that is not there cannot be edited."""
        with pytest.raises(NotFound):
            await chat.edit(room.id, "1400000000.000001", ChatMessage(text="hello"), once="e:1")
