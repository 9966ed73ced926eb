"""Matrix as a chat room, against its fake."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.matrix import Matrix
from connectors.matrix.client_api import path
from connectors.matrix.fake.app import ANNA, BORIS, BOT, FakeMatrix
from connectors.matrix.fake.homeserver import SERVER, FakeDevice, MatrixNo
from connectors.matrix.mapping import ONCE
from incidents.commands.verbs import Verb
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown
from incidents.models import Button, ChatMessage, Link
from tests.connectors.matrix.conftest import connect
from tests.connectors.matrix.reading import seen_in
from tests.contracts.chat_room import ChatRoomContract, Read, Seen

HELLO = ChatMessage(text="hello")
OUR_DEVICE = FakeDevice(BOT, "LIAISON")


class TestMatrixRoom(ChatRoomContract):
    post_path = "/send/"
    honours_keys = True

    @pytest.fixture
    def faults(self, fake: FakeMatrix) -> Faults:
        return fake.faults

    @pytest.fixture
    def read(self, fake: FakeMatrix) -> Read:
        async def read(room_id: str) -> Sequence[Seen]:
            return [seen_in(one["event_id"], one["content"]) for one in fake.messages(room_id)]

        return read


async def test_check_says_who_we_are(chat: Matrix) -> None:
    assert await chat.check() == f"@liaison:{SERVER} on device LIAISON at http://127.0.0.1:8008"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"device_id": "OTHER"}, "sent twice"), ({"user_id": f"@other:{SERVER}"}, "say another user_id")],
)
async def test_check_of_another_device(fake: FakeMatrix, wrong: dict[str, str], says: str) -> None:
    """A fresh device knows none of the transactions of the one before: the operator is told, with the cure."""
    matrix = connect(fake, **wrong)
    with pytest.raises(NotAllowed, match=says):
        await matrix.check()
    await matrix.aclose()


async def test_buttons_are_words_to_type_and_links_are_links(fake: FakeMatrix, chat: Matrix) -> None:
    """Our own links can be clicked, a ticket's cannot; a link that cannot be one is written out."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    message = ChatMessage(
        text="Checkout is down, see https://evil.example",
        buttons=(
            Button(label="Acknowledge", verb=Verb.ACKNOWLEDGE, incident="INC-7"),
            Button(label="<b>Yes</b>", verb=Verb.APPROVE, incident="INC-7", words="action fail over"),
        ),
        links=(
            Link(label="<Runs>", url="https://prefect.example/?a=1&b='2'"),
            Link(label="Odd", url="ftp://x"),
        ),
    )
    id_ = await chat.post(room.id, message, once="p:1")
    (posted,) = fake.messages(room.id)
    seen = seen_in(id_, posted["content"])
    assert list(seen.links) == ["https://prefect.example/?a=1&b='2'"]
    assert seen.text.splitlines() == [
        "Checkout is down, see https://evil.example",
        "Odd: ftp://x",
        "<Runs>: https://prefect.example/?a=1&b='2'",
        "Acknowledge: !liaison ack INC-7; <b>Yes</b>: !liaison approve INC-7 action fail over, or react with 👍",
    ]
    assert "<code>https://evil.example</code>" in posted["content"]["formatted_body"]
    assert posted["content"]["msgtype"] == "m.text"


@pytest.mark.parametrize("letter", ["x", "ü", "&", "😀", "\n", "\x07", "."])
async def test_the_whole_event_fits(fake: FakeMatrix, chat: Matrix, letter: str) -> None:
    """Counted in bytes of all that is sent, when posted and when edited; the cut is told."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    text = f"begin{letter * 70_000}"
    id_ = await chat.post(room.id, ChatMessage(text=text), once="p:1")
    await chat.edit(room.id, id_, ChatMessage(text=text), once="e:1")
    (posted,) = fake.messages(room.id)
    assert posted["content"]["body"].startswith("begin")
    assert posted["content"]["body"].endswith(" … (cut)")


async def test_an_event_that_is_too_large_is_refused(fake: FakeMatrix) -> None:
    """By the fake as by Synapse: 65,000 letters, or half as many of two bytes."""
    made = fake.membership.create(OUR_DEVICE, {})["room_id"]
    for body in ("x" * 65_000, "ü" * 33_000):
        with pytest.raises(MatrixNo, match="M_TOO_LARGE"):
            fake.talk.send(OUR_DEVICE, made, "m.room.message", body[:9], {"body": body})
    assert fake.talk.send(OUR_DEVICE, made, "m.room.message", "t", {"body": "x" * 64_000})


async def test_a_yes_about_an_older_event_is_noticed(fake: FakeMatrix, chat: Matrix) -> None:
    """Another program used our transaction on our device: the server answers 200 with its event and sends nothing.
    Seen by reading back; sent under another transaction; and told where that is of no use either."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")

    def foreign(transaction: str, body: str) -> None:
        fake.talk.send(OUR_DEVICE, room.id, "m.reaction", transaction, {"body": body})

    await chat.post(room.id, HELLO, once="p:1")
    first = next(iter(fake.server.transactions))[3]
    fake.server.transactions.clear()
    chat._posted.__init__(1000)  # type: ignore[misc]  # as after a restart
    foreign(first, "somebody's")
    id_ = await chat.post(room.id, HELLO, once="p:1")
    assert [one["event_id"] for one in fake.messages(room.id)][-1] == id_
    second = next(key[3] for key, event in fake.server.transactions.items() if event == id_)
    fake.server.transactions.clear()
    chat._posted.__init__(1000)  # type: ignore[misc]
    foreign(first, "somebody's")
    foreign(second, "somebody's")
    before = len(fake.messages(room.id))
    with pytest.raises(Refused, match="no other program"):
        await chat.post(room.id, HELLO, once="p:1")
    assert len(fake.messages(room.id)) == before


