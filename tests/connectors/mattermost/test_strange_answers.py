"""Whatever JSON a Mattermost answers with, the connector fails with our errors only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import stamina
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.mattermost import Mattermost
from incidents.errors import LiaisonError
from incidents.models import ChatMessage
from tests.connectors.mattermost.conftest import settings

WORDS = (
    "id name display_name username is_bot team_id creator_id delete_at purpose header order posts props liaison_once "
    "user_id channel_id message members total_member_count type root_id"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(("", "a", "me", "p:1", "../x", "ö", "api.context.permissions.app_error"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
STATUSES = st.sampled_from((200, 200, 200, 400, 403, 404))
HELLO = ChatMessage(text="hello")

CALLS: dict[str, Callable[[Mattermost], Awaitable[object]]] = {
    "check": lambda one: one.check(),
    "open_room": lambda one: one.open_room("inc-7", "INC-7", once="room:7"),
    "post": lambda one: one.post("a", HELLO, once="p:1"),
    "answer": lambda one: one.answer("a", "u", "x", once="a:1"),
    "private": lambda one: one.answer("a", "u", "x", once="a:1", is_private=True),
    "edit": lambda one: one.edit("a", "b", HELLO, once="e:1"),
    "find_post": lambda one: one.find_post("a", "p:1"),
    "members": lambda one: one.members("a"),
    "group_members": lambda one: one.group_members("a"),
}


class Answering(httpx.AsyncBaseTransport):
    """Gives the scripted values in turn, for ever."""

    def __init__(self, replies: list[tuple[int, Any]]) -> None:
        self._replies = replies

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._replies.append(self._replies.pop(0))
        status, data = self._replies[-1]
        return httpx.Response(status, json=data)


@pytest.fixture(autouse=True)
def _no_repeats() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=60)
@given(
    replies=st.lists(
        st.tuples(STATUSES, ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=8)), min_size=1, max_size=5
    )
)
def test_mattermost(call: str, replies: list[tuple[int, Any]]) -> None:
    async def use() -> None:
        mattermost = Mattermost("mattermost/a", settings(), transport=Answering(list(replies)))
        with suppress(LiaisonError):
            await CALLS[call](mattermost)
        await mattermost.aclose()

    asyncio.run(use())
