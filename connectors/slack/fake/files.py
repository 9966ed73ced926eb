"""The fake Slack's files: uploaded in three steps, shared into channels, deleted.

https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors.slack.fake.arguments import No, needed, whole
from connectors.slack.fake.workspace import BOT, BOT_USER, Method, Workspace


class Files:
    """Upon one workspace. `address` is where the fake is, for the addresses that it hands out."""

    def __init__(self, workspace: Workspace) -> None:
        self.address = "https://files.slack.com"
        self.contents: dict[str, bytes] = {}
        self._workspace = workspace
        self._known: dict[str, dict[str, Any]] = {}

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "files.getUploadURLExternal": self._begin,
            "files.completeUploadExternal": self._complete,
            "files.info": self._info,
            "files.list": self._list,
            "files.delete": self._delete,
        }

    def take(self, file_id: str, content: bytes) -> bool:
        """The bytes of an upload that was begun; whether it was."""
        if file_id not in self._known or file_id in self.contents:
            return False
        self.contents[file_id] = content
        return True

    def _begin(self, arguments: dict[str, Any]) -> dict[str, Any]:
        name, length = needed(arguments, "filename"), whole(arguments.get("length"), 0)
        if length <= 0:
            raise No("invalid_arguments")
        file_id = f"F0{self._workspace.next_number():06d}"
        self._known[file_id] = {
            "id": file_id,
            "created": int(self._workspace.now()),
            "name": name,
            "title": name,
            "user": BOT_USER,
            "size": length,
            "mode": "hosted",
            "url_private": f"{self._workspace.url}files/{file_id}/{name}",
            "channels": [],
        }
        return {"upload_url": f"{self.address}/upload/v1/{file_id}", "file_id": file_id}

    def _complete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        wanted = arguments.get("files") or []
        if not wanted or not all(isinstance(one, dict) and one.get("id") in self.contents for one in wanted):
            raise No("file_not_found")
        files = [self._known[one["id"]] for one in wanted]
        for one, file in zip(wanted, files, strict=True):
            file["title"] = one.get("title") or file["name"]
        channels = _listed(arguments.get("channels")) or _listed(arguments.get("channel_id"))
        for wanted_channel in channels:
            channel = self._workspace.joined({"channel": wanted_channel})
            fields: dict[str, Any] = {"text": str(arguments.get("initial_comment") or ""), "files": files}
            if arguments.get("thread_ts"):
                fields["thread_ts"] = str(arguments["thread_ts"])
            self._workspace.add_message(channel, BOT_USER, {"bot_id": BOT, **fields})
            for file in files:
                file["channels"].append(channel.id)
        return {"files": files}

    def _info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"file": self._file(arguments), "comments": [], "response_metadata": {"next_cursor": ""}}

    def _list(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Pages by number, as this one still has them."""
        channel = arguments.get("channel")
        found = [file for file in self._known.values() if channel in (None, "", *file["channels"])]
        count, number = whole(arguments.get("count"), 100), whole(arguments.get("page"), 1)
        pages = -(-len(found) // count)
        paging = {"count": count, "total": len(found), "page": number, "pages": pages}
        return {"files": found[(number - 1) * count : number * count], "paging": paging}

    def _delete(self, arguments: dict[str, Any]) -> dict[str, Any]:
        file = self._file(arguments)
        del self._known[file["id"]]
        self.contents.pop(file["id"], None)
        return {}

    def _file(self, arguments: dict[str, Any]) -> dict[str, Any]:
        file = self._known.get(needed(arguments, "file", "file_not_found"))
        if file is None:
            raise No("file_not_found")
        return file


def _listed(value: Any) -> list[str]:
    """A list of ids, as JSON or with commas."""
    if isinstance(value, str) and value.startswith("["):
        value = json.loads(value)
    return (
        [str(one) for one in value]
        if isinstance(value, list)
        else [one for one in str(value or "").split(",") if one]
    )
