"""A small Slack that lives in memory and speaks its wire protocol: the connector runs on it unchanged.

Real: paths, bearer tokens, HTTP 200 with `"ok": false`, one message a second and channel (429, Retry-After),
names that are taken, no idempotency of posts, metadata only for those who ask, block limits, signed webhooks
with Slack's patience and retries, echoes of our own posts. People act through `slash`, `press`, `say`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.slack.fake import rendering
from connectors.slack.fake.arguments import No, read_arguments
from connectors.slack.fake.chat import Chat
from connectors.slack.fake.conversations import Conversations
from connectors.slack.fake.files import Files
from connectors.slack.fake.marks import Marks
from connectors.slack.fake.people import People
from connectors.slack.fake.views import Views
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
    Method,
    Workspace,
)

TOKEN = "xoxb-fake-slack-bot-token"
SIGNING_SECRET = "fake-slack-signing-secret"
ROOM_EVENTS = frozenset(
    f"{kind}_{what}" for kind in ("channel", "group") for what in ("archive", "deleted", "rename")
)
EVENTS = frozenset({"message", "app_mention"}) | ROOM_EVENTS
# Those of the manifest in README.md. They are shown, and not checked.
SCOPES = "app_mentions:read,chat:write,channels:history,channels:join,channels:manage,channels:read,commands"
FAULTS = {
    FaultKind.RATE_LIMIT: {"ok": False, "error": "ratelimited"},
    FaultKind.UNAUTHORIZED: {"ok": False, "error": "invalid_auth"},
    FaultKind.MISSING: {"ok": False, "error": "unknown_method"},
}
# What Slack lets only people's tokens do, and what it does for nobody any more.
FOR_PEOPLE = ("search.", "reminders.", "stars.")
GONE = frozenset({"files.upload", "channels.list", "groups.list", "im.list", "mpim.list"})


class FakeSlack:
    """One workspace. `clock` is Unix seconds; `burst` messages may come at once into a channel. `events` are the
    kinds of events that the app is subscribed to; `hooks` the channels of its incoming webhooks, by their paths."""

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
        events: Iterable[str] = EVENTS,
    ) -> None:
        self.scopes = SCOPES
        self.faults = Faults()
        self.workspace = Workspace(clock)
        self.webhooks = Webhooks(secret=signing_secret, clock=clock, url=webhook_url, deliver=deliver)
        self.events = set(events)
        self.chat = Chat(self.workspace)
        self.files = Files(self.workspace)
        self.views = Views(self.workspace)
        self.hooks: dict[str, str] = {}
        self.methods: dict[str, Method] = {}
        parts = (Conversations(self.workspace), Marks(self.workspace), People(self.workspace))
        for part in (*parts, self.chat, self.files, self.views):
            self.methods.update(part.methods())
        self.app = FaultyApp(
            Starlette(
                routes=[
                    Route("/api/{method}", self._call, methods=["GET", "POST"]),
                    Route("/upload/v1/{file}", self._upload, methods=["POST"]),
                    Route("/services/{path:path}", self._hook, methods=["POST"]),
                ]
            ),
            self.faults,
            FAULTS,
        )
        self.calls: list[str] = []
        self.refusals: dict[str, dict[str, Any]] = {}
        self.is_revoked = False
        self.workspace.on_post = self._echo
        self.workspace.on_event = self._queue
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

    def add_hook(self, channel: str) -> str:
        """An incoming webhook of the app into a channel; returns its path."""
        path = f"{TEAM}/{BOT}/hook{len(self.hooks) + 1}"
        self.hooks[path] = self.channel(channel).id
        return f"/services/{path}"

    # What people do.

    async def slash(self, text: str, *, channel: str, user: str = "U0ANNA", command: str = "/liaison") -> int:
        """Type a slash command; the status it was answered with, 0 for a time-out. Who writes has joined."""
        self._join(self.channel(channel), user)
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

    async def press(self, ts: str, label: str, *, user: str = "U0ANNA", has_joined: bool = True) -> int:
        """Press the button with this label under the message; a public channel can be looked at without joining."""
        channel, message = self._find(ts)
        if has_joined:
            self._join(channel, user)
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

    async def submit(self, view_id: str, values: dict[str, Any], *, user: str = "U0ANNA") -> int:
        """Submit a modal with what was typed into it (`state.values`); the status it was answered with."""
        view = self.views.opened[view_id] | {"state": {"values": values}}
        who = {"id": user, "username": user.removeprefix("U0").lower(), "team_id": TEAM}
        payload = {"type": "view_submission", "user": who, "view": view, "trigger_id": self._trigger_id()}
        return await self.webhooks.send_form(urlencode({"payload": json.dumps(payload)}).encode())

    def archive(self, channel: str, *, user: str = "U0ANNA") -> None:
        """Put a channel away: nobody can write in it any more."""
        found = self.channel(channel)
        found.is_archived = True
        kind = "group_archive" if found.is_private else "channel_archive"
        self._queue({"type": kind, "channel": found.id, "user": user})

    def rename(self, channel: str, name: str) -> None:
        """Call a channel something else."""
        found = self.channel(channel)
        found.name = name
        kind = "group_rename" if found.is_private else "channel_rename"
        self._queue({"type": kind, "channel": {"id": found.id, "name": name, "created": 1360782804}})

    async def verify_url(self) -> int:
        """What happens when an operator saves the Request URL."""
        body = {"type": "url_verification", "token": "unused", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY"}
        return await self.webhooks.send_json(json.dumps(body).encode())

    async def check_certificate(self) -> int:
        """What Slack asks now and then of an address for commands; returns the status of the answer."""
        return await self.webhooks.send_form(b"ssl_check=1&token=unused")

    # What goes on inside.

    def _join(self, channel: Channel, user: str) -> None:
        if user in self.workspace.people:
            channel.members.add(user)

    async def _call(self, request: Request) -> JSONResponse:
        method = request.path_params["method"]
        self.calls.append(method)
        try:
            arguments = await read_arguments(request)
        except No as no:
            return JSONResponse({"ok": False, "error": str(no)})
        token = arguments.pop("token", None)
        refusal = self._refusal(
            request.headers.get("authorization") or (f"Bearer {token}" if token else ""), method
        )
        if refusal:
            return JSONResponse(refusal)
        if method == "chat.postMessage" and self._is_too_fast(str(arguments.get("channel"))):
            return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})
        self.files.address = str(request.base_url).rstrip("/")
        try:
            answer = {"ok": True, **self.methods[method](arguments)}
            return JSONResponse(answer, headers={"X-OAuth-Scopes": self.scopes})
        except No as no:
            return JSONResponse({"ok": False, "error": str(no)})

    async def _upload(self, request: Request) -> Response:
        taken = self.files.take(request.path_params["file"], await request.body())
        return PlainTextResponse("OK" if taken else "no such upload", 200 if taken else 404)

    async def _hook(self, request: Request) -> Response:
        """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors"""
        channel = self.workspace.channels.get(self.hooks.get(request.path_params["path"], ""))
        if channel is None:
            return PlainTextResponse("no_service", 404)
        try:
            arguments = await read_arguments(request)
            if channel.is_archived:
                return PlainTextResponse("channel_is_archived", 410)
            self.chat.post_as_webhook(channel, arguments)
        except No as no:
            return PlainTextResponse("invalid_payload" if "json" in str(no) else str(no), 400)
        return PlainTextResponse("ok")

    def _refusal(self, authorization: str, method: str) -> dict[str, Any] | None:
        """Slack says no with HTTP 200, to strangers too."""
        if method == "api.test":
            return self.refusals.get(method)
        error = self._word_against(authorization, method)
        return {"ok": False, "error": error, "req_method": method} if error else self.refusals.get(method)

    def _word_against(self, authorization: str, method: str) -> str | None:
        if authorization != f"Bearer {self._token}":
            return "invalid_auth" if authorization else "not_authed"
        against = {
            "token_revoked": self.is_revoked,
            "method_deprecated": method in GONE,
            "not_allowed_token_type": method.startswith(FOR_PEOPLE),
            "unknown_method": method not in self.methods,
        }
        return next((word for word, is_so in against.items() if is_so), None)

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
        if event["type"] not in self.events:
            return
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
