"""Whatever JSON a Front answers with, the connector fails with our errors only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.front import Front
from incidents.models import PublicText, TicketChange
from tests.connectors.front.conftest import settings
from tests.connectors.strange_answers import InTurn, a_ticket, helpdesk_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "id type subject status status_id status_category assignee recipient handle role name tags created_at _results "
    "_pagination next conversation target data emitted_at author body is_inbound draft_mode error_type recipients "
    "posted_at first_name last_name username is_blocked category _links related contact"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(
        ("", "cnv_1", "open", "archived", "tea_liai", "conversations_merged", "1772366400", "\u00f6")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
CALLS = helpdesk_calls(a_ticket("front/a", "cnv_1")) | {
    "reply": lambda one: one.update(["cnv_1"], TicketChange(public_reply=PublicText("x")), once="a"),
    "tags": lambda one: one.update(["cnv_1"], TicketChange(add_tags=("a",)), once="a"),
}


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(
    replies=st.lists(
        ANYTHING
        | st.fixed_dictionaries(
            {"_results": st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3)}
        ),
        min_size=1,
        max_size=4,
    )
)
def test_front(call: str, replies: list[Any]) -> None:
    use(Front("front/a", settings(), transport=InTurn(replies)), CALLS[call])
