"""The fake's state: a workspace with its channels and messages, and the Web API methods upon it.

Each method takes the arguments Slack takes and returns what Slack answers, `{"ok": true, ...}`, or raises
`No` with Slack's own word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connectors.slack.fake import rendering

BOT_USER = "U0LIAISON"
BOT = "B0LIAISON"
TEAM = "T0FAKE"
CHANNEL_NAME = re.compile(r"[a-z0-9_-]{1,80}")
KEPT = ("text", "blocks", "parse", "link_names", "mrkdwn")


class No(Exception):
    """Slack's `"ok": false`, with the word for it."""


@dataclass(kw_only=True)
class Channel:
    """A channel with its members' ids and its messages, oldest first, as the Web API gives them."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    topic: str = ""
    members: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)


class Workspace:
    """Everything that would outlive one call. `url` is where people would open it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.url = "https://fake.slack.com/"
        self.people: set[str] = {"U0ANNA", "U0BORIS"}
        self.channels: dict[str, Channel] = {}
        self.on_post: Callable[[Channel, dict[str, Any]], None] = lambda channel, message: None
        self.methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "conversations.create": self._create,
            "conversations.list": self._list,
            "conversations.info": self._info,
            "conversations.history": self._history,
            "conversations.join": self._join,
            "conversations.invite": self._invite,
            "conversations.setTopic": self._set_topic,
            "chat.postMessage": self._post,
            "chat.update": self._update,
        }
        self._clock = clock
        self._count = 0

    def add_channel(self, name: str, *, is_private: bool = False, member: str | None = None) -> Channel:
        """A new channel; `member` is the id of who is in it from the start."""
        channel = Channel(id=f"C0{self.next_number():06d}", name=name, is_private=is_private)
        channel.members = {member} if member else set()
        self.channels[channel.id] = channel
        return channel

    def add_message(self, channel: Channel, user: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Write a message and let everybody hear it; returns it as the Web API gives it."""
        message = {"type": "message", "ts": self._ts(), "user": user, **fields}
        channel.messages.append(message)
        self.on_post(channel, message)
        return message

    def next_number(self) -> int:
        """Never the same twice; what ids and timestamps are made of."""
        self._count += 1
        return self._count

    def _ts(self) -> str:
        return f"{int(self._clock())}.{self.next_number():06d}"

    def _auth_test(self, arguments: dict[str, Any]) -> dict[str, Any]:
        who = {"user": "liaison", "user_id": BOT_USER, "bot_id": BOT}
        return {"url": self.url, "team": "Fake Inc", "team_id": TEAM, **who}

    def _create(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = arguments.get("name", "")
        if CHANNEL_NAME.fullmatch(name) is None:
            raise No("invalid_name_specials" if name else "invalid_name_required")
        if any(channel.name == name for channel in self.channels.values()):
            raise No("name_taken")
        is_private = bool(arguments.get("is_private"))
        channel = self.add_channel(name, is_private=is_private, member=BOT_USER)
        return {"channel": _described(channel)}

    def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As Slack: private channels only to their members, pages that may be shorter than asked for."""
        kinds = arguments.get("types", "public_channel").split(",")
        visible = [
            channel
            for channel in self.channels.values()
            if ("private_channel" if channel.is_private else "public_channel") in kinds
            and (not channel.is_private or BOT_USER in channel.members)
        ]
        start, size = int(arguments.get("cursor") or 0), min(int(arguments.get("limit") or 100), 1000)
        page = visible[start : start + size]
        return {"channels": [_described(channel) for channel in page], **_cursor(start + size, len(visible))}

    def _info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": _described(self._channel(arguments))}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._joined(arguments)
        start, size = int(arguments.get("cursor") or 0), min(int(arguments.get("limit") or 100), 999)
        newest_first = channel.messages[::-1][start : start + size]
        hidden = () if arguments.get("include_all_metadata") == "true" else ("metadata",)
        page = [{k: v for k, v in message.items() if k not in hidden} for message in newest_first]
        return {"messages": page, **_cursor(start + size, len(channel.messages))}

    def _join(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(arguments)
        if channel.is_archived:
            raise No("is_archived")
        channel.members.add(BOT_USER)
        return {"channel": _described(channel)}

    def _invite(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._joined(arguments)
        users = arguments.get("users", "").split(",")
        if not set(users) <= self.people:
            raise No("user_not_found")
        if set(users) & channel.members:
            raise No("already_in_channel")
        channel.members.update(users)
        return {"channel": _described(channel)}

    def _set_topic(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, topic = self._joined(arguments), str(arguments.get("topic", ""))
        if len(topic) > 250:
            raise No("too_long")
        channel.topic = topic
        self.add_message(channel, BOT_USER, {"subtype": "channel_topic", "text": f"set the topic: {topic}"})
        return {"channel": _described(channel)}

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """No idempotency whatsoever, as at Slack: two calls are two messages."""
        channel = self._joined(arguments)
        fields = _content(arguments)
        metadata = arguments.get("metadata")
        if metadata:
            fields["metadata"] = metadata
        message = self.add_message(channel, BOT_USER, {"bot_id": BOT, **fields})
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Metadata left out is kept; blocks left out are gone."""
        channel, ts = self._joined(arguments), arguments.get("ts")
        for message in channel.messages:
            if message["ts"] == ts:
                if message["user"] != BOT_USER:
                    raise No("cant_update_message")
                message.pop("blocks", None)
                message.update(_content(arguments))
                return {"channel": channel.id, "ts": ts, "text": message["text"], "message": message}
        raise No("message_not_found")

    def _channel(self, arguments: dict[str, Any]) -> Channel:
        channel = self.channels.get(arguments.get("channel", ""))
        if channel is None or (channel.is_private and BOT_USER not in channel.members):
            raise No("channel_not_found")
        return channel

    def _joined(self, arguments: dict[str, Any]) -> Channel:
        channel = self._channel(arguments)
        if BOT_USER not in channel.members:
            raise No("not_in_channel")
        if channel.is_archived:
            raise No("is_archived")
        return channel


def _content(arguments: dict[str, Any]) -> dict[str, Any]:
    fields = {key: arguments[key] for key in KEPT if key in arguments}
    if not fields.get("text") and not fields.get("blocks"):
        raise No("no_text")
    wrong = rendering.fault(fields.get("blocks", []))
    if wrong:
        raise No(wrong)
    return fields


def _described(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": BOT_USER in channel.members,
        "topic": {"value": channel.topic, "creator": BOT_USER, "last_set": 0},
    }


def _cursor(end: int, total: int) -> dict[str, Any]:
    return {"response_metadata": {"next_cursor": str(end) if end < total else ""}, "has_more": end < total}
