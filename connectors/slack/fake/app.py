"""A small Slack that lives in memory and speaks its wire protocol: the connector runs on it unchanged.

Real: paths, bearer tokens, HTTP 200 with `"ok": false`, one message a second and channel (429, Retry-After),
names that are taken, no idempotency of posts, metadata only for those who ask, block limits, signed webhooks
with Slack's patience and retries, echoes of our own posts. People act through `slash`, `press`, `say`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.slack.fake import rendering
from connectors.slack.fake.webhooks import (
    Deliver,
    Webhooks,
    post_over_http,
)
from connectors.slack.fake.workspace import (
    BOT,
    BOT_USER,
    TEAM,
    Channel,
    No,
    Workspace,
)

TOKEN = "xoxb-fake-slack-bot-token"
SIGNING_SECRET = "fake-slack-signing-secret"


class FakeSlack:
    """One workspace. `clock` is Unix seconds; `burst` messages may come at once into a channel."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        signing_secret: str = SIGNING_SECRET,
        webhook_url: str | None = None,
        deliver: Deliver = post_over_http,
        clock: Callable[[], float] = time.time,
        posts_per_second: float = 1.0,
        burst: int = 5,
    ) -> None:
        self.faults = Faults()
        self.workspace = Workspace(clock)
        self.webhooks = Webhooks(secret=signing_secret, clock=clock, url=webhook_url, deliver=deliver)
        self.app = FaultyApp(
            Starlette(routes=[Route("/api/{method}", self._call, methods=["GET", "POST"])]), self.faults
        )
        self.calls: list[str] = []
        self.refusals: dict[str, dict[str, Any]] = {}
        self.is_revoked = False
        self.workspace.on_post = self._echo
        self._token = token
        self._clock = clock
        self._rate = posts_per_second
        self._burst = burst
        self._tokens: dict[str, tuple[float, float]] = {}

    # What tests and drills read and set.

    def channel(self, name_or_id: str) -> Channel:
        """A channel by its name or id. Raises `LookupError`."""
        for channel in self.workspace.channels.values():
            if name_or_id in (channel.id, channel.name):
                return channel
        raise LookupError(f"no channel {name_or_id}")

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What was posted (not announced by Slack itself), oldest first."""
        return [message for message in self.channel(channel).messages if "subtype" not in message]

    def refuse(self, method: str, error: str, **more: Any) -> None:
        """Answer every call of the method `"ok": false` with this error, until `refusals` is cleared."""
        self.refusals[method] = {"ok": False, "error": error, **more}

    # What people do.

    async def slash(self, text: str, *, channel: str, user: str = "U0ANNA", command: str = "/liaison") -> int:
        """Type a slash command; the status it was answered with, 0 for a time-out."""
        form = {
            "token": "unused",
            "team_id": TEAM,
            "channel_id": self.channel(channel).id,
            "channel_name": self.channel(channel).name,
            "user_id": user,
            "user_name": user.removeprefix("U0").lower(),
            "command": command,
            "text": text,
            "response_url": "https://hooks.slack.com/commands/fake",
            "trigger_id": self._trigger_id(),
        }
        return await self.webhooks.send_form(urlencode(form).encode())

    async def press(self, ts: str, label: str, *, user: str = "U0ANNA") -> int:
        """Press the button with this label under the message."""
        channel, message = self._find(ts)
        button = next(
            (button for button in rendering.buttons(message) if button["text"]["text"] == label), None
        )
        if button is None:
            raise LookupError(f"no button {label!r} under {ts}")
        payload = {
            "type": "block_actions",
            "user": {"id": user, "username": user.removeprefix("U0").lower(), "team_id": TEAM},
            "channel": {"id": channel.id, "name": channel.name},
            "message": message,
            "trigger_id": self._trigger_id(),
            "actions": [
                {key: button[key] for key in ("action_id", "value", "type", "url") if key in button}
                | {"block_id": "b", "action_ts": self._now()}
            ],
        }
        return await self.webhooks.send_form(urlencode({"payload": json.dumps(payload)}).encode())

    def say(self, text: str, *, channel: str, user: str = "U0ANNA") -> str:
        """Write a message; one that mentions the app is told to it as such."""
        return str(self.workspace.add_message(self.channel(channel), user, {"text": text})["ts"])

    async def verify_url(self) -> int:
        """What happens when an operator saves the Request URL."""
        body = {"type": "url_verification", "token": "unused", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY"}
        return await self.webhooks.send_json(json.dumps(body).encode())

    async def check_certificate(self) -> int:
        """What Slack asks now and then of an address for commands; returns the status of the answer."""
        return await self.webhooks.send_form(b"ssl_check=1&token=unused")

    # What goes on inside.

    async def _call(self, request: Request) -> JSONResponse:
        method = request.path_params["method"]
        self.calls.append(method)
        refusal = self._refusal(request, method)
        if refusal:
            return JSONResponse(refusal)
        arguments = dict(request.query_params) if request.method == "GET" else await request.json()
        if method == "chat.postMessage" and self._is_too_fast(str(arguments.get("channel"))):
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
        try:
            return JSONResponse({"ok": True, **self.workspace.methods[method](arguments)})
        except No as no:
            return JSONResponse({"ok": False, "error": str(no)})

    def _refusal(self, request: Request, method: str) -> dict[str, Any] | None:
        """Slack says no with HTTP 200, to strangers too."""
        authorization = request.headers.get("authorization")
        if authorization != f"Bearer {self._token}":
            return {"ok": False, "error": "invalid_auth" if authorization else "not_authed"}
        if self.is_revoked:
            return {"ok": False, "error": "token_revoked"}
        if method not in self.workspace.methods:
            return {"ok": False, "error": "unknown_method"}
        return self.refusals.get(method)

    def _is_too_fast(self, channel: str) -> bool:
        """A token bucket a channel; a refused call costs nothing."""
        now = self._clock()
        tokens, last = self._tokens.get(channel, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - last) * self._rate)
        self._tokens[channel] = (tokens - 1 if tokens >= 1 else tokens, now)
        return tokens < 1

    def _echo(self, channel: Channel, message: dict[str, Any]) -> None:
        """Every message is told to the app, its own ones too; a mention is told twice, as at Slack."""
        self._queue({**message, "channel": channel.id, "channel_type": "channel"})
        if f"<@{BOT_USER}>" in message["text"] and message.get("bot_id") != BOT:
            self._queue({**message, "type": "app_mention", "channel": channel.id})

    def _queue(self, event: dict[str, Any]) -> None:
        body = {
            "token": "unused",
            "team_id": TEAM,
            "type": "event_callback",
            "event": event,
            "event_id": f"Ev{self.workspace.next_number():08d}",
            "event_time": int(self._clock()),
        }
        self.webhooks.queue_event(json.dumps(body).encode())

    def _find(self, ts: str) -> tuple[Channel, dict[str, Any]]:
        for channel in self.workspace.channels.values():
            for message in channel.messages:
                if message["ts"] == ts:
                    return channel, message
        raise LookupError(f"no message {ts}")

    def _trigger_id(self) -> str:
        return f"13345224609.738474920.{self.workspace.next_number():032x}"

    def _now(self) -> str:
        return f"{self._clock():.6f}"
