"""The fake Slack's `conversations.*`: channels, who is in them, and what was said there.

https://docs.slack.dev/reference/methods/conversations.create and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.slack.fake.arguments import No, is_yes, needed
from connectors.slack.fake.workspace import (
    BOT_USER,
    CHANNEL_NAME,
    Channel,
    Method,
    Workspace,
    described,
    page,
)

# The most that Slack gives at once: https://docs.slack.dev/reference/methods/conversations.list and .history
MOST = 1000
MOST_MESSAGES = 999


class Conversations:
    """Upon one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "conversations.create": self._create,
            "conversations.list": self._list,
            "conversations.info": self._info,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.members": self._members,
            "conversations.join": self._join,
            "conversations.leave": self._leave,
            "conversations.invite": self._invite,
            "conversations.kick": self._kick,
            "conversations.open": self._open,
            "conversations.close": self._close,
            "conversations.rename": self._rename,
            "conversations.archive": self._archive,
            "conversations.unarchive": self._unarchive,
            "conversations.setTopic": self._set_topic,
            "conversations.setPurpose": self._set_purpose,
            "conversations.mark": self._mark,
            "users.conversations": self._of_user,
        }

    def _create(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name = self._free_name(arguments)
        is_private = is_yes(arguments.get("is_private"))
        channel = self._workspace.add_channel(name, is_private=is_private, member=BOT_USER)
        channel.creator = BOT_USER
        self._tell("channel_created", channel)
        return {"channel": described(channel)}

    def _free_name(self, arguments: dict[str, Any]) -> str:
        name = str(arguments.get("name") or "")
        if CHANNEL_NAME.fullmatch(name) is None:
            raise No("invalid_name_specials" if name else "invalid_name_required")
        if any(channel.name == name for channel in self._workspace.channels.values()):
            raise No("name_taken")
        return name

    def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As Slack: private channels only to their members, pages that may be shorter than asked for."""
        visible = [one for one in self._of_kinds(arguments) if not one.is_private or BOT_USER in one.members]
        return page(arguments, "channels", [described(channel) for channel in visible], most=MOST)

    def _of_user(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("user") or BOT_USER)
        found = [described(one) for one in self._of_kinds(arguments) if user in one.members]
        return page(arguments, "channels", found, most=MOST)

    def _of_kinds(self, arguments: dict[str, Any]) -> list[Channel]:
        kinds = str(arguments.get("types") or "public_channel").split(",")
        if not set(kinds) <= {"public_channel", "private_channel", "im", "mpim"}:
            raise No("invalid_types")
        leaves_out = is_yes(arguments.get("exclude_archived"))
        every = self._workspace.channels.values()
        return [one for one in every if _kind(one) in kinds and not (leaves_out and one.is_archived)]

    def _info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"channel": described(self._workspace.channel_of(arguments))}

    def _history(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The newest first, without what was answered in threads."""
        channel = self._readable(arguments)
        found = [message for message in channel.messages[::-1] if _is_in_channel(message)]
        return self._messages(arguments, found)

    def _replies(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """A message and the thread below it, the oldest first."""
        channel, ts = self._readable(arguments), needed(arguments, "ts")
        first = self._workspace.message_of(channel, ts, "thread_not_found")
        thread = first.get("thread_ts", ts)
        found = [one for one in channel.messages if thread in (one["ts"], one.get("thread_ts"))]
        return self._messages(arguments, found)

    def _messages(self, arguments: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
        oldest, latest = str(arguments.get("oldest") or "0"), str(arguments.get("latest") or "9" * 10)
        takes_edges = is_yes(arguments.get("inclusive"))
        between = [
            one
            for one in found
            if float(oldest) < float(one["ts"]) < float(latest)
            or (takes_edges and one["ts"] in (oldest, latest))
        ]
        hidden = () if is_yes(arguments.get("include_all_metadata")) else ("metadata",)
        shown = [{key: value for key, value in one.items() if key not in hidden} for one in between]
        return page(arguments, "messages", shown, most=MOST_MESSAGES)

    def _readable(self, arguments: dict[str, Any]) -> Channel:
        """An archived channel can still be read."""
        channel = self._workspace.channel_of(arguments)
        if BOT_USER not in channel.members:
            raise No("not_in_channel")
        return channel

    def _members(self, arguments: dict[str, Any]) -> dict[str, Any]:
        members = sorted(self._workspace.channel_of(arguments).members)
        return page(arguments, "members", members, most=MOST)

    def _join(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel_of(arguments)
        if channel.is_archived:
            raise No("is_archived")
        if channel.is_private:
            raise No("method_not_supported_for_channel_type")
        channel.members.add(BOT_USER)
        return {"channel": described(channel)}

    def _leave(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel_of(arguments)
        if BOT_USER not in channel.members:
            return {"not_in_channel": True}
        channel.members.discard(BOT_USER)
        return {}

    def _invite(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        users = needed(arguments, "users", "no_user").split(",")
        if BOT_USER in users:
            raise No("cant_invite_self")
        if not set(users) <= set(self._workspace.people):
            raise No("user_not_found")
        if set(users) & channel.members:
            raise No("already_in_channel")
        channel.members.update(users)
        return {"channel": described(channel)}

    def _kick(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, user = self._workspace.joined(arguments), needed(arguments, "user")
        if user == BOT_USER:
            raise No("cant_kick_self")
        if user not in self._workspace.people:
            raise No("user_not_found")
        if user not in channel.members:
            raise No("not_in_channel")
        channel.members.discard(user)
        return {}

    def _open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Direct messages: between two by `users`, or again by their channel."""
        if arguments.get("channel"):
            channel = self._workspace.channel_of(arguments)
        else:
            users = needed(arguments, "users", "users_list_not_supplied").split(",")
            if not set(users) <= set(self._workspace.people):
                raise No("user_not_found")
            channel = self._workspace.direct(users)
        return {"channel": described(channel) if is_yes(arguments.get("return_im")) else {"id": channel.id}}

    def _close(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if not self._workspace.channel_of(arguments).is_direct:
            raise No("method_not_supported_for_channel_type")
        return {}

    def _rename(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        before, channel.name = channel.name, self._free_name(arguments)
        self._tell("channel_rename", channel, previous_name=before)
        return {"channel": described(channel)}

    def _archive(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel_of(arguments)
        if channel.is_archived:
            raise No("already_archived")
        if BOT_USER not in channel.members:
            raise No("not_in_channel")
        channel.is_archived = True
        self._tell("channel_archive", channel)
        return {}

    def _unarchive(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel_of(arguments)
        if not channel.is_archived:
            raise No("not_archived")
        channel.is_archived = False
        self._tell("channel_unarchive", channel)
        return {}

    def _set_topic(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        channel.topic = self._announced(channel, "topic", str(arguments.get("topic") or ""))
        return {"channel": described(channel)}

    def _set_purpose(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        channel.purpose = self._announced(channel, "purpose", str(arguments.get("purpose") or ""))
        return {"purpose": channel.purpose, "channel": described(channel)}

    def _announced(self, channel: Channel, what: str, text: str) -> str:
        if len(text) > 250:
            raise No("too_long")
        fields = {"subtype": f"channel_{what}", "text": f"set the {what}: {text}"}
        self._workspace.add_message(channel, BOT_USER, fields)
        return text

    def _mark(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        self._workspace.message_of(channel, arguments.get("ts"), "invalid_timestamp")
        return {}

    def _tell(self, kind: str, channel: Channel, **more: Any) -> None:
        """Public channels' events name the channel, the renaming's with its new name."""
        with_name = kind in ("channel_rename", "channel_created")
        shown = {"id": channel.id, "name": channel.name, "created": 0} if with_name else channel.id
        self._workspace.on_event({"type": kind, "channel": shown, "user": BOT_USER, **more})


def _kind(channel: Channel) -> str:
    if channel.is_direct:
        return "im" if len(channel.members) == 2 else "mpim"
    return "private_channel" if channel.is_private else "public_channel"


def _is_in_channel(message: dict[str, Any]) -> bool:
    thread = message.get("thread_ts")
    return thread in (None, message["ts"]) or message.get("subtype") == "thread_broadcast"
