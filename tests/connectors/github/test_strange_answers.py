"""Whatever JSON GitHub answers with, the connector fails with our errors only, never an `AttributeError`."""

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

from connectors.github import GitHub
from incidents.errors import LiaisonError
from incidents.models import InternalText
from tests.connectors.github import conftest as github

THEN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
WORDS = """login number title state state_reason updated_at html_url body user pull_request private has_issues events
active message""".split()  # noqa: SIM905
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(("", "1", "liaison-bot", "closed", "issues", "2026-03-02T13:00:00Z"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
REPLIES = st.lists(ANYTHING, min_size=1, max_size=5)
NOTE = InternalText("x")


class Scripted(httpx.AsyncBaseTransport):
    """Gives the scripted answers in turn, the last one for ever."""

    def __init__(self, replies: list[Any]) -> None:
        self._replies = list(replies)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return httpx.Response(200, json=reply)


@pytest.fixture(autouse=True)
def _no_repeats() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


async def _listed(tracker: GitHub) -> None:
    async for _ in tracker.changed_since(THEN):
        pass


CALLS: dict[str, Callable[[GitHub], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "changed_since": _listed,
    "open_issue": lambda one: one.open_issue("t", NOTE, once="i"),
    "find_issue": lambda one: one.find_issue("i"),
    "read": lambda one: one.read("1"),
    "comment": lambda one: one.comment("1", NOTE, once="c"),
    "was_done": lambda one: one.was_done("1", "c"),
    "transition": lambda one: one.transition("1", "closed", once="m"),
}


async def _use(tracker: GitHub, call: Callable[[GitHub], Awaitable[object]]) -> None:
    with suppress(LiaisonError):
        await call(tracker)
    await tracker.aclose()


@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=40)
@given(replies=REPLIES)
def test_github(call: str, replies: list[Any]) -> None:
    tracker = GitHub("github/a", github.settings(may_be_public=True), transport=Scripted(replies))
    asyncio.run(_use(tracker, CALLS[call]))
