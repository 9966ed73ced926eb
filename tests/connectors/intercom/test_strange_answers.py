"""Whatever JSON a Intercom answers with, the connector fails with our errors only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.intercom import Intercom
from incidents.models import InternalText, PublicText, TicketChange, TicketStatus
from tests.connectors.intercom.conftest import settings
from tests.connectors.strange_answers import THEN, InTurn, a_ticket, listed, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "id title state source subject body author type name email contacts contact tags updated_at created_at priority "
    "admin_assignee_id team_assignee_id conversation_parts part_type total_count conversations pages next "
    "starting_after app id_code errors code ticket_state ticket_type ticket_types category ticket_attributes "
    "_default_title_ _default_description_ ticket_parts tickets linked_objects data open is_shared archived"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(
        ("", "1", "open", "admin", "note", "1772366400", "ö", "Customer", "Tracker", "resolved")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)


CALLS: dict[str, Callable[[Intercom], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "read": lambda one: one.read(["1"]),
    "changed_since": listed,
    "comments": lambda one: one.comments(a_ticket("intercom/a", "1"), THEN),
    "was_done": lambda one: one.was_done("1", "a"),
    "status": lambda one: one.update(["1"], TicketChange(status=TicketStatus.SOLVED), once="a"),
    "note": lambda one: one.update(["1"], TicketChange(private_note=InternalText("x")), once="a"),
    "tags": lambda one: one.update(["1"], TicketChange(add_tags=("a",)), once="a"),
    "reply": lambda one: one.update(["1"], TicketChange(public_reply=PublicText("x")), once="a"),
    "read_ticket": lambda one: one.read(["ticket-1"]),
    "comments_of_ticket": lambda one: one.comments(a_ticket("intercom/a", "ticket-1"), THEN),
    "ticket_was_done": lambda one: one.was_done("ticket-1", "a"),
    "ticket_status": lambda one: one.update(["ticket-1"], TicketChange(status=TicketStatus.SOLVED), once="a"),
    "ticket_note": lambda one: one.update(
        ["ticket-1"], TicketChange(private_note=InternalText("x")), once="a"
    ),
    "ticket_tags": lambda one: one.update(["ticket-1"], TicketChange(add_tags=("a",)), once="a"),
    "ticket_reply": lambda one: one.update(
        ["ticket-1"], TicketChange(public_reply=PublicText("x")), once="a"
    ),
}


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(
    replies=st.lists(
        ANYTHING | st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3), min_size=1, max_size=4
    )
)
def test_intercom(call: str, replies: list[Any]) -> None:
    intercom = Intercom("intercom/a", settings(), transport=InTurn(replies))
    use(intercom, CALLS[call])
