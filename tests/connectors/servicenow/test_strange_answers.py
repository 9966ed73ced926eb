"""Whatever JSON ServiceNow answers with, its connectors fail with our errors only, never an `AttributeError`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.servicenow import ServiceNowHelpdesk, ServiceNowProblems
from incidents.errors import LiaisonError
from incidents.models import Contact, InternalText, Ticket, TicketChange, TicketRef, TicketStatus
from tests.connectors.servicenow import conftest as servicenow
from tests.connectors.servicenow import problems_world

THEN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
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


class Scripted(httpx.AsyncBaseTransport):
    """Gives the scripted answers in turn, the last one for ever."""

    def __init__(self, replies: list[Any]) -> None:
        self._replies = list(replies)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        data, total = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return httpx.Response(200, json=data, headers={"X-Total-Count": total})


@pytest.fixture(autouse=True)
def _no_repeats() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


async def _listed(connector: Any) -> None:
    async for _ in connector.changed_since(THEN):
        pass


def _ticket() -> Ticket:
    return Ticket(
        ref=TicketRef(connection="servicenow/support", id=SYS_ID),
        subject="",
        status=TicketStatus.OPEN,
        source_status="1",
        requester=Contact(id=SYS_ID),
        version=1,
        created_at=THEN,
        updated_at=THEN,
    )


Call = Callable[[Any], Awaitable[object]]
DESK: dict[str, Call] = {
    "check": lambda one: one.check(),
    "changed_since": _listed,
    "read": lambda one: one.read([SYS_ID]),
    "comments": lambda one: one.comments(_ticket(), THEN),
    "was_done": lambda one: one.was_done(SYS_ID, "a"),
    "tier": lambda one: one.tier(Contact(id="", email="liaison")),
    "users_of": lambda one: one.users_of("liaison"),
    "update": lambda one: one.update(
        [SYS_ID],
        TicketChange(status=TicketStatus.SOLVED, add_tags=("x",), private_note=InternalText("x")),
        once="a",
    ),
}


ISSUES: dict[str, Call] = {
    "check": lambda one: one.check(),
    "changed_since": _listed,
    "open_issue": lambda one: one.open_issue("t", InternalText("x"), once="i"),
    "find_issue": lambda one: one.find_issue("i"),
    "read": lambda one: one.read("PRB0000001"),
    "comment": lambda one: one.comment("PRB0000001", InternalText("x"), once="c"),
    "was_done": lambda one: one.was_done("PRB0000001", "c"),
    "transition": lambda one: one.transition("PRB0000001", "Closed", once="m"),
}


async def _use(connector: Any, call: Call) -> None:
    with suppress(LiaisonError):
        await call(connector)
    await connector.aclose()


@pytest.mark.parametrize("call", DESK)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_helpdesk(call: str, replies: list[Any]) -> None:
    desk = ServiceNowHelpdesk("servicenow/a", servicenow.settings(**KNOWN), transport=Scripted(replies))
    asyncio.run(_use(desk, DESK[call]))


@pytest.mark.parametrize("call", ISSUES)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_issues(call: str, replies: list[Any]) -> None:
    tracker = ServiceNowProblems(
        "servicenow/a", problems_world.settings(groups=["1"]), transport=Scripted(replies)
    )
    asyncio.run(_use(tracker, ISSUES[call]))
