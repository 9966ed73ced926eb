"""Slack as a chat room and as a source of commands.

Slack has no idempotency key for posts. A post carries its `once` as message metadata, and `find_post` finds
it in the channel's history. `post` itself looks only into this process's memory: conversations.history has a
budget for the whole workspace (50 calls a minute; 1 for apps distributed outside the Marketplace), while
posts have one per channel (1 a second), so a look before every post would be the narrower gate. The effects
ledger asks `find_post` before it repeats a post whose answer was lost: then a look is worth its price.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx

from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.recent import RecentlyUsed
from connectors.kit.webhooks.signatures import usable_secret
from connectors.slack import mapping, webhook
from connectors.slack.answers import SlackRefused, content, required
from connectors.slack.settings import SlackSettings
from incidents.errors import Refused
from incidents.events import (
    Event,
    Lane,
    Verified,
)
from incidents.models import ChatMessage, Room
from incidents.ports import ChatRoom, WebhookSource

HISTORY_PAGE = 200
HISTORY_PAGES = 10  # older posts are not looked for: a doubled post beats one that never comes
CHANNELS_PAGE = 1000
CHANNELS_PAGES = 100


class Slack(ChatRoom, WebhookSource):
    """One workspace, seen by one app's bot."""

    vendor: ClassVar[str] = "slack"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0  # Slack publishes none; a channel's history is read where it is written

    def __init__(
        self, name: str, settings: SlackSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = [usable_secret(secret) for secret in settings.signing_secrets]
        self._http = VendorHttp(
            vendor="slack",
            base_url=settings.base_url,
            headers={"Authorization": f"Bearer {settings.bot_token.get_secret_value()}"},
            transport=transport,
        )
        self._posted: RecentlyUsed[tuple[str, str], str] = RecentlyUsed(1000)
        self._paces: RecentlyUsed[str, Pace] = RecentlyUsed(1000)
        self._team_url: str | None = None

    async def check(self) -> str:
        """https://docs.slack.dev/reference/methods/auth.test"""
        who = await self._read("auth.test")
        return f"{who.get('user', 'bot')} in {who.get('team', 'a workspace')}"

    async def open_room(self, name: str, topic: str, *, once: str) -> Room:
        """The channel of this name, new or found, or the one channel of the settings.

        Names are unique in a workspace, so the name is the idempotency key, and every call here may be
        repeated. A name taken by a channel we cannot see or use is `Refused`.
        """
        if self._settings.channel is not None:
            channel = _channel(await self._read("conversations.info", channel=self._settings.channel))
            await self._join(channel)
            return await self._room(channel)
        channel = await self._create_or_find(mapping.channel_name(name))
        await self._invite(channel["id"])
        await self._set_topic(channel, mapping.topic_text(topic))
        return await self._room(channel)

    async def post(self, room_id: str, message: ChatMessage, *, once: str) -> str:
        """Post once, as far as this process remembers; see the module's docstring for the rest."""
        posted = self._posted.get((room_id, once))
        if posted is not None:
            return posted
        await self._pace(room_id).wait()
        fields = mapping.post_fields(room_id, message, once=once)
        answer = await self._write("chat.postMessage", fields, is_repeatable=False)
        ts: str = required(answer, "ts", str, "chat.postMessage", is_repeatable=False)
        self._posted.put((room_id, once), ts)
        return ts

    async def edit(self, room_id: str, message_id: str, message: ChatMessage, *, once: str) -> None:
        """Set the message's whole content, which may be repeated freely."""
        await self._write("chat.update", mapping.update_fields(room_id, message_id, message))

    async def find_post(self, room_id: str, once: str) -> str | None:
        """Looks through the newest 2,000 messages of the channel."""
        pages = self._pages(
            "conversations.history",
            HISTORY_PAGES,
            channel=room_id,
            limit=str(HISTORY_PAGE),
            include_all_metadata="true",
        )
        async for page in pages:
            for message in page.get("messages") or []:
                if mapping.once_of(message) == once:
                    return str(message["ts"])
        return None

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return webhook.verify(headers, body, self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return webhook.events(verified, connection=self.name)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _create_or_find(self, name: str) -> dict[str, Any]:
        fields = {"name": name, "is_private": self._settings.private_rooms}
        try:
            channel = _channel(await self._write("conversations.create", fields))
        except SlackRefused as refusal:
            if refusal.code != "name_taken":
                raise
            channel = await self._find_channel(name)
            await self._join(channel)
        return channel

    async def _find_channel(self, name: str) -> dict[str, Any]:
        kinds = "private_channel" if self._settings.private_rooms else "public_channel"
        pages = self._pages("conversations.list", CHANNELS_PAGES, types=kinds, limit=str(CHANNELS_PAGE))
        async for page in pages:
            for channel in page.get("channels") or []:
                if channel.get("name") == name:
                    if channel.get("is_archived"):
                        raise Refused(f"slack: channel {name} is archived; unarchive or rename it")
                    return dict(channel)
        raise Refused(f"slack: the name {name} is taken by a channel this app cannot see; rename that one")

    async def _join(self, channel: dict[str, Any]) -> None:
        if not channel.get("is_member") and not channel.get("is_private"):
            await self._write("conversations.join", {"channel": channel["id"]})

    async def _invite(self, channel_id: str) -> None:
        """One by one: Slack refuses a whole list for one member who is there already."""
        for person in self._settings.invite:
            try:
                await self._write("conversations.invite", {"channel": channel_id, "users": person})
            except SlackRefused as refusal:
                if refusal.code != "already_in_channel":
                    raise

    async def _set_topic(self, channel: dict[str, Any], topic: str) -> None:
        """Left alone when it is right: each change of topic is announced in the channel."""
        if topic and (channel.get("topic") or {}).get("value") != topic:
            await self._write("conversations.setTopic", {"channel": channel["id"], "topic": topic})

    async def _room(self, channel: dict[str, Any]) -> Room:
        if self._team_url is None:
            who = await self._read("auth.test")
            self._team_url = required(who, "url", str, "auth.test", is_repeatable=True)
        return mapping.room(channel, team_url=self._team_url)

    def _pace(self, room_id: str) -> Pace:
        pace = self._paces.get(room_id)
        if pace is None:
            pace = Pace(3, 3.0)
            self._paces.put(room_id, pace)
        return pace

    async def _pages(self, method: str, most: int, **params: str) -> AsyncIterator[dict[str, Any]]:
        """https://docs.slack.dev/apis/web-api/pagination"""
        cursor = ""
        for _ in range(most):
            page = await self._read(method, **params, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return

    async def _read(self, method: str, **params: str) -> dict[str, Any]:
        answer = await self._http.call("GET", f"/api/{method}", params=params)
        return content(answer, method, is_repeatable=True)

    async def _write(
        self, method: str, fields: dict[str, Any], *, is_repeatable: bool = True
    ) -> dict[str, Any]:
        answer = await self._http.call("POST", f"/api/{method}", json=fields, is_repeatable=is_repeatable)
        return content(answer, method, is_repeatable=is_repeatable)


def _channel(answer: dict[str, Any]) -> dict[str, Any]:
    channel: dict[str, Any] = required(answer, "channel", dict, "conversations", is_repeatable=True)
    required(channel, "id", str, "conversations", is_repeatable=True)
    return channel
