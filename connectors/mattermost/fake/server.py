"""The fake Mattermost's team, users, channels and messages, and the rules they keep.

From the server's source (`app/post.go`, `app/channel.go`) and https://developers.mattermost.com/api-documentation/:
archived channels keep their names and take no message, `pending_post_id` finds a repetition for 30 seconds, an edit
replaces all properties, and a lookup of one who is not in a private channel finds nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

MAX_RUNES = 16_383
MAX_PROPS = 8_000
PENDING_SECONDS = 30
LETTERS = "ybndrfg8ejkmcpqxot1uwisza345h769"


class Error(Exception):
    """Mattermost's AppError: its id and status."""

    def __init__(self, id: str, status: int) -> None:
        super().__init__(id)
        self.id, self.status = id, status


def forbidden() -> Error:
    """What is said of all that a role does not allow."""
    return Error("api.context.permissions.app_error", 403)


class TeamServer:
    """One team. `clock` is Unix seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._random = random.Random(7)
        self.users: dict[str, dict[str, Any]] = {}
        self.channels: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self._order: list[str] = []
        self._pending: dict[str, tuple[float, str]] = {}
        self.team = {
            "id": self.new_id(),
            "name": "engineering",
            "display_name": "Engineering",
            "delete_at": 0,
        }
        self.in_team: set[str] = set()

    def new_id(self) -> str:
        """26 letters and digits."""
        return "".join(self._random.choices(LETTERS, k=26))

    def now(self) -> int:
        """Unix milliseconds."""
        return int(self.clock() * 1000)

    def user(self, name: str, *, is_bot: bool = False) -> dict[str, Any]:
        """Somebody of the team."""
        made: dict[str, Any] = {
            "id": self.new_id(),
            "username": name,
            "is_bot": is_bot,
            "delete_at": 0,
            "roles": "system_user",
        }
        self.users[made["id"]] = made
        self.in_team.add(made["id"])
        return made

    def channel(self, channel_id: str) -> dict[str, Any]:
        """Raises `Error`."""
        if channel_id not in self.channels:
            raise Error("app.channel.get.existing.app_error", 404)
        return self.channels[channel_id]

    def create_channel(self, by: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `Error`, also for a name that an archived one has."""
        name = str(fields.get("name", ""))
        for known in self.channels.values():
            if known["name"] == name and known["team_id"] == fields.get("team_id"):
                kind = "previously" if known["delete_at"] else "exists"
                raise Error(f"store.sql_channel.save_channel.{kind}.app_error", 400)
        limits = {"name": 64, "display_name": 64, "purpose": 250, "header": 1024}
        for field, most in limits.items():
            if len(str(fields.get(field, ""))) > most:
                raise Error(f"model.channel.is_valid.{field}.app_error", 400)
        return self._add_channel(by, {**fields, "name": name})

    def direct(self, one: str, other: str) -> dict[str, Any]:
        """The channel of two people alone; the same for the same two. Raises `Error`."""
        if other not in self.users:
            raise Error("api.channel.create_direct_channel.invalid_user.app_error", 400)
        name = "__".join(sorted([one, other]))
        found = next((known for known in self.channels.values() if known["name"] == name), None)
        if found is None:
            found = self._add_channel(one, {"name": name, "type": "D", "team_id": ""})
            self.members[found["id"]].append(other)
        return found

    def join(self, by: str, channel_id: str, user_id: str) -> dict[str, Any]:
        """Somebody is put in, or comes by themselves into a public one. Raises `Error`."""
        channel = self.channel(channel_id)
        if channel["delete_at"]:
            raise Error("api.channel.add_user.to.channel.failed.deleted.app_error", 400)
        if user_id not in self.in_team:
            raise Error("api.channel.add_user_to_channel.deleted.app_error", 400)
        if by not in self.members[channel_id] and (channel["type"] != "O" or by != user_id):
            raise forbidden()
        if user_id not in self.members[channel_id]:
            self.members[channel_id].append(user_id)
            self.write(user_id, channel_id, "joined the channel.", kind="system_join_channel")
        return {"channel_id": channel_id, "user_id": user_id, "roles": "channel_user"}

    def create_post(self, by: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `Error`."""
        channel_id = str(fields.get("channel_id", ""))
        if channel_id not in self.channels or by not in self.members[channel_id]:
            raise forbidden()
        pending = str(fields.get("pending_post_id", ""))
        at, known = self._pending.get(pending, (0.0, ""))
        if pending and self.clock() - at < PENDING_SECONDS and known in self.posts:
            return {**self.posts[known], "pending_post_id": ""}
        if self.channels[channel_id]["delete_at"]:
            raise Error("api.post.create_post.can_not_post_to_deleted.error", 400)
        props = dict(fields.get("props") or {})
        self._judge(str(fields.get("message", "")), props)
        made = self.write(by, channel_id, str(fields.get("message", "")), props=props)
        if pending:
            self._pending[pending] = (self.clock(), made["id"])
        return {**made, "pending_post_id": pending}

    def patch_post(self, by: str, post_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Properties that are sent take the place of all there were. Raises `Error`."""
        post = self.posts.get(post_id)
        if post is None:
            raise forbidden()
        if post["delete_at"]:
            raise Error("api.post.update_post.permissions_details.app_error", 400)
        if post["user_id"] != by or by not in self.members[post["channel_id"]]:
            raise forbidden()
        if self.channels[post["channel_id"]]["delete_at"]:
            raise Error("api.post.patch_post.can_not_update_post_in_deleted.error", 400)
        props = fields.get("props", post["props"])
        self._judge(str(fields.get("message", post["message"])), props)
        post |= {"message": fields.get("message", post["message"]), "props": props, "edit_at": self.now()}
        return post

    def post(self, by: str, post_id: str) -> dict[str, Any]:
        """Raises `Error`, also for one that was deleted."""
        post = self.posts.get(post_id)
        if post is None or post["delete_at"]:
            raise Error("app.post.get.app_error", 404)
        if by not in self.members[post["channel_id"]]:
            raise forbidden()
        return post

    def history(self, by: str, channel_id: str) -> list[dict[str, Any]]:
        """The newest first. Raises `Error`."""
        if channel_id not in self.channels or by not in self.members[channel_id]:
            raise forbidden()
        found = [self.posts[one] for one in reversed(self._order)]
        return [one for one in found if one["channel_id"] == channel_id and not one["delete_at"]]

    def write(
        self,
        by: str,
        channel_id: str,
        message: str,
        *,
        kind: str = "",
        props: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """A message, whoever it is of."""
        made: dict[str, Any] = {
            "id": self.new_id(),
            "create_at": self.now(),
            "update_at": self.now(),
            "edit_at": 0,
            "delete_at": 0,
            "user_id": by,
            "channel_id": channel_id,
            "root_id": "",
            "message": message,
            "type": kind,
            "props": dict(props or {}),
        }
        self.posts[made["id"]] = made
        self._order.append(made["id"])
        return made

    def _add_channel(self, by: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        empty = {"display_name": "", "purpose": "", "header": "", "type": "O"}
        made: dict[str, Any] = {**empty, **fields, "id": self.new_id(), "creator_id": by, "delete_at": 0}
        self.channels[made["id"]] = made
        self.members[made["id"]] = [by]
        return made

    def _judge(self, message: str, props: Mapping[str, Any]) -> None:
        if len(message) > MAX_RUNES:
            raise Error("model.post.is_valid.message_length.app_error", 400)
        if not message and not props.get("attachments"):
            raise Error("api.context.invalid_body_param.app_error", 400)
        if len(str(props)) > MAX_PROPS:
            raise Error("model.post.is_valid.props.app_error", 400)
