"""Whatever JSON a Mattermost answers with, the connector fails with our errors only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.mattermost import Mattermost
from incidents.models import ChatMessage
from tests.connectors.mattermost.conftest import settings
from tests.connectors.strange_answers import InTurn, use

pytestmark = pytest.mark.usefixtures("no_repeats")


class Coded(InTurn):
    """Each with its status."""

    def answer(self, reply: Any) -> httpx.Response:
        status, data = reply
        return httpx.Response(status, json=data)


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


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=60)
@given(
    replies=st.lists(
        st.tuples(STATUSES, ANYTHING | st.dictionaries(KEYS, ANYTHING, max_size=8)), min_size=1, max_size=5
    )
)
def test_mattermost(call: str, replies: list[tuple[int, Any]]) -> None:
    mattermost = Mattermost("mattermost/a", settings(), transport=Coded(replies))
    use(mattermost, CALLS[call])
