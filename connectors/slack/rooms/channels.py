"""Opening the channel of an incident, and knowing it again: its key stands in its purpose.

Names are unique in a workspace and archived channels keep theirs, so a name says nothing of whose a channel is.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from connectors.kit.fields import record
from connectors.slack import mapping
from connectors.slack.rooms import naming
from connectors.slack.settings import SlackSettings
from connectors.slack.web_api.answers import SlackRefused, objects
from connectors.slack.web_api.calls import WebApi, channel_in
from incidents.errors import Refused

CHANNELS_PAGE = 1000
CHANNELS_PAGES = 100
LATEST = 200
MOST_OF_A_NAME = 30  # channels of one name and its numbers


class Channels:
    """The channels of a workspace, as rooms for incidents."""

    def __init__(self, api: WebApi, settings: SlackSettings) -> None:
        self._api = api
        self._settings = settings

    async def open(self, name: str, topic: str, once: str) -> dict[str, Any]:
        """The channel with this key, or a new one by the first name that is free, with its people and its topic.

        Raises `Refused` when all its names are taken.
        """
        channel = await self._create_or_find(mapping.channel_name(name), once)
        await self._invite(channel["id"])
        await self._set_topic(channel, naming.topic_text(topic))
        return channel

    async def _create_or_find(self, name: str, once: str) -> dict[str, Any]:
        names = [naming.suffixed(name, number) for number in range(1, MOST_OF_A_NAME + 1)]
        taken: dict[str, dict[str, Any]] | None = None
        for candidate in names:
            fields = {"name": candidate, "is_private": self._settings.private_rooms}
            try:
                channel = channel_in(await self._api.write("conversations.create", fields))
            except SlackRefused as refusal:
                if refusal.code != "name_taken":
                    raise
                taken = await self._channels_called(names) if taken is None else taken
                channel = taken.get(candidate, {})
                if not await self._is_ours(channel, once):
                    continue
                await self.join(channel)
            if naming.opened_by(channel) != once:
                fields = {"channel": channel["id"], "purpose": naming.purpose(once)}
                await self._api.write("conversations.setPurpose", fields)
            return channel
        raise Refused(f"slack: {name} and its numbers up to {MOST_OF_A_NAME} are taken; rename some of them")

    async def _channels_called(self, names: Collection[str]) -> dict[str, dict[str, Any]]:
        """Those of the names whose channels we can see."""
        kinds = "private_channel" if self._settings.private_rooms else "public_channel"
        listed = "conversations.list"
        pages = self._api.pages(listed, CHANNELS_PAGES, types=kinds, limit=str(CHANNELS_PAGE))
        found = [one async for page in pages for one in objects(page, "channels", listed)]
        return {one["name"]: channel_in({"channel": one}) for one in found if one.get("name") in names}

    async def _is_ours(self, channel: dict[str, Any], once: str) -> bool:
        """Whether it carries the key; or we made it and nobody has written in it: then a reply was lost on the way."""
        if not channel or channel.get("is_archived"):
            return False
        if (key := naming.opened_by(channel)) is not None:
            return key == once
        if not channel.get("is_member") or channel.get("creator") != (await self._api.who())["user_id"]:
            return False
        page = await self._api.read("conversations.history", channel=str(channel["id"]), limit=str(LATEST))
        return all(message.get("subtype") for message in objects(page, "messages", "conversations.history"))

    async def join(self, channel: dict[str, Any]) -> None:
        """Be in a public channel; into a private one we must be invited."""
        if not channel.get("is_member") and not channel.get("is_private"):
            await self._api.write("conversations.join", {"channel": channel["id"]})

    async def _invite(self, channel_id: str) -> None:
        """One by one: Slack refuses a whole list for one member who is there already."""
        for person in self._settings.invite:
            try:
                await self._api.write("conversations.invite", {"channel": channel_id, "users": person})
            except SlackRefused as refusal:
                if refusal.code != "already_in_channel":
                    raise

    async def _set_topic(self, channel: dict[str, Any], topic: str) -> None:
        """Left alone when it is right: each change of topic is announced in the channel."""
        if topic and record(channel.get("topic")).get("value") != topic:
            await self._api.write("conversations.setTopic", {"channel": channel["id"], "topic": topic})
