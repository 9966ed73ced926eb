"""Mattermost as a chat room and as a source of commands.

A post carries its `once` in its properties, and `find_post` finds it in the channel's history. The server itself
finds a repetition by `pending_post_id`, for 30 seconds and on one node alone (`deduplicateCreatePost` in its
source), so that is a second belt and no promise: a post whose answer was lost is `Unknown`, and looked up.

https://developers.mattermost.com/api-documentation/
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

import httpx

from connectors.kit.fields import text
from connectors.kit.recent import RecentlyUsed
from connectors.mattermost import mapping, webhook
from connectors.mattermost.rooms.channels import TeamChannels
from connectors.mattermost.settings import MattermostSettings
from connectors.mattermost.web_api.answers import NoPermission
from connectors.mattermost.web_api.calls import MattermostApi, in_a_path
from incidents.errors import NotFound, Refused, Unknown
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.models import ChatMessage, Room
from incidents.ports import ChatRoom, WebhookSource
from incidents.subscriptions import TriedByWebhook

HISTORY_PAGES = 10  # older posts are not looked for: a doubled post beats one that never comes


class Mattermost(ChatRoom, TriedByWebhook, WebhookSource):
    """One team, seen by one bot. `name` is the connection's (`mattermost/engineering`)."""

    vendor: ClassVar[str] = "mattermost"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0  # a channel's history is read where it is written; a replica may be a moment behind

    def __init__(
        self, name: str, settings: MattermostSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._secrets = settings.secrets
        self._api = MattermostApi(settings, transport)
        self._channels = TeamChannels(self._api, settings)
        self._posted: RecentlyUsed[tuple[str, str], str] = RecentlyUsed(1000)

    async def check(self) -> str:
        """Raises `NotAllowed` for a team that the bot is not in, and for a channel that is archived."""
        me, team = await self._api.me(), await self._api.team()
        if self._settings.channel is not None:
            await self._channels.fixed(self._settings.channel)
        name = text(team.get("display_name")) or text(team.get("name"))
        kind = "bot" if me.get("is_bot") is True else "user, not a bot"
        return f"{text(me.get('username'))} ({kind}) in {name} at {self._settings.base_url}"

    async def open_room(self, name: str, topic: str, *, once: str) -> Room:
        """The channel that carries this key, a new one, or the one channel of the settings. Every call may be
        repeated.
        """
        if self._settings.channel is not None:
            return await self._room(await self._channels.fixed(self._settings.channel))
        return await self._room(await self._channels.open(name, topic, once))

    async def post(self, room_id: str, message: ChatMessage, *, once: str) -> str:
        """Post once, as far as this process remembers; see the module's docstring for the rest.

        Somebody may have sent the bot away: into a public channel it comes back by itself.
        """
        try:
            return await self._post(room_id, message, once)
        except NoPermission as away:
            await self._channels.come_back(room_id, away)
            return await self._post(room_id, message, once)

    async def answer(
        self, room_id: str, user_id: str, text: str, *, once: str, is_private: bool = False
    ) -> None:
        """In the channel, else in the bot's channel with whoever asked: a bot joins no channel for an answer.

        What is private goes there always: messages that one member alone sees are for system administrators
        (`create_post_ephemeral`).
        """
        message = ChatMessage(text=text)
        if not is_private:
            try:
                await self._post(room_id, message, once)
            except (NoPermission, NotFound):
                if not user_id:
                    raise
            else:
                return
        if not user_id:
            raise Refused("mattermost: nobody is named who could be answered alone")
        await self._post(await self._channels.direct(user_id), message, once)

    async def members(self, room_id: str) -> frozenset[str]:
        return await self._api.people(f"channels/{in_a_path(room_id)}/members", "user_id")

    async def group_members(self, group: str) -> frozenset[str]:
        """Who is in a channel that the bot is in, by its id; else in a user group, which not every edition has."""
        own_id = in_a_path(group)
        with suppress(NoPermission, NotFound):
            return await self._api.people(f"channels/{own_id}/members", "user_id")
        return await self._api.people(f"groups/{own_id}/members", "id")

    async def edit(self, room_id: str, message_id: str, message: ChatMessage, *, once: str) -> None:
        """Set the message's whole content, which may be repeated freely. Its properties are replaced as a whole, so
        that its key is read first. Raises `Refused` for somebody else's.
        """
        me = text((await self._api.me()).get("id"))
        post = await self._api.read(f"posts/{in_a_path(message_id)}")
        if post.get("channel_id") != room_id:
            raise NotFound("mattermost: there is no such message in this channel")
        if not mapping.is_ours(post, me):
            raise Refused("mattermost: a message of somebody else cannot be edited")
        change = {
            "message": mapping.words_of(message, self._settings),
            "props": mapping.props_of(
                message, once=mapping.once_of(post, me), connection=self.name, settings=self._settings
            ),
        }
        await self._api.send("PUT", f"posts/{message_id}/patch", change, is_repeatable=True)

    async def find_post(self, room_id: str, once: str) -> str | None:
        """Looks through the newest 2,000 messages of the channel."""
        me = text((await self._api.me()).get("id"))
        async for page in self._api.history(in_a_path(room_id), most=HISTORY_PAGES):
            found = mapping.found_in(page, once, me)
            if found is not None:
                return found
        return None

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return webhook.verified_from(headers, body, secrets=self._secrets, connection=self.name, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return webhook.events_from(verified, connection=self.name, own_id=self._api.own_id)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return webhook.trial(self._secrets[0])

    async def aclose(self) -> None:
        await self._api.aclose()

    @property
    def actor(self) -> str:
        """Our user id, once it is known."""
        return self._api.own_id

    async def _post(self, room_id: str, message: ChatMessage, once: str) -> str:
        posted = self._posted.get((room_id, once))
        if posted is not None:
            return posted
        body = mapping.post_body(room_id, message, once=once, connection=self.name, settings=self._settings)
        made = await self._api.send("POST", "posts", body, is_repeatable=False)
        own_id = text(made.get("id"))
        if not own_id:
            raise Unknown("mattermost POST posts: no message in the answer")
        self._posted.put((room_id, once), own_id)
        return own_id

    async def _room(self, channel: dict[str, Any]) -> Room:
        team = text((await self._api.team()).get("name"))
        return mapping.room(channel, base_url=self._settings.base_url, team=team)
