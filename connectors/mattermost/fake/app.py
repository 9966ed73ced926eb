"""A Mattermost of our own: stateful, speaking its wire protocol, faulty on demand.

`FakeMattermost` is what tests and drills hold: `.app` is the ASGI app, the methods act as people do, the read-outs
are for asserts. Its rules are in `server`, its HTTP in `http`, what people see in `rendering`. It was made from
Mattermost's documentation and source, and was never held against a real one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.mattermost.fake.http import MattermostHttp
from connectors.mattermost.fake.server import TeamServer

TOKEN = "fakebottoken0fakebottoken0"
COMMAND_TOKEN = "fakecommandtoken0fakecomma"

Sent = tuple[str, list[tuple[str, str]], bytes]
"""An address, headers and a body."""


class FakeMattermost:
    """One server with one team, "Engineering". `clock` is Unix seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.time, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.server = TeamServer(clock)
        self.me = self.server.user("liaison", is_bot=True)
        self.anna = self.server.user("anna")
        self.http = MattermostHttp(self.server, self.me, TOKEN)
        self.app: ASGIApp = FaultyApp(self.http.app(), self.faults)

    def messages(self, channel_id: str) -> Sequence[dict[str, Any]]:
        """What people said in a channel, oldest first; not what the server itself says."""
        return [
            one
            for one in self.server.posts.values()
            if one["channel_id"] == channel_id and not one["type"] and not one["delete_at"]
        ]

    def archive(self, channel_id: str) -> None:
        """Somebody archives it."""
        self.server.channels[channel_id]["delete_at"] = self.server.now()

    def send_away(self, channel_id: str) -> None:
        """Somebody removes the bot from it."""
        self.server.members[channel_id].remove(self.me["id"])

    def buttons(self, post_id: str) -> list[dict[str, Any]]:
        """The buttons under a message, as the server keeps them."""
        attachments = self.server.posts[post_id]["props"].get("attachments", [])
        return [action for one in attachments for action in one["actions"]]

    def press(self, post_id: str, label: str, user: dict[str, Any]) -> Sent:
        """Somebody presses a button: what the server sends."""
        post = self.server.posts[post_id]
        action = next(one for one in self.buttons(post_id) if one["name"] == label)
        body = {
            **self._who_and_where(user, post["channel_id"]),
            "post_id": post_id,
            "trigger_id": self.server.new_id(),
            "type": "button",
            "data_source": "",
            "context": action["integration"]["context"],
        }
        headers = [("Content-Type", "application/json"), ("Accept", "application/json")]
        return action["integration"]["url"], headers, json.dumps(body).encode()

    def slash(self, user: dict[str, Any], channel_id: str, text: str, *, token: str = COMMAND_TOKEN) -> Sent:
        """Somebody types `/liaison ...`: what the server sends. The token is in a header, and in the body as well."""
        fields = {
            **self._who_and_where(user, channel_id),
            "command": "/liaison",
            "text": text,
            "token": token,
            "trigger_id": self.server.new_id(),
            "response_url": "https://chat.example/hooks/commands/x",
        }
        headers = [
            ("Authorization", f"Token {token}"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ]
        return "/hooks", headers, urlencode(fields).encode()

    def say(
        self,
        user: dict[str, Any],
        channel_id: str,
        text: str,
        *,
        token: str = COMMAND_TOKEN,
        as_json: bool = False,
    ) -> Sent | None:
        """Somebody writes in a channel: what the outgoing webhook with the trigger word `@liaison` sends. Only from
        public channels, and the token is in the body alone."""
        post = self.server.write(user["id"], channel_id, text)
        if self.server.channels[channel_id]["type"] != "O" or not text.startswith("@liaison"):
            return None
        fields: dict[str, Any] = {
            **self._who_and_where(user, channel_id),
            "token": token,
            "timestamp": self.server.now(),
            "post_id": post["id"],
            "text": text,
            "trigger_word": "@liaison",
            "file_ids": "",
        }
        kind = "application/json" if as_json else "application/x-www-form-urlencoded"
        body = json.dumps(fields) if as_json else urlencode(fields)
        return "/hooks", [("Content-Type", kind)], body.encode()

    def _who_and_where(self, user: dict[str, Any], channel_id: str) -> dict[str, Any]:
        return {
            "user_id": user["id"],
            "user_name": user["username"],
            "channel_id": channel_id,
            "channel_name": self.server.channels[channel_id]["name"],
            "team_id": self.server.team["id"],
            "team_domain": self.server.team["name"],
        }
