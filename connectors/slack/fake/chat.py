"""The fake Slack's `chat.*`: posting, editing, deleting, and posting later.

https://docs.slack.dev/reference/methods/chat.postMessage and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.slack.fake import rendering
from connectors.slack.fake.arguments import No, is_yes, needed, whole
from connectors.slack.fake.workspace import BOT, BOT_USER, Channel, Method, Workspace, page

KEPT = (
    "text",
    "blocks",
    "parse",
    "link_names",
    "mrkdwn",
    "attachments",
    "username",
    "icon_emoji",
    "icon_url",
)
LONGEST = 40_000
MOST_DAYS = 120


class Chat:
    """Upon one workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.ephemeral: list[dict[str, Any]] = []
        self._scheduled: list[dict[str, Any]] = []

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "chat.postMessage": self._post,
            "chat.meMessage": self._me_message,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "chat.scheduleMessage": self._schedule,
            "chat.scheduledMessages.list": self._list_scheduled,
            "chat.deleteScheduledMessage": self._delete_scheduled,
            "chat.unfurl": self._unfurl,
        }

    def post_as_webhook(self, channel: Channel, arguments: dict[str, Any]) -> None:
        """What an incoming webhook posts. Raises `No`."""
        self._workspace.add_message(channel, BOT_USER, {"bot_id": BOT, **_content(arguments)})

    def _post(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """No idempotency whatsoever, as at Slack: two calls are two messages."""
        channel = self._workspace.joined(arguments)
        fields = _content(arguments)
        if metadata := arguments.get("metadata"):
            fields["metadata"] = metadata
        if thread := arguments.get("thread_ts"):
            first = self._workspace.message_of(channel, str(thread), "thread_not_found")
            fields["thread_ts"] = first["thread_ts"] = first.get("thread_ts", first["ts"])
            first["reply_count"] = first.get("reply_count", 0) + 1
            if is_yes(arguments.get("reply_broadcast")):
                fields["subtype"] = "thread_broadcast"
        message = self._workspace.add_message(channel, BOT_USER, {"bot_id": BOT, **fields})
        return {"channel": channel.id, "ts": message["ts"], "message": message}

    def _me_message(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        fields = {"subtype": "me_message", "text": needed(arguments, "text", "no_text")}
        message = self._workspace.add_message(channel, BOT_USER, fields)
        return {"channel": channel.id, "ts": message["ts"]}

    def _post_ephemeral(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Seen by one person, and in no history."""
        channel, user = self._workspace.joined(arguments), needed(arguments, "user")
        if user not in channel.members:
            raise No("user_not_in_channel")
        ts = f"{int(self._workspace.now())}.{self._workspace.next_number():06d}"
        self.ephemeral.append({"channel": channel.id, "user": user, "ts": ts, **_content(arguments)})
        return {"message_ts": ts}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Metadata left out is kept; blocks left out are gone."""
        channel, message = self._own(arguments, "cant_update_message")
        content = _content(arguments)
        message.pop("blocks", None)
        message.update(content, edited={"user": BOT_USER, "ts": message["ts"]})
        if metadata := arguments.get("metadata"):
            message["metadata"] = metadata
        return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": message}

    def _delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel, message = self._own(arguments, "cant_delete_message")
        channel.messages.remove(message)
        return {"channel": channel.id, "ts": message["ts"]}

    def _own(self, arguments: dict[str, Any], otherwise: str) -> tuple[Channel, dict[str, Any]]:
        channel = self._workspace.joined(arguments)
        message = self._workspace.message_of(channel, arguments.get("ts"))
        if message["user"] != BOT_USER:
            raise No(otherwise)
        return channel, message

    def _permalink(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.channel_of(arguments)
        message = self._workspace.message_of(channel, arguments.get("message_ts"))
        number = message["ts"].replace(".", "")
        return {"channel": channel.id, "permalink": f"{self._workspace.url}archives/{channel.id}/p{number}"}

    def _schedule(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Kept; the fake posts nothing by itself."""
        channel, at, now = (
            self._workspace.joined(arguments),
            whole(arguments.get("post_at"), 0),
            self._workspace.now(),
        )
        if at <= now:
            raise No("time_in_past")
        if at > now + MOST_DAYS * 86_400:
            raise No("time_too_far")
        fields = _content(arguments)
        waiting = {"id": f"Q0{self._workspace.next_number():06d}", "channel_id": channel.id, "post_at": at}
        self._scheduled.append(waiting | {"date_created": int(now), "text": fields.get("text", "")})
        message = {"type": "delayed_message", "user": BOT_USER, "bot_id": BOT, **fields}
        return {
            "channel": channel.id,
            "scheduled_message_id": waiting["id"],
            "post_at": at,
            "message": message,
        }

    def _list_scheduled(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = arguments.get("channel")
        found = [one for one in self._scheduled if channel in (None, "", one["channel_id"])]
        return page(arguments, "scheduled_messages", found, most=100)

    def _delete_scheduled(self, arguments: dict[str, Any]) -> dict[str, Any]:
        for waiting in self._scheduled:
            if waiting["id"] == arguments.get("scheduled_message_id"):
                self._scheduled.remove(waiting)
                return {}
        raise No("invalid_scheduled_message_id")

    def _unfurl(self, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = self._workspace.joined(arguments)
        message = self._workspace.message_of(channel, arguments.get("ts"), "cannot_unfurl_message")
        unfurls = arguments.get("unfurls")
        if not isinstance(unfurls, dict):
            raise No("missing_unfurls")
        message["attachments"] = [{"from_url": url, **unfurl} for url, unfurl in unfurls.items()]
        return {}


def _content(arguments: dict[str, Any]) -> dict[str, Any]:
    fields = {key: arguments[key] for key in KEPT if key in arguments}
    fields.setdefault("text", "")
    if not fields["text"] and not fields.get("blocks") and not fields.get("attachments"):
        raise No("no_text")
    if len(fields["text"]) > LONGEST:
        raise No("msg_too_long")
    wrong = rendering.fault(fields.get("blocks") or [])
    if wrong:
        raise No(wrong)
    return fields
