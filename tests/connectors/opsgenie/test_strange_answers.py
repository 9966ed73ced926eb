"""Whatever JSON an Opsgenie answers with, the connector fails with our errors only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.opsgenie import Opsgenie
from incidents.errors import LiaisonError
from tests.connectors.opsgenie.conftest import settings
from tests.connectors.strange_answers import InTurn, Scripted, use
from tests.contracts.pager import KEY, PAGE

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "data requestId isSuccess processedAt id alias status acknowledged owner report acknowledgedBy closedBy note "
    "createdAt snoozed snoozedUntil onCallRecipients alertId paging"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(
        ("", "1", "open", "closed", "inc-42_2Fpage_2F1", "a@b.example", "2026-03-02T13:00:00Z", "ö")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
CALLS: dict[str, Callable[[Opsgenie], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "page": lambda one: one.page(PAGE, once=KEY),
    "read": lambda one: one.read(KEY),
    "read_by_id": lambda one: one.read_by_id("1"),
    "obstacle": lambda one: one.obstacle("payments"),
    "acknowledge": lambda one: one.acknowledge(KEY, once="a"),
    "resolve": lambda one: one.resolve(KEY, once="r"),
    "add_note": lambda one: one.add_note(KEY, "x", once="n"),
}


async def _no_pause(seconds: float) -> None:
    del seconds


def _opsgenie(transport: httpx.AsyncBaseTransport) -> Opsgenie:
    return Opsgenie("opsgenie/a", settings(), transport=transport, pause=_no_pause)


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(replies=st.lists(ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=8), min_size=1, max_size=4))
def test_opsgenie(call: str, replies: list[Any]) -> None:
    use(_opsgenie(InTurn(replies)), CALLS[call])


@pytest.mark.parametrize("reply", [{}, {"data": []}, {"data": [{"alias": "another"}] * 20_000}])
async def test_empty_and_huge_pages(reply: dict[str, Any]) -> None:
    """Nothing of ours is on them."""
    connector = _opsgenie(Scripted([reply]))
    assert await connector.read(KEY) is None
    await connector.aclose()


class Half(httpx.AsyncBaseTransport):
    """Answers each call with this status for half an hour, as an HTML page."""

    def __init__(self, status: int) -> None:
        self._status = status

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {"Retry-After": "1800", "Content-Type": "text/html"}
        return httpx.Response(self._status, headers=headers, content=b"<html>no</html>")


@pytest.mark.parametrize("call", sorted(set(CALLS) - {"obstacle"}))
@pytest.mark.parametrize("status", [200, 301, 400, 401, 402, 403, 422, 429, 500, 503])
async def test_html_of_any_status(call: str, status: int) -> None:
    """A page for people is never a success; a limit of half an hour is waited for."""
    connector = _opsgenie(Half(status))
    with pytest.raises(LiaisonError) as caught:
        await CALLS[call](connector)
    if status == 429:
        assert getattr(caught.value, "retry_after", None) == 1800
    await connector.aclose()
