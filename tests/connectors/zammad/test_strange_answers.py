"""Whatever JSON a Zammad answers with, the connector fails with our errors only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.zammad import Zammad
from incidents.models import PublicText, TicketChange, TicketStatus
from tests.connectors.strange_answers import THEN, InTurn, a_ticket, listed, use
from tests.connectors.zammad.conftest import settings

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "id title state state_type_id name email firstname customer_id owner group priority tags updated_at created_at "
    "article_ids body content_type internal type sender preferences liaison_once created_by_id roles endpoint active "
    "condition conditions perform notification.webhook webhook_id ticket.action value create_article_type"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(
        ("", "1", "open", "closed", "merged", "create", "a", "Agent", "2026-03-02T13:00:00Z", "ö")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)


CALLS: dict[str, Callable[[Zammad], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "read": lambda one: one.read(["1"]),
    "changed_since": listed,
    "comments": lambda one: one.comments(a_ticket("zammad/a", "1"), THEN),
    "was_done": lambda one: one.was_done("1", "a"),
    "status": lambda one: one.update(["1"], TicketChange(status=TicketStatus.SOLVED), once="a"),
    "reply": lambda one: one.update(["1"], TicketChange(public_reply=PublicText("x")), once="a"),
    "subscriptions": lambda one: one.subscriptions(),
    "subscribe": lambda one: one.subscribe("https://a.example", title="t"),
    "mend": lambda one: one.mend_subscription("1", address="https://a.example"),
    "unsubscribe": lambda one: one.unsubscribe("1"),
}


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(
    replies=st.lists(
        ANYTHING | st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3), min_size=1, max_size=4
    )
)
def test_zammad(call: str, replies: list[Any]) -> None:
    zammad = Zammad("zammad/a", settings(), transport=InTurn(replies))
    use(zammad, CALLS[call])
