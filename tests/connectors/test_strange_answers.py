"""Whatever JSON a vendor answers with, a connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.matrix import Matrix
from connectors.pagerduty import PagerDuty
from connectors.slack import Slack
from connectors.zendesk.connector import Zendesk
from incidents.models import (
    ChatMessage,
    Page,
    Severity,
    TicketChange,
    TicketStatus,
)
from tests.connectors.matrix import conftest as matrix
from tests.connectors.pagerduty import conftest as pagerduty
from tests.connectors.slack import conftest as slack
from tests.connectors.strange_answers import THEN, Scripted, a_ticket, listed, use
from tests.connectors.zendesk import conftest as zendesk

pytestmark = pytest.mark.usefixtures("no_repeats")


class OfSlack(Scripted):
    """Slack says of each answer whether all went well."""

    def answer(self, reply: Any) -> httpx.Response:
        return super().answer({"ok": True, **reply})


WORDS = {
    "slack": "channels channel messages id name ts topic metadata event_type event_payload response_metadata "
    "next_cursor url error",
    "matrix": "room_id event_id chunk end joined content type sender user_id device_id next_batch rooms join timeline "
    "events limited prev_batch unsigned m.relates_to event_id body msgtype state_key m.room.create membership",
    "pagerduty": "incidents incident alerts notes users id status alert_key email assignments assignee "
    "acknowledgements acknowledger content summary created_at webhook_subscriptions webhook_subscription url secret "
    "delivery_method temporarily_disabled events filter type active description",
    "zendesk": "tickets users user audits events id status type metadata custom created_at updated_at next_page "
    "requester_id custom_fields value via source from organizations metric_sets tags after_cursor end_of_stream role "
    "webhooks webhook triggers actions field subscriptions signing_secret secret endpoint meta has_more",
}
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(("", "1", "open", "liaison", "inc-7", "ö"))
)
TIMES = st.just("2026-03-02T13:00:00Z")


def answers(vendor: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of the vendor's words in every wrong place."""
    keys = st.sampled_from(WORDS[vendor].split())
    anything = st.recursive(
        LEAVES | TIMES,
        lambda part: st.lists(part, max_size=3) | st.dictionaries(keys, part, max_size=5),
        max_leaves=20,
    )
    return st.dictionaries(keys, anything, max_size=6)


SLACK: dict[str, Callable[[Slack], Awaitable[object]]] = {
    "check": lambda chat: chat.check(),
    "open_room": lambda chat: chat.open_room("inc-7", "INC-7", once="room:7"),
    "post": lambda chat: chat.post("C1", ChatMessage(text="x"), once="p:1"),
    "find_post": lambda chat: chat.find_post("C1", "p:1"),
    "find_channel": lambda chat: chat._channels._channels_called(["inc-7"]),
    "answer": lambda chat: chat.answer("C1", "U1", "x", once="a:1"),
}


async def _heard(chat: Matrix) -> None:
    async for _ in chat.listen('{"since": "s1"}'):
        break


MATRIX: dict[str, Callable[[Matrix], Awaitable[object]]] = {
    "check": lambda chat: chat.check(),
    "open_room": lambda chat: chat.open_room("inc-7", "INC-7", once="room:7"),
    "post": lambda chat: chat.post("!1", ChatMessage(text="x"), once="p:1"),
    "edit": lambda chat: chat.edit("!1", "$1", ChatMessage(text="x"), once="p:1"),
    "find_post": lambda chat: chat.find_post("!1", "p:1"),
    "answer": lambda chat: chat.answer("!1", "@1:x", "x", once="a:1"),
    "members": lambda chat: chat.members("!1"),
    "group_members": lambda chat: chat.group_members("#1"),
    "listen": _heard,
}
PAGERDUTY: dict[str, Callable[[PagerDuty], Awaitable[object]]] = {
    "check": lambda pager: pager.check(),
    "page": lambda pager: pager.page(Page(summary="s", source="checkout", severity=Severity.HIGH), once="k"),
    "read": lambda pager: pager.read("k"),
    "read_by_id": lambda pager: pager.read_by_id("PINC1"),
    "add_note": lambda pager: pager.add_note("k", "n", once="n"),
    "subscriptions": lambda pager: pager.subscriptions(),
    "subscribe": lambda pager: pager.subscribe("https://a.example", title="t"),
    "mend_subscription": lambda pager: pager.mend_subscription("P1", address="https://a.example"),
}
ZENDESK: dict[str, Callable[[Zendesk], Awaitable[object]]] = {
    "check": lambda desk: desk.check(),
    "read": lambda desk: desk.read(["1"]),
    "changed_since": listed,
    "comments": lambda desk: desk.comments(a_ticket("zendesk/support", "1"), THEN),
    "was_done": lambda desk: desk.was_done("1", "a"),
    "update": lambda desk: desk.update(
        ["1"], TicketChange(status=TicketStatus.SOLVED, add_tags=("x",)), once="a"
    ),
    "subscriptions": lambda desk: desk.subscriptions(),
    "subscribe": lambda desk: desk.subscribe("https://a.example", title="t"),
    "mend_subscription": lambda desk: desk.mend_subscription("1", address="https://a.example"),
}


@pytest.mark.parametrize("call", SLACK)
@settings(deadline=None, max_examples=25)
@given(replies=st.lists(answers("slack"), min_size=1, max_size=3))
def test_slack(call: str, replies: list[dict[str, Any]]) -> None:
    transport = OfSlack(replies)
    use(Slack("slack/a", slack.settings(), transport=transport), SLACK[call])


@pytest.mark.parametrize("call", MATRIX)
@settings(deadline=None, max_examples=25)
@given(replies=st.lists(answers("matrix"), min_size=1, max_size=3))
def test_matrix(call: str, replies: list[dict[str, Any]]) -> None:
    transport = Scripted(replies)
    use(Matrix("matrix/a", matrix.settings(), transport=transport), MATRIX[call])


@pytest.mark.parametrize("call", PAGERDUTY)
@settings(deadline=None, max_examples=25)
@given(replies=st.lists(answers("pagerduty"), min_size=1, max_size=3))
def test_pagerduty(call: str, replies: list[dict[str, Any]]) -> None:
    transport = Scripted(replies)
    use(PagerDuty("pagerduty/a", pagerduty.settings(), transport=transport), PAGERDUTY[call])


@pytest.mark.parametrize("call", ZENDESK)
@settings(deadline=None, max_examples=25)
@given(replies=st.lists(answers("zendesk"), min_size=1, max_size=3))
def test_zendesk(call: str, replies: list[dict[str, Any]]) -> None:
    transport = Scripted(replies)
    use(Zendesk("zendesk/a", zendesk.settings(), transport=transport), ZENDESK[call])
