"""Whatever JSON a Freshdesk answers with, the connector fails with our errors only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.freshdesk import Freshdesk
from incidents.errors import LiaisonError
from incidents.models import Contact, InternalText, PublicText, Ticket, TicketChange, TicketRef, TicketStatus
from tests.connectors.freshdesk.conftest import settings

THEN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
WORDS = (
    "id subject description description_text status priority source tags custom_fields cf_product requester "
    "requester_id name email contact updated_at created_at due_by spam deleted body body_text incoming private "
    "user_id from_email errors field code choices"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(("", "1", "status", "cf_product", "2026-03-02T13:00:00Z", "ö"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
TICKET = Ticket(
    ref=TicketRef(connection="freshdesk/a", id="1"),
    subject="",
    status=TicketStatus.OPEN,
    source_status="open",
    requester=Contact(id="2"),
    version=1,
    created_at=THEN,
    updated_at=THEN,
)


@dataclass
class Answering(httpx.AsyncBaseTransport):
    """Gives the scripted values in turn, for ever."""

    replies: list[Any]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.replies.append(self.replies.pop(0))
        return httpx.Response(200, json=self.replies[-1])


async def _changed(freshdesk: Freshdesk) -> None:
    async for _ in freshdesk.changed_since(THEN):
        pass


CALLS: dict[str, Callable[[Freshdesk], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "read": lambda one: one.read(["1"]),
    "changed_since": _changed,
    "comments": lambda one: one.comments(TICKET, THEN),
    "was_done": lambda one: one.was_done("1", "a"),
    "status": lambda one: one.update(["1"], TicketChange(status=TicketStatus.SOLVED), once="a"),
    "note": lambda one: one.update(["1"], TicketChange(private_note=InternalText("x")), once="a"),
    "tags": lambda one: one.update(["1"], TicketChange(add_tags=("a",)), once="a"),
    "reply": lambda one: one.update(["1"], TicketChange(public_reply=PublicText("x")), once="a"),
}


@pytest.fixture(autouse=True)
def _no_repeats() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(
    replies=st.lists(
        ANYTHING | st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3), min_size=1, max_size=4
    )
)
def test_freshdesk(call: str, replies: list[Any]) -> None:
    async def use() -> None:
        freshdesk = Freshdesk(
            "freshdesk/a",
            settings(product_field="cf_product", statuses={9: "solved"}),
            transport=Answering(list(replies)),
        )
        with suppress(LiaisonError):
            await CALLS[call](freshdesk)
        await freshdesk.aclose()

    asyncio.run(use())
