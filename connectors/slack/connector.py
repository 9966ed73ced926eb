"""Slack as a chat room and as a source of commands.

Slack has no idempotency key for posts. A post carries its `once` as message metadata, and `find_post` finds
it in the channel's history. `post` itself looks only into this process's memory: conversations.history has a
budget for the whole workspace (50 calls a minute; 1 for apps distributed outside the Marketplace), while
posts have one per channel (1 a second), so a look before every post would be the narrower gate. The effects
ledger asks `find_post` before it repeats a post whose answer was lost: then a look is worth its price.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

import httpx

from connectors.kit.auth.ways import BearerToken
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.recent import RecentlyUsed
from connectors.kit.webhooks.signatures import usable_secret
from connectors.slack import mapping, webhook
from connectors.slack.rooms.channels import Channels
from connectors.slack.settings import SlackSettings
from connectors.slack.web_api.answers import NotInChannel, SlackRefused, objects, required
from connectors.slack.web_api.calls import WebApi, channel_in
from incidents.errors import NotAllowed, NotFound
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.models import ChatMessage, Room
from incidents.ports import AppRights, ChatRoom, WebhookSource
from incidents.subscriptions import TriedByWebhook

HISTORY_PAGE = 200
MEMBERS_PAGE = 1000
MEMBERS_PAGES = 100
# What the events and commands of README.md's manifest need: https://docs.slack.dev/reference/events
NEEDED_SCOPES = frozenset({"app_mentions:read", "channels:read", "commands"})
PRIVATE_ROOMS_SCOPES = frozenset({"groups:read"})
HISTORY_PAGES = 10  # older posts are not looked for: a doubled post beats one that never comes


class Slack(AppRights, ChatRoom, TriedByWebhook, WebhookSource):
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
            auth=BearerToken(settings.bot_token),
            transport=transport,
        )
        self._posted: RecentlyUsed[tuple[str, str], str] = RecentlyUsed(1000)
        self._paces: RecentlyUsed[str, Pace] = RecentlyUsed(1000)
        self._api = WebApi(self._http)
        self._channels = Channels(self._api, settings)

    async def check(self) -> str:
        """https://docs.slack.dev/reference/methods/auth.test"""
        who = await self._api.read("auth.test")
        return f"{who.get('user', 'bot')} in {who.get('team', 'a workspace')}"

    async def open_room(self, name: str, topic: str, *, once: str) -> Room:
        """The channel that carries this key, a new one, or the one channel of the settings.

        The key stands in the channel's purpose. A name that is taken by another's channel, by one that is archived or
        by one we cannot see gets a number. Every call here may be repeated.
        """
        if self._settings.channel is not None:
            channel = channel_in(await self._api.read("conversations.info", channel=self._settings.channel))
            if channel.get("is_archived"):
                raise NotAllowed("slack: the connection's channel is archived; unarchive it, or name another")
            await self._channels.join(channel)
            return await self._room(channel)
        return await self._room(await self._channels.open(name, topic, once))

    async def post(self, room_id: str, message: ChatMessage, *, once: str) -> str:
        """Post once, as far as this process remembers; see the module's docstring for the rest.

        Somebody may have sent the app away: into a public channel it comes back by itself.
        """
        try:
            return await self._post(room_id, message, once)
        except NotInChannel as away:
            try:
                await self._api.write("conversations.join", {"channel": room_id})
            except SlackRefused:
                raise away from None
            return await self._post(room_id, message, once)

    async def _post(self, room_id: str, message: ChatMessage, once: str) -> str:
        posted = self._posted.get((room_id, once))
        if posted is not None:
            return posted
        await self._pace(room_id).wait()
        fields = mapping.post_fields(room_id, message, once=once)
        answer = await self._api.write("chat.postMessage", fields, is_repeatable=False)
        ts: str = required(answer, "ts", str, "chat.postMessage", is_repeatable=False)
        self._posted.put((room_id, once), ts)
        return ts

    async def answer(
        self, room_id: str, user_id: str, text: str, *, once: str, is_private: bool = False
    ) -> None:
        """In the channel, else in the app's conversation with whoever asked: a bot joins no channel for an answer.

        What is private goes there as an ephemeral message, which only members of a channel can be shown.

        https://docs.slack.dev/reference/methods/chat.postMessage#channels
        https://docs.slack.dev/reference/methods/chat.postEphemeral
        """
        message = ChatMessage(text=text)
        try:
            if is_private:
                fields = mapping.ephemeral_fields(room_id, user_id, message)
                await self._api.write("chat.postEphemeral", fields, is_repeatable=False)
            else:
                await self._post(room_id, message, once)
        except (NotInChannel, NotFound, SlackRefused) as error:
            is_elsewhere = not isinstance(error, SlackRefused) or error.code == "user_not_in_channel"
            if not user_id or not is_elsewhere:
                raise
            await self._post(user_id, message, once)

    async def members(self, room_id: str) -> frozenset[str]:
        """https://docs.slack.dev/reference/methods/conversations.members"""
        pages = self._api.pages(
            "conversations.members", MEMBERS_PAGES, channel=room_id, limit=str(MEMBERS_PAGE)
        )
        found: set[str] = set()
        async for page in pages:
            found.update(
                map(str, required(page, "members", list, "conversations.members", is_repeatable=True))
            )
        return frozenset(found)

    async def group_members(self, group: str) -> frozenset[str]:
        """https://docs.slack.dev/reference/methods/usergroups.users.list (scope `usergroups:read`)"""
        answer = await self._api.read("usergroups.users.list", usergroup=group)
        users = required(answer, "users", list, "usergroups.users.list", is_repeatable=True)
        return frozenset(map(str, users))

    async def edit(self, room_id: str, message_id: str, message: ChatMessage, *, once: str) -> None:
        """Set the message's whole content, which may be repeated freely."""
        await self._api.write("chat.update", mapping.update_fields(room_id, message_id, message))

    async def find_post(self, room_id: str, once: str) -> str | None:
        """Looks through the newest 2,000 messages of the channel."""
        pages = self._api.pages(
            "conversations.history",
            HISTORY_PAGES,
            channel=room_id,
            limit=str(HISTORY_PAGE),
            include_all_metadata="true",
        )
        async for page in pages:
            for message in objects(page, "messages", "conversations.history"):
                if mapping.once_of(message) == once:
                    return str(required(message, "ts", str, "conversations.history", is_repeatable=True))
        return None

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return webhook.verify(headers, body, self._secrets, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return webhook.events(verified, connection=self.name)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return webhook.trial(self._secrets[0], now=now)

    async def missing_rights(self) -> Sequence[str]:
        """Scopes without which Slack sends no mention, no command and nothing of what becomes of a room."""
        granted = await self._api.scopes()
        needed = NEEDED_SCOPES | (PRIVATE_ROOMS_SCOPES if self._settings.private_rooms else frozenset())
        return sorted(needed - granted) if granted else []

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _room(self, channel: dict[str, Any]) -> Room:
        return mapping.room(channel, team_url=(await self._api.who())["url"])

    def _pace(self, room_id: str) -> Pace:
        pace = self._paces.get(room_id)
        if pace is None:
            pace = Pace(3, 3.0)
            self._paces.put(room_id, pace)
        return pace
