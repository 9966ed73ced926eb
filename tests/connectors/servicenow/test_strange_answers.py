"""Whatever JSON ServiceNow answers with, its connectors fail with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.servicenow import ServiceNowHelpdesk, ServiceNowProblems
from tests.connectors.servicenow import conftest as servicenow
from tests.connectors.servicenow import problems_world
from tests.connectors.strange_answers import (
    Call,
    Scripted,
    a_ticket,
    directory_calls,
    helpdesk_calls,
    tracker_calls,
    use,
)

pytestmark = pytest.mark.usefixtures("no_repeats")

SYS_ID = "a" * 32
COLUMNS = [
    "sys_id",
    "name",
    "number",
    "state",
    "hold_reason",
    "active",
    "sys_created_on",
    "sys_updated_on",
    "sys_mod_count",
    "resolved_at",
    "caller_id",
    "caller_id.user_name",
    "caller_id.email",
    "short_description",
    "element",
    "element_id",
    "value",
    "sys_created_by",
    "user_name",
    "user.user_name",
    "correlation_id",
    "label",
    "collection",
    "result",
    "error",
    "due_date",
    "u_liaison_tags",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(
        ("", "1", "6", SYS_ID, "liaison", "incident", "comments", "2026-03-02 13:00:00", "9" * 20)
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(COLUMNS), part, max_size=8),
    max_leaves=20,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(COLUMNS), ANYTHING, max_size=12), max_size=3)
ANSWERS = st.fixed_dictionaries({"result": ROWS | ANYTHING}) | ANYTHING
REPLIES = st.lists(st.tuples(ANSWERS, st.sampled_from(("", "0", "1", "250", "x"))), min_size=1, max_size=5)


KNOWN: dict[str, object] = {
    "tier_field": "account.u_tier",
    "contact_tier_field": "number",
    "users_table": "u_users",
    "users_service_field": "user_name",
    "users_contact_field": "caller_id",
}


class Counted(Scripted):
    """A list says how many rows there are in all."""

    def answer(self, reply: Any) -> httpx.Response:
        data, total = reply
        return httpx.Response(200, json=data, headers={"X-Total-Count": total})


DESK: dict[str, Call] = {
    **helpdesk_calls(a_ticket("servicenow/support", SYS_ID, customer=SYS_ID, status="1")),
    **directory_calls("liaison"),
}
ISSUES = tracker_calls("PRB0000001", over="Closed")


@pytest.mark.parametrize("call", DESK)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_helpdesk(call: str, replies: list[Any]) -> None:
    desk = ServiceNowHelpdesk("servicenow/a", servicenow.settings(**KNOWN), transport=Counted(replies))
    use(desk, DESK[call])


@pytest.mark.parametrize("call", ISSUES)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_issues(call: str, replies: list[Any]) -> None:
    tracker = ServiceNowProblems(
        "servicenow/a", problems_world.settings(groups=["1"]), transport=Counted(replies)
    )
    use(tracker, ISSUES[call])
