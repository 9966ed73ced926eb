"""Whatever JSON Jira answers with, its connectors fail with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.jira import Jira
from connectors.jsm import ServiceManagement
from tests.connectors.jira import conftest as jira
from tests.connectors.jsm import conftest as jsm
from tests.connectors.strange_answers import Call, Scripted, a_ticket, helpdesk_calls, tracker_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = [
    "accountId",
    "key",
    "id",
    "self",
    "name",
    "displayName",
    "projectTypeKey",
    "issueTypes",
    "roles",
    "permissions",
    "havePermission",
    "deploymentType",
    "issues",
    "nextPageToken",
    "isLast",
    "fields",
    "summary",
    "status",
    "statusCategory",
    "updated",
    "created",
    "creator",
    "labels",
    "project",
    "reporter",
    "statuscategorychangedate",
    "comments",
    "startAt",
    "total",
    "author",
    "body",
    "content",
    "type",
    "text",
    "visibility",
    "value",
    "jsdPublic",
    "transitions",
    "to",
    "hasScreen",
    "statuses",
    "events",
    "filters",
    "url",
    "enabled",
    "isSigned",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(
        ("", "1", "SHOP-1", "Done", "done", "service_desk", "role", "2026-03-02T13:00:00.000+0000")
    )
)
ANSWERS = st.dictionaries(
    st.sampled_from(WORDS),
    st.recursive(
        LEAVES,
        lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=5),
        max_leaves=20,
    ),
    max_size=6,
)
REPLIES = st.lists(ANSWERS | st.lists(ANSWERS, max_size=2), min_size=1, max_size=4)


class Known(Scripted):
    """Who we are is told rightly."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/myself"):
            return self.answer({"accountId": "1", "displayName": "Liaison"})
        return await super().handle_async_request(request)


WEBHOOKS: dict[str, Call] = {
    "subscriptions": lambda one: one.subscriptions(),
    "subscribe": lambda one: one.subscribe("https://a.example", title="t"),
    "mend_subscription": lambda one: one.mend_subscription("1", address="https://a.example"),
}
JIRA: dict[str, Call] = {**WEBHOOKS, **tracker_calls("SHOP-1", over="Done")}
DESK: dict[str, Call] = {**WEBHOOKS, **helpdesk_calls(a_ticket("jsm/support", "1"))}


@pytest.mark.parametrize("call", JIRA)
@settings(deadline=None, max_examples=25)
@given(replies=REPLIES)
def test_jira(call: str, replies: list[Any]) -> None:
    use(Jira("jira/a", jira.settings(), transport=Known(replies)), JIRA[call])


@pytest.mark.parametrize("call", DESK)
@settings(deadline=None, max_examples=25)
@given(replies=REPLIES)
def test_jsm(call: str, replies: list[Any]) -> None:
    known = jsm.settings(statuses={"Parked": "open"}, product_field="customfield_1")
    use(ServiceManagement("jsm/a", known, transport=Known(replies)), DESK[call])
