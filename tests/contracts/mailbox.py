"""What every `Mailbox` must keep: one mail a key, to the person it is for.

Subclass it in `tests/connectors/<vendor>/`:

    class TestMailIsAMailbox(MailboxContract):
        @pytest.fixture
        def mailbox(self, ...) -> Mail: ...
        @pytest.fixture
        def post(self, ...) -> Post: ...         # what people got, behind the connector's back
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, NotAllowed, Refused, Unknown
from incidents.models import Contact
from incidents.ports import Mailbox

JANE = Contact(id="jane", name="Jane Doe", email="jane@acme.example")


class Post(Protocol):
    """`mail_path` is where a message is handed over, `reply_path` one that goes with an earlier one: there the faults
    are armed."""

    faults: Faults
    mail_path: str
    reply_path: str

    def got(self, address: str) -> Sequence[tuple[str, str]]:
        """Subject and text of what came to the address, the oldest first. What goes with an earlier one has its subject
        where the vendor gives it no own."""
        ...

    def conversations(self, address: str) -> int:
        """In how many conversations that is: threads of mail, or tickets."""
        ...


class MailboxContract:
    def test_is_a_mailbox(self, mailbox: Mailbox) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(mailbox, Mailbox)

    async def test_a_mail(self, mailbox: Mailbox, post: Post) -> None:
        """It arrives with its words, also those no encoding of old knows."""
        await mailbox.send(JANE, "Übergabe: INC-1", "It is your turn.\nThe café is down: ☕", once="1")
        assert post.got(JANE.email) == [("Übergabe: INC-1", "It is your turn.\nThe café is down: ☕")]

    async def test_one_mail_a_key(self, mailbox: Mailbox, post: Post) -> None:
        """The same key twice is one mail; another key is another one. A key names its person, too."""
        for once in ("1", "1", "2"):
            await mailbox.send(JANE, "x", "y", once=once)
        await mailbox.send(Contact(id="joe", email="joe@acme.example"), "x", "y", once="3")
        assert (len(post.got(JANE.email)), len(post.got("joe@acme.example"))) == (2, 1)

    async def test_a_lost_answer(self, mailbox: Mailbox, post: Post) -> None:
        """It may have been sent; the same call again finds out, and sends no second one."""
        post.faults.arm(FaultKind.DROP_REPLY, where=post.mail_path)
        with pytest.raises(Unknown):
            await mailbox.send(JANE, "x", "y", once="1")
        await mailbox.send(JANE, "x", "y", once="1")
        assert len(post.got(JANE.email)) == 1

    async def test_the_end_goes_with_what_it_ends(self, mailbox: Mailbox, post: Post) -> None:
        """In the thread of the first one, once; another person's first one is another thread."""
        joe = Contact(id="joe", email="joe@acme.example")
        first = await mailbox.send(JANE, "Trouble", "It is broken.", once="1")
        await mailbox.send(joe, "Trouble", "It is broken.", once="2")
        for _ in range(2):
            assert await mailbox.send(JANE, "Trouble", "It works again.", once="3", ends="1") == first
        assert [text for _, text in post.got(JANE.email)] == ["It is broken.", "It works again."]
        assert (post.conversations(JANE.email), len(post.got(joe.email))) == (1, 1)

    async def test_a_lost_answer_to_the_end(self, mailbox: Mailbox, post: Post) -> None:
        """As with a first one: the same call again finds out."""
        await mailbox.send(JANE, "x", "y", once="1")
        post.faults.arm(FaultKind.DROP_REPLY, where=post.reply_path)
        with pytest.raises(Unknown):
            await mailbox.send(JANE, "x", "z", once="2", ends="1")
        await mailbox.send(JANE, "x", "z", once="2", ends="1")
        assert len(post.got(JANE.email)) == 2

    @pytest.mark.parametrize(
        ("kind", "error"), [(FaultKind.UNAUTHORIZED, NotAllowed), (FaultKind.RATE_LIMIT, Busy)]
    )
    async def test_not_now(
        self, mailbox: Mailbox, post: Post, kind: FaultKind, error: type[Exception]
    ) -> None:
        """Nothing is sent, and later it is."""
        post.faults.arm(kind, times=None)
        with pytest.raises(error):
            await mailbox.send(JANE, "x", "y", once="1")
        post.faults.clear()
        assert post.got(JANE.email) == []
        await mailbox.send(JANE, "x", "y", once="1")
        assert len(post.got(JANE.email)) == 1

    @pytest.mark.parametrize("address", ["", "jane", "jane@", "a@b\r\nBcc: eve@evil.example", "<x>@y"])
    async def test_no_address(self, mailbox: Mailbox, post: Post, address: str) -> None:
        """Said so, and nothing is sent to anybody."""
        with pytest.raises(Refused):
            await mailbox.send(Contact(id="x", email=address), "x", "y", once="1")
        assert post.got("eve@evil.example") == []

    async def test_hostile_words(self, mailbox: Mailbox, post: Post) -> None:
        """No text makes a header, a second mail or an end of one."""
        text = "one\n.\n.\r\nFrom: eve@evil.example\n\x00\ud800 end"
        await mailbox.send(JANE, "x\r\nBcc: eve@evil.example\r\n\r\nbody", text, once="1")
        ((subject, said),) = post.got(JANE.email)
        assert subject == "x Bcc: eve@evil.example body"
        assert said.splitlines()[:4] == ["one", ".", ".", "From: eve@evil.example"]
        assert post.got("eve@evil.example") == []
