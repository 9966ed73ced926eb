"""The fake's state: a workspace with its people, channels and messages.

The methods of the Web API are in the modules beside it, by family: each takes the arguments that Slack takes and
returns what Slack answers, or raises `No` with Slack's own word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.slack.fake.arguments import No, whole

BOT_USER = "U0LIAISON"
BOT = "B0LIAISON"
TEAM = "T0FAKE"
CHANNEL_NAME = re.compile(r"[a-z0-9_-]{1,80}")
Method = Callable[[dict[str, Any]], dict[str, Any]]
"""A method of the Web API."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody in the workspace."""

    id: str
    name: str
    email: str


@dataclass(kw_only=True)
class Channel:
    """A channel with its members' ids and its messages, oldest first, as the Web API gives them."""

    id: str
    name: str
    is_private: bool = False
    is_archived: bool = False
    is_direct: bool = False
    topic: str = ""
    purpose: str = ""
    creator: str = "U0ANNA"
    pins: list[str] = field(default_factory=list)
    bookmarks: list[dict[str, Any]] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)


class Workspace:
    """Everything that would outlive one call. `url` is where people would open it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.url = "https://fake.slack.com/"
        people = (("U0ANNA", "anna"), ("U0BORIS", "boris"))
        self.people = {own: Person(id=own, name=name, email=f"{name}@example.com") for own, name in people}
        self.channels: dict[str, Channel] = {}
        self.on_post: Callable[[Channel, dict[str, Any]], None] = lambda channel, message: None
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
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

    def now(self) -> float:
        """The workspace's clock, Unix seconds."""
        return self._clock()

    def next_number(self) -> int:
        """Never the same twice; what ids and timestamps are made of."""
        self._count += 1
        return self._count

    def _ts(self) -> str:
        return f"{int(self._clock())}.{self.next_number():06d}"

    def channel_of(self, arguments: dict[str, Any], name: str = "channel") -> Channel:
        """The channel that a call names and the app can see, or a person's direct messages. Raises `No`."""
        wanted = str(arguments.get(name) or "")
        if wanted in self.people:
            return self.direct([wanted])
        by_name = wanted.removeprefix("#")
        channel = self.channels.get(wanted) or next(
            (one for one in self.channels.values() if one.name == by_name and not one.is_direct), None
        )
        if channel is None or (channel.is_private and BOT_USER not in channel.members):
            raise No("channel_not_found")
        return channel

    def direct(self, people: Sequence[str]) -> Channel:
        """The direct messages between the app and these people."""
        members = {BOT_USER, *people}
        for channel in self.channels.values():
            if channel.is_direct and channel.members == members:
                return channel
        kind = "D" if len(people) == 1 else "G"
        name = "-".join(["mpdm", *(self.people[one].name for one in people)])
        channel = Channel(id=f"{kind}0{self.next_number():06d}", name=name, is_private=True, is_direct=True)
        channel.members = members
        self.channels[channel.id] = channel
        return channel

    def joined(self, arguments: dict[str, Any], name: str = "channel") -> Channel:
        """A channel that the app is in and that is in use. Raises `No`."""
        channel = self.channel_of(arguments, name)
        if BOT_USER not in channel.members:
            raise No("not_in_channel")
        if channel.is_archived:
            raise No("is_archived")
        return channel

    def message_of(self, channel: Channel, ts: Any, otherwise: str = "message_not_found") -> dict[str, Any]:
        """The message of this time. Raises `No` with the method's word for there being none."""
        for message in channel.messages:
            if message["ts"] == ts:
                return message
        raise No(otherwise)


def described(channel: Channel) -> dict[str, Any]:
    """A channel as the Web API gives it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.is_private and not channel.is_direct,
        "is_group": channel.is_private and not channel.is_direct,
        "is_im": channel.is_direct and len(channel.members) == 2,
        "is_mpim": channel.is_direct and len(channel.members) > 2,
        "name_normalized": channel.name,
        "creator": channel.creator,
        "num_members": len(channel.members),
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_member": BOT_USER in channel.members,
        "topic": {"value": channel.topic, "creator": BOT_USER, "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": BOT_USER, "last_set": 0},
    }


def page(
    arguments: dict[str, Any], key: str, found: Sequence[Any], *, most: int, usual: int = 100
) -> dict[str, Any]:
    """One page of a list under its name, and the cursor of the next. Raises `No` for a cursor that is none.

    https://docs.slack.dev/apis/web-api/pagination
    """
    size = whole(arguments.get("limit"), usual) or usual
    if not 0 < size <= most:
        raise No("invalid_limit")
    cursor = str(arguments.get("cursor") or "0")
    if not cursor.isdecimal():
        raise No("invalid_cursor")
    end = int(cursor) + size
    following = str(end) if end < len(found) else ""
    return {
        key: list(found[int(cursor) : end]),
        "response_metadata": {"next_cursor": following},
        "has_more": bool(following),
    }
