"""A fake Slack on loopback, with Slack's own Python client at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient

from connectors.slack.fake.app import TOKEN, FakeSlack
from tests.connectors.served import served


@dataclass
class Workspace:
    """The fake with its client. `room` is a channel that the app has made, `first` its first message."""

    fake: FakeSlack
    client: WebClient
    address: str
    room: str
    first: str

    def texts(self) -> list[str]:
        return [
            message["text"] for message in self.client.conversations_history(channel=self.room)["messages"]
        ]

    def post(self, text: str, **fields: Any) -> str:
        return str(self.client.chat_postMessage(channel=self.room, text=text, **fields)["ts"])


@contextmanager
def opened_workspace() -> Iterator[Workspace]:
    """A workspace with one channel and one message, until the end of the block."""
    fake = FakeSlack(burst=1000)
    with served(fake.app) as address:
        client = WebClient(TOKEN, base_url=f"{address}/api/")
        room = client.conversations_create(name="inc-7")["channel"]["id"]
        first = client.chat_postMessage(channel=room, text="Checkout is down")["ts"]
        yield Workspace(fake, client, address, room, first)
