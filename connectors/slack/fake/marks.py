"""What people and apps put to messages and channels in the fake Slack: reactions, pins, bookmarks.

https://docs.slack.dev/reference/methods/reactions.add, `.../pins.add`, `.../bookmarks.add`
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.slack.fake.arguments import No, needed
from connectors.slack.fake.workspace import BOT_USER, Channel, Method, Workspace, page

MOST_BOOKMARKS = 100


class Marks:
    """Upon one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "reactions.add": self._react,
            "reactions.get": self._reactions,
            "reactions.list": self._all_reactions,
            "reactions.remove": self._unreact,
            "pins.add": self._pin,
            "pins.list": self._pins,
            "pins.remove": self._unpin,
            "bookmarks.add": self._add_bookmark,
            "bookmarks.list": self._bookmarks,
            "bookmarks.edit": self._edit_bookmark,
            "bookmarks.remove": self._remove_bookmark,
        }

    def _message(self, arguments: dict[str, Any]) -> tuple[Channel, dict[str, Any]]:
        channel = self._workspace.joined(arguments)
        ts = needed(arguments, "timestamp", "no_item_specified")
        return channel, self._workspace.message_of(channel, ts)

    def _react(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._message(arguments)
        name = needed(arguments, "name", "invalid_name").strip(":")
        reactions = message.setdefault("reactions", [])
        known = next((one for one in reactions if one["name"] == name), None)
        if known is None:
            reactions.append({"name": name, "users": [BOT_USER], "count": 1})
        elif BOT_USER in known["users"]:
            raise No("already_reacted")
        else:
            known["users"].append(BOT_USER)
            known["count"] += 1
        self._tell("reaction_added", channel, message, name)
        return {}

    def _unreact(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._message(arguments)
        name = needed(arguments, "name", "invalid_name").strip(":")
        for known in message.get("reactions", []):
            if known["name"] == name and BOT_USER in known["users"]:
                known["users"].remove(BOT_USER)
                known["count"] -= 1
                message["reactions"] = [one for one in message["reactions"] if one["count"]]
                self._tell("reaction_removed", channel, message, name)
                return {}
        raise No("no_reaction")

    def _reactions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._message(arguments)
        return {"type": "message", "channel": channel.id, "message": message}

    def _all_reactions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = str(arguments.get("user") or BOT_USER)
        found = [
            {"type": "message", "channel": channel.id, "message": message}
            for channel in self._workspace.channels.values()
            for message in channel.messages
            if any(user in one["users"] for one in message.get("reactions", []))
        ]
        return page(arguments, "items", found, most=1000)

    def _tell(self, kind: str, channel: Channel, message: dict[str, Any], name: str) -> None:
        item = {"type": "message", "channel": channel.id, "ts": message["ts"]}
        self._workspace.on_event({"type": kind, "user": BOT_USER, "reaction": name, "item": item})

    def _pin(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._message(arguments)
        if message["ts"] in channel.pins:
            raise No("already_pinned")
        channel.pins.append(message["ts"])
        return {}

    def _pins(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        pinned = [message for message in channel.messages if message["ts"] in channel.pins]
        return {"items": [{"type": "message", "channel": channel.id, "message": one} for one in pinned]}

    def _unpin(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._message(arguments)
        if message["ts"] not in channel.pins:
            raise No("no_pin")
        channel.pins.remove(message["ts"])
        return {}

    def _add_bookmark(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments, "channel_id")
        if len(channel.bookmarks) >= MOST_BOOKMARKS:
            raise No("too_many_bookmarks")
        bookmark = {
            "id": f"Bk0{self._workspace.next_number():06d}",
            "channel_id": channel.id,
            "title": needed(arguments, "title"),
            "type": needed(arguments, "type", "invalid_bookmark_type"),
            "link": needed(arguments, "link", "invalid_link"),
            "emoji": arguments.get("emoji"),
        }
        channel.bookmarks.append(bookmark)
        return {"bookmark": bookmark}

    def _bookmarks(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"bookmarks": self._workspace.joined(arguments, "channel_id").bookmarks}

    def _edit_bookmark(self, arguments: dict[str, Any]) -> dict[str, Any]:
        bookmark = self._bookmark(arguments)
        bookmark.update({key: arguments[key] for key in ("title", "link", "emoji") if arguments.get(key)})
        return {"bookmark": bookmark}

    def _remove_bookmark(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._workspace.joined(arguments, "channel_id").bookmarks.remove(self._bookmark(arguments))
        return {}

    def _bookmark(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments, "channel_id")
        for bookmark in channel.bookmarks:
            if bookmark["id"] == arguments.get("bookmark_id"):
                return bookmark
        raise No("bookmark_not_found" if arguments.get("bookmark_id") else "invalid_bookmark_id")
