"""Mattermost as a chat room, against its fake: what the contract asks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.kit.fakes.faults import Faults
from connectors.mattermost.fake import rendering
from connectors.mattermost.fake.app import FakeMattermost
from tests.contracts.chat_room import HOSTILE_TEXTS, ChatRoomContract, Read, Seen


class TestMattermostRoom(ChatRoomContract):
    post_path = "/api/v4/posts"

    @pytest.fixture
    def faults(self, fake: FakeMattermost) -> Faults:
        return fake.faults

    @pytest.fixture
    def read(self, fake: FakeMattermost) -> Read:
        async def read(room_id: str) -> Sequence[Seen]:
            return [
                Seen(
                    id=post["id"],
                    text=rendering.shown(post),
                    calls=rendering.calls(post),
                    links=rendering.links(post),
                )
                for post in fake.messages(room_id)
            ]

        return read


def test_the_rendering_sees_what_a_raw_text_does() -> None:
    """The control: sent as they are, these texts call, link or change."""
    for words in HOSTILE_TEXTS:
        post = {"message": words}
        assert rendering.calls(post) or rendering.links(post) or rendering.shown(post) != words
