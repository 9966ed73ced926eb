"""Whatever JSON or XML Salesforce sends, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.salesforce import Salesforce
from incidents.errors import Unrecognised
from incidents.events import QUERY
from tests.connectors.salesforce import conftest as salesforce
from tests.connectors.strange_answers import Call, Scripted, a_ticket, directory_calls, helpdesk_calls, use
from tests.contracts.webhook_source import FIRST, require_storable_events

pytestmark = pytest.mark.usefixtures("no_repeats")

CASE = "5003000000D8cuIAAR"
COMMENT = "00a3000000D8cuIAAR"
WORDS = [
    "Id", "Status", "IsClosed", "ClosedDate", "Subject", "Description", "Owner", "Name", "Type",
    "ContactId", "Contact", "Email", "CreatedDate", "SystemModstamp", "IsDeleted", "MasterRecordId",
    "CaseComments", "EmailMessages", "records", "done", "totalSize", "nextRecordsUrl", "ParentId",
    "CommentBody", "IsPublished", "CreatedById", "CreatedBy", "UserType", "Incoming", "TextBody",
    "HtmlBody", "Headers", "FromAddress", "errorCode", "message", "fields", "id", "success", "Tags__c",
    "Account", "Tier__c", "picklistValues", "value", "updateable", "name",
]  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(
        ("", "1", "New", "Solved", "Status", CASE, COMMENT, "0053000000D8cuI", "2026-03-02T13:00:00.000+0000")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(WORDS), ANYTHING, max_size=12), max_size=3)
ANSWERS = (
    st.fixed_dictionaries({"done": st.just(True), "records": ROWS, "id": st.sampled_from((COMMENT, "x"))})
    | ANYTHING
)
REPLIES = st.lists(
    st.tuples(ANSWERS, st.sampled_from((200, 200, 200, 400, 403, 404))), min_size=1, max_size=5
)
KNOWN: dict[str, object] = {
    "tier_field": "Account.Tier__c",
    "contact_tier_field": "Account.Tier__c",
    "users_object": "Asset",
    "users_service_field": "Name",
    "users_contact_field": "Contact",
}


class WithAToken(Scripted):
    """The token is given; all else is as scripted."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer"})
        return await super().handle_async_request(request)

    def answer(self, reply: Any) -> httpx.Response:
        data, status = reply
        return httpx.Response(status, json=data, headers={"Sforce-Limit-Info": "api-usage=1/x"})


DESK: dict[str, Call] = {
    **helpdesk_calls(a_ticket("salesforce/support", CASE, status="New")),
    **directory_calls("1"),
}


@pytest.mark.parametrize("call", DESK)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_helpdesk(call: str, replies: list[Any]) -> None:
    desk = Salesforce("salesforce/a", salesforce.settings(**KNOWN), transport=WithAToken(replies))
    use(desk, DESK[call])


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_outbound_messages(data: st.DataObject) -> None:
    """Each element in turn lost, doubled or filled otherwise: understood, or `Unrecognised`."""
    world = salesforce.SalesforceWorld()
    world.create_ticket("x", "x", name="Ada", email="ada@customer.example")
    body = world.fake.outbound.message().decode()
    parts = re.split(r"(<[^>]*>)", body)
    place = data.draw(st.integers(0, len(parts) - 1))
    filling = data.draw(
        st.sampled_from(("", parts[place] * 2, "x", "<a/>", "\x00", "&#0;", "]]>", "ü" * 5_000))
    )
    changed = "".join([*parts[:place], filling, *parts[place + 1 :]]).encode()
    desk = salesforce.connect(world)
    verified = desk.verify([(QUERY, FIRST.decode())], changed, now=datetime(2026, 3, 1, tzinfo=UTC))
    with suppress(Unrecognised):
        require_storable_events(desk.events(verified))