async def test_the_same_key_with_another_text_is_another_transaction(
    fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix
) -> None:
    """A newer Liaison words it differently: the server must not answer with the old one in silence."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    first = await chat.post(room.id, HELLO, once="p:1")
    assert await fresh_chat.post(room.id, ChatMessage(text="hello!"), once="p:1") != first
    assert len(fake.messages(room.id)) == 2


async def test_a_fresh_login_knows_no_transactions(fake: FakeMatrix, chat: Matrix) -> None:
    """Another device posts a second message; the same device does not. So the device is part of the settings."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    await chat.post(room.id, HELLO, once="p:1")
    for token, device, posts in (("other", "OTHER", 2), ("again", "LIAISON", 2)):
        fake.server.devices[token] = FakeDevice(BOT, device)
        matrix = connect(fake, access_token=token, device_id=device)
        await matrix.post(room.id, HELLO, once="p:1")
        assert len(fake.messages(room.id)) == posts
        await matrix.aclose()


@pytest.mark.parametrize("with_header", [True, False])
async def test_refused_for_haste(fake: FakeMatrix, chat: Matrix, with_header: bool) -> None:
    """`Busy` for as long as the server says, where older servers say it too; then under the same transaction."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.limit(4854, with_header=with_header)
    with pytest.raises(Busy) as caught:
        await chat.post(room.id, HELLO, once="p:1")
    assert caught.value.retry_after == (5.0 if with_header else 4.854)
    await chat.post(room.id, HELLO, once="p:1")
    sent = [call for call in fake.calls if "/send/" in call]
    assert (len(sent), len(set(sent)), len(fake.messages(room.id))) == (2, 1, 1)


async def test_sent_and_not_read_back_is_unknown(fake: FakeMatrix, chat: Matrix) -> None:
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.faults.arm(FaultKind.OUTAGE, where="/event/", times=None)
    with pytest.raises(Unknown, match="read back"):
        await chat.post(room.id, HELLO, once="p:1")
    fake.faults.clear()
    assert await chat.find_post(room.id, "p:1") is not None


async def test_a_proxys_404_does_not_say_that_a_room_is_gone(fake: FakeMatrix, chat: Matrix) -> None:
    """Or every incident would get another room, and another one, while the proxy is wrong."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.faults.arm(FaultKind.MISSING, times=None)
    with pytest.raises(NotAllowed, match="check base_url"):
        await chat.post(room.id, HELLO, once="p:1")


async def test_find_post_turns_pages(fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix) -> None:
    """Found under hundreds of people's messages and of our own; not an edit, not somebody's with our key."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    id_ = await chat.post(room.id, HELLO, once="p:1")
    await chat.edit(room.id, id_, ChatMessage(text="hello!"), once="p:2")
    fake.say("p:3", room=room.id, **{ONCE: "p:3"})
    for number in range(250):
        fake.say(f"talk {number}", room=room.id)
        fake.say(f"ours {number}", room=room.id, user=BOT)
    assert await fresh_chat.find_post(room.id, "p:1") == id_
    assert await fresh_chat.find_post(room.id, "p:2") is None
    assert await fresh_chat.find_post(room.id, "p:3") is None


async def test_what_cannot_be_edited(fake: FakeMatrix, chat: Matrix) -> None:
    """Somebody else's: the server would keep our edit and show it to nobody. What was taken back is not there."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    theirs = fake.say("mine", room=room.id)
    with pytest.raises(Refused, match="somebody else"):
        await chat.edit(room.id, theirs.event_id, HELLO, once="e:1")
    ours = await chat.post(room.id, HELLO, once="p:1")
    await chat.edit(room.id, ours, ChatMessage(text="hello!"), once="e:1")
    fake.talk.redact(OUR_DEVICE, room.id, ours, "r")
    with pytest.raises(NotFound, match="taken back"):
        await chat.edit(room.id, ours, HELLO, once="e:2")


