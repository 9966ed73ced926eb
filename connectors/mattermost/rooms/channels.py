"""Opening the channel of an incident, and knowing it again: its name is made of the key, and we made it.

Names are unique in a team, archived channels keep theirs and anybody may write a purpose, so neither says by itself
whose a channel is: who made it does. https://developers.mattermost.com/api-documentation/#/operations/CreateChannel
"""

from __future__ import annotations

import logging
from typing import Any

from connectors.kit.fields import text, whole
from connectors.mattermost.rooms.naming import channel_name, header, opened_by, purpose, title
from connectors.mattermost.settings import MattermostSettings
from connectors.mattermost.web_api.answers import TAKEN, MattermostRefused, NoPermission
from connectors.mattermost.web_api.calls import MattermostApi, in_a_path
from incidents.errors import NotAllowed, NotFound, Refused, Unreachable

MOST_OF_A_NAME = 30  # channels of one name and its numbers

logger = logging.getLogger("liaison.mattermost")


class TeamChannels:
    """The channels of one team."""

    def __init__(self, api: MattermostApi, settings: MattermostSettings) -> None:
        self._api = api
        self._settings = settings

    async def fixed(self, channel_id: str) -> dict[str, Any]:
        """The one channel of the settings. Raises `NotAllowed` where only the operator can help."""
        channel = await self._api.read(f"channels/{channel_id}")
        if is_archived(channel):
            raise NotAllowed("mattermost: the connection's channel is archived; restore it, or name another")
        await self._join(channel_id)
        return channel

    async def open(self, name: str, topic: str, once: str) -> dict[str, Any]:
        """The channel with this key, or a new one, with its people and its header. Raises `Refused` when all its names
        are taken."""
        channel = await self._create_or_find(name, topic, once)
        for person in self._settings.invite:
            await self._put_in(channel, person)
        wanted = header(topic)
        # Left alone when it is right: each change is announced in the channel.
        if wanted and text(channel.get("header")) != wanted:
            path = f"channels/{channel['id']}/patch"
            channel = await self._api.send("PUT", path, {"header": wanted}, is_repeatable=True)
        return channel

    async def come_back(self, room_id: str, away: NoPermission) -> None:
        """Join a channel that we are not in any more, if we may; otherwise that is told as it was before.

        Raises `NotFound` for one that is archived or gone.
        """
        try:
            channel = await self._api.read(f"channels/{in_a_path(room_id)}")
            if is_archived(channel):
                raise NotFound("mattermost: the channel is archived")
            await self._join(room_id)
        except (NoPermission, MattermostRefused):
            raise away from None

    async def direct(self, user_id: str) -> str:
        """The channel with one person alone, made where there is none."""
        me = await self._api.me()
        both = [text(me.get("id")), in_a_path(user_id)]
        return _id_of(await self._api.send("POST", "channels/direct", both, is_repeatable=True))

    async def _create_or_find(self, name: str, topic: str, once: str) -> dict[str, Any]:
        me, team = text((await self._api.me()).get("id")), text((await self._api.team()).get("id"))
        for number in range(1, MOST_OF_A_NAME + 1):
            called = channel_name(name, once, number)
            wanted = {
                "team_id": team,
                "name": called,
                "display_name": title(name),
                "purpose": purpose(once),
                "header": header(topic),
                "type": "P" if self._settings.private_rooms else "O",
            }
            try:
                channel = await self._api.send("POST", "channels", wanted, is_repeatable=True)
            except MattermostRefused as refusal:
                # Whatever it says: the channel may be there, from before or from just now.
                found = await self._called(team, called)
                if found is None and refusal.code not in TAKEN:
                    raise
                if found is None or not _is_ours(found, me, once):
                    continue
                channel = found
            _id_of(channel)
            return channel
        raise Refused(
            f"mattermost: all {MOST_OF_A_NAME} names of {title(name)} are taken; rename some channels"
        )

    async def _called(self, team: str, name: str) -> dict[str, Any] | None:
        path = f"teams/{team}/channels/name/{name}"
        try:
            return await self._api.read(path, include_deleted="true")
        except (NotFound, NoPermission):
            # A private one that we are not in.
            return None

    async def _join(self, channel_id: str) -> None:
        me = text((await self._api.me()).get("id"))
        await self._api.send("POST", f"channels/{channel_id}/members", {"user_id": me}, is_repeatable=True)

    async def _put_in(self, channel: dict[str, Any], person: str) -> None:
        """Somebody who cannot be put in holds up neither the room nor the others."""
        path = f"channels/{channel['id']}/members"
        try:
            await self._api.send("POST", path, {"user_id": person}, is_repeatable=True)
        except (NoPermission, MattermostRefused, NotFound) as refusal:
            logger.warning("mattermost: %s was not put into a channel: %s", person, refusal)


def is_archived(channel: dict[str, Any]) -> bool:
    """Whether somebody archived it."""
    return (whole(channel.get("delete_at")) or 0) > 0


def _is_ours(channel: dict[str, Any], me: str, once: str) -> bool:
    if is_archived(channel) or not me or channel.get("creator_id") != me:
        return False
    return opened_by(text(channel.get("purpose"))) in (None, once)


def _id_of(channel: dict[str, Any]) -> str:
    found = text(channel.get("id"))
    if not found:
        raise Unreachable("mattermost: a channel without an id in the answer")
    return in_a_path(found)
