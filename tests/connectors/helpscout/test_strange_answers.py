"""Whatever JSON a Help Scout answers with, the connector fails with our errors only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.helpscout import HelpScout
from incidents.models import InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.helpscout.conftest import settings
from tests.connectors.strange_answers import THEN, InTurn, a_ticket, listed, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "id number status state subject type mailboxId assignee createdBy createdAt closedAt userUpdatedAt "
    "customerWaitingSince time tags tag primaryCustomer first last email source via _embedded threads "
    "conversations mailboxes webhooks page size totalElements totalPages body url label events mailboxIds secret "
    "firstName role logRef errors path"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(("", "1", "active", "note", "message", "customer", "user", "2026-03-02T13:00:00Z", "ö"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
PAGES = st.fixed_dictionaries(
    {
        "_embedded": st.dictionaries(
            st.sampled_from(("threads", "conversations", "mailboxes", "webhooks")),
            st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3),
        ),
        "page": st.fixed_dictionaries(
            {"number": st.just(1), "totalPages": st.just(1), "totalElements": st.integers(0, 3)}
        ),
    },
    optional=dict.fromkeys(("id", "status", "createdAt", "primaryCustomer"), ANYTHING),
)

CALLS: dict[str, Callable[[HelpScout], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "read": lambda one: one.read(["1"]),
    "changed_since": listed,
    "comments": lambda one: one.comments(a_ticket("helpscout/a", "1"), THEN),
    "was_done": lambda one: one.was_done("1", "a"),
    "status": lambda one: one.update(["1"], TicketChange(status=TicketStatus.SOLVED), once="a"),
    "note": lambda one: one.update(["1"], TicketChange(private_note=InternalText("x")), once="a"),
    "tags": lambda one: one.update(["1"], TicketChange(add_tags=("a",)), once="a"),
    "reply": lambda one: one.update(["1"], TicketChange(public_reply=PublicText("x")), once="a"),
    "subscriptions": lambda one: one.subscriptions(),
    "subscribe": lambda one: one.subscribe("https://x.example/h", title="x"),
    "mend": lambda one: one.mend_subscription("1", address="https://x.example/h"),
    "unsubscribe": lambda one: one.unsubscribe("1"),
}


class InTurnWithTokens(InTurn):
    """Who asks for a token gets one."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(
                200, json={"token_type": "bearer", "access_token": "x", "expires_in": 172_800}
            )
        return await super().handle_async_request(request)


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=40)
@given(replies=st.lists(ANYTHING | PAGES, min_size=1, max_size=4))
def test_helpscout(call: str, replies: list[Any]) -> None:
    helpscout = HelpScout("helpscout/a", settings(inbox_ids=[85]), transport=InTurnWithTokens(replies))
    use(helpscout, CALLS[call])