async def test_taking_a_message_back_leaves_its_edits(fake: FakeMatrix, chat: Matrix) -> None:
    """As at Synapse: whoever erases must redact each edit too. We take nothing back; the README says so."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    ours = await chat.post(room.id, HELLO, once="p:1")
    await chat.edit(room.id, ours, ChatMessage(text="a secret"), once="e:1")
    fake.talk.redact(OUR_DEVICE, room.id, ours, "r")
    (edit,) = fake.talk.relations(OUR_DEVICE, room.id, ours, "m.replace")["chunk"]
    assert edit["content"]["m.new_content"]["body"] == "a secret"
    fake.talk.redact(OUR_DEVICE, room.id, edit["event_id"], "r2")
    assert fake.talk.event(OUR_DEVICE, room.id, edit["event_id"])["content"] == {}


async def test_whoever_asked_is_answered(fake: FakeMatrix, chat: Matrix) -> None:
    """In the room where we are, as a notice, which no other program answers; elsewhere alone."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    await chat.answer(room.id, ANNA, "here", once="a:1")
    assert [one["content"]["msgtype"] for one in fake.messages(room.id)] == ["m.notice"]
    await chat.answer("!gone:fake.test", ANNA, "only to you", once="a:2")
    assert [one["content"]["body"] for one in fake.messages("Liaison")] == ["only to you"]
    with pytest.raises(NotAllowed):
        await chat.answer("!gone:fake.test", "", "nobody", once="a:3")


async def test_a_private_answer_is_seen_by_one(fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix) -> None:
    """In a room of the two, opened once, into which nobody lets a third; never in the incident's room."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    await chat.answer(room.id, ANNA, "no <b>", once="a:1", is_private=True)
    await chat.answer(room.id, ANNA, "no <b>", once="a:1", is_private=True)
    await fresh_chat.answer(room.id, ANNA, "no again", once="a:2", is_private=True)
    direct = fake.room("Liaison")
    assert [one["content"]["body"] for one in fake.messages(direct.id)] == ["no <b>", "no again"]
    assert (direct.members("join"), direct.members("invite")) == ([BOT], [ANNA])
    assert fake.messages(room.id) == []
    fake.membership.join(fake.person(ANNA), direct.id)
    with pytest.raises(MatrixNo, match="M_FORBIDDEN"):
        fake.membership.invite(fake.person(ANNA), direct.id, {"user_id": BORIS})
    with pytest.raises(Refused, match="nobody is named"):
        await chat.answer(room.id, "", "no", once="a:3", is_private=True)


async def test_a_room_of_two_with_a_third_is_none(fake: FakeMatrix, chat: Matrix, fresh_chat: Matrix) -> None:
    """Let in by an administrator: what concerns one person is said in another room."""
    await chat.answer("!x:fake.test", ANNA, "first", once="a:1", is_private=True)
    first = fake.room("Liaison")
    fake.server.add(first, "m.room.member", BORIS, {"membership": "join"}, state_key=BORIS)
    await fresh_chat.answer("!x:fake.test", ANNA, "second", once="a:2", is_private=True)
    assert [one["content"]["body"] for one in fake.messages(first.id)] == ["first"]


async def test_somebody_who_left_is_asked_in_again(fake: FakeMatrix, chat: Matrix) -> None:
    await chat.answer("!x:fake.test", ANNA, "first", once="a:1", is_private=True)
    direct = fake.room("Liaison")
    fake.membership.leave(fake.person(ANNA), direct.id)
    await chat.answer("!x:fake.test", ANNA, "second", once="a:2", is_private=True)
    assert direct.members("invite") == [ANNA]


async def test_an_old_token(fake: FakeMatrix, chat: Matrix) -> None:
    """The cure names the device; no secret and no customer's word is in it."""
    room = await chat.open_room("inc-7", "INC-7", once="room:7")
    fake.server.devices.clear()
    with pytest.raises(NotAllowed, match="same device id") as caught:
        await chat.post(room.id, ChatMessage(text="card 4111"), once="p:1")
    assert "fake-matrix-access-token" not in str(caught.value)
    assert "4111" not in str(caught.value)


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_is_never_a_path(id_: str) -> None:
    with pytest.raises(Refused):
        path("rooms", id_, "state")
    assert path("rooms", "!a/../b:c?d#e") == "/_matrix/client/v3/rooms/%21a%2F..%2Fb%3Ac%3Fd%23e"
