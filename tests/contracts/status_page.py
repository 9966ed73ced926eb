"""What every `StatusPage` must keep: one public incident and one update a key, in order, and nothing after the end.

Subclass it in `tests/connectors/<vendor>/`:

    class TestStaticPageIsAStatusPage(StatusPageContract):
        @pytest.fixture
        def status_page(self, ...) -> StaticPage: ...
        @pytest.fixture
        def public(self, ...) -> Public: ...     # what people read, behind the connector's back
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pytest

from incidents.errors import LiaisonError, NotFound, Refused
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.status_page import StatusPage

TITLE = PublicText("Problem with Checkout")
TEXT = PublicText("We see a problem with Checkout and are looking into it.")


@dataclass(frozen=True)
class Read:
    """A public incident as people read it; `said` are state and text of its updates, the oldest first."""

    title: str
    services: tuple[str, ...]
    said: tuple[tuple[PublicState, str], ...]


class Public(Protocol):
    """Reads the page as anybody does."""

    async def read(self) -> Sequence[Read]:
        """Its public incidents, the oldest first."""
        ...

    def lose_reply(self) -> None:
        """The next write is done, and its answer never comes."""
        ...


class StatusPageContract:
    async def open(self, page: StatusPage, *, once: str = "open") -> str:
        return await page.open(TITLE, TEXT, Severity.HIGH, services=["Checkout"], once=once)

    def test_is_a_status_page(self, status_page: StatusPage) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(status_page, StatusPage)

    async def test_a_whole_incident(self, status_page: StatusPage, public: Public) -> None:
        """Opened, told on, resolved: the public reads each in its order."""
        made = await self.open(status_page)
        await status_page.post_update(made, PublicText("Found."), PublicState.IDENTIFIED, once="1")
        await status_page.post_update(made, PublicText("Fixed?"), PublicState.MONITORING, once="2")
        await status_page.resolve(made, PublicText("Fixed."), once="3")
        said = (
            (PublicState.INVESTIGATING, TEXT),
            (PublicState.IDENTIFIED, "Found."),
            (PublicState.MONITORING, "Fixed?"),
            (PublicState.RESOLVED, "Fixed."),
        )
        assert list(await public.read()) == [Read(TITLE, ("Checkout",), said)]

    async def test_one_incident_a_key(self, status_page: StatusPage, public: Public) -> None:
        """The same key twice is one public incident, with the same id; another key is another one."""
        first, again, other = [await self.open(status_page, once=once) for once in ("1", "1", "2")]
        assert first == again != other
        assert len(await public.read()) == 2

    async def test_one_update_a_key(self, status_page: StatusPage, public: Public) -> None:
        """The same key twice is one update, also when others came between, and also the last one."""
        made = await self.open(status_page)
        for once in ("1", "2", "1"):
            await status_page.post_update(made, PublicText(once), PublicState.INVESTIGATING, once=once)
        for _ in range(2):
            await status_page.resolve(made, PublicText("Fixed."), once="3")
        await status_page.post_update(made, PublicText("1"), PublicState.INVESTIGATING, once="1")
        (read,) = await public.read()
        assert [text for _, text in read.said] == [TEXT, "1", "2", "Fixed."]

    async def test_many_at_once(self, status_page: StatusPage, public: Public) -> None:
        """Two senders of one effect, and of several: each is there once."""
        made = await asyncio.gather(*(self.open(status_page) for _ in range(4)))
        assert len(set(made)) == 1
        await asyncio.gather(
            *(
                status_page.post_update(
                    made[0], PublicText(str(n % 3)), PublicState.INVESTIGATING, once=str(n % 3)
                )
                for n in range(6)
            )
        )
        (read,) = await public.read()
        assert sorted(text for _, text in read.said[1:]) == ["0", "1", "2"]

    async def test_found_by_its_key(self, status_page: StatusPage) -> None:
        """What the public can read is found, and nothing else."""
        assert await status_page.find("open") is None
        made = await self.open(status_page)
        assert await status_page.find("open") == made
        assert await status_page.find("another") is None
        assert not await status_page.was_done(made, "1")
        await status_page.post_update(made, PublicText("x"), PublicState.INVESTIGATING, once="1")
        assert await status_page.was_done(made, "1")
        assert not await status_page.was_done(made, "2")
        await status_page.resolve(made, PublicText("Fixed."), once="2")
        assert await status_page.was_done(made, "2")

    async def test_a_lost_reply(self, status_page: StatusPage, public: Public) -> None:
        """Whatever is raised, the look-up tells what the public reads, and the same call again makes one of it."""
        public.lose_reply()
        with pytest.raises(LiaisonError):
            await self.open(status_page)
        found = await status_page.find("open")
        assert (found is not None) == (len(await public.read()) == 1)
        made = await self.open(status_page)
        assert found in (made, None)
        public.lose_reply()
        with pytest.raises(LiaisonError):
            await status_page.resolve(made, PublicText("Fixed."), once="end")
        (read,) = await public.read()
        assert await status_page.was_done(made, "end") == (len(read.said) == 2)
        await status_page.resolve(made, PublicText("Fixed."), once="end")
        (read,) = await public.read()
        assert [text for _, text in read.said] == [TEXT, "Fixed."]

    async def test_a_lost_reply_to_an_update(self, status_page: StatusPage, public: Public) -> None:
        """The same: it is there or not, the look-up knows which, and again it is there once."""
        made = await self.open(status_page)
        public.lose_reply()
        with pytest.raises(LiaisonError):
            await status_page.post_update(made, PublicText("1"), PublicState.IDENTIFIED, once="1")
        (read,) = await public.read()
        assert await status_page.was_done(made, "1") == (len(read.said) == 2)
        await status_page.post_update(made, PublicText("1"), PublicState.IDENTIFIED, once="1")
        (read,) = await public.read()
        assert [text for _, text in read.said] == [TEXT, "1"]

    async def test_nothing_after_the_end(self, status_page: StatusPage, public: Public) -> None:
        """Refused in words for an operator, and nothing changes."""
        made = await self.open(status_page)
        await status_page.resolve(made, PublicText("Fixed."), once="1")
        with pytest.raises(Refused, match="resolved"):
            await status_page.post_update(made, PublicText("No."), PublicState.INVESTIGATING, once="2")
        with pytest.raises(Refused, match="resolved"):
            await status_page.resolve(made, PublicText("Again."), once="3")
        (read,) = await public.read()
        assert len(read.said) == 2

    @pytest.mark.parametrize("id", ["", "0", "99999", "x/../y", "-1", "٣", "9" * 30])
    async def test_one_that_is_not_there(self, status_page: StatusPage, id: str) -> None:
        """Said so; never another one's."""
        await self.open(status_page)
        with pytest.raises(NotFound):
            await status_page.post_update(id, PublicText("x"), PublicState.INVESTIGATING, once="1")
        assert not await status_page.was_done(id, "1")

    async def test_hostile_words(self, status_page: StatusPage, public: Public) -> None:
        """What looks like markup is read as it was written."""
        hostile = PublicText("<script>alert(1)</script> & \"quotes\" 'x' ]]> <!-- -->")
        made = await status_page.open(hostile, hostile, Severity.LOW, services=["<b>&"], once="1")
        await status_page.post_update(made, hostile, PublicState.MONITORING, once="2")
        (read,) = await public.read()
        assert (read.title, read.services) == (hostile, ("<b>&",))
        assert [text for _, text in read.said] == [hostile, hostile]
