"""The fake's `/sync`: what is new for a device since a token, at most so much a room, waiting for it if asked to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from connectors.kit.fakes.faults import ReplyDropped
from connectors.matrix.fake.homeserver import FakeDevice, FakeMatrixRoom, Homeserver
from connectors.matrix.fake.talk import chosen, position

DEFAULT_LIMIT = 10


class Syncing:
    """`filters` are those that were uploaded, by user and id."""

    def __init__(self, server: Homeserver) -> None:
        self._server = server
        self.filters: dict[tuple[str, str], dict[str, Any]] = {}

    async def sync(self, device: FakeDevice, query: Mapping[str, str]) -> dict[str, Any]:
        """News, or nothing after `timeout` milliseconds. Raises `ReplyDropped` for who is cut off meanwhile."""
        since = position(query["since"]) if "since" in query else None
        if since is not None and since > len(self._server.stream):
            # A place from before a backup was restored is taken, and where one stands is told.
            return {"next_batch": f"s{len(self._server.stream)}", "rooms": {}}
        rules = self._rules(device, query.get("filter"))
        end = time.monotonic() + int(query.get("timeout", "0")) / 1000
        while True:
            cuts = self._server.cuts
            rooms = self._news(device, since, rules)
            left = end - time.monotonic()
            if since is None or any(rooms.values()) or left <= 0:
                return {"next_batch": f"s{len(self._server.stream)}", "rooms": rooms}
            await self._server.wait(left)
            if self._server.cuts != cuts:
                raise ReplyDropped("cut off on purpose")

    def upload(self, device: FakeDevice, rules: dict[str, Any]) -> dict[str, Any]:
        """Keep a filter for later."""
        id_ = str(self._server.next_number())
        self.filters[device.user_id, id_] = rules
        return {"filter_id": id_}

    def _rules(self, device: FakeDevice, wanted: str | None) -> dict[str, Any]:
        if not wanted:
            return {}
        if not wanted.startswith("{"):
            return self.filters.get((device.user_id, wanted), {})
        rules: dict[str, Any] = json.loads(wanted)
        return rules

    def _news(
        self, device: FakeDevice, since: int | None, rules: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        news: dict[str, dict[str, Any]] = {"join": {}, "invite": {}, "leave": {}}
        for room in self._server.rooms.values():
            mine = room.state.get(("m.room.member", device.user_id))
            if mine is None:
                continue
            is_new = since is None or mine.position > since
            membership = mine.content.get("membership")
            if membership == "join":
                told = self._joined(room, device, since, rules)
                if told["timeline"]["events"] or since is None:
                    news["join"][room.id] = told
            elif membership == "invite" and is_new:
                stripped = [self._server.shown(one, device) for one in room.state.values()]
                news["invite"][room.id] = {"invite_state": {"events": stripped}}
            elif membership in ("leave", "ban") and is_new and since is not None:
                gone = {"events": [self._server.shown(mine, device)], "limited": False, "prev_batch": "t0"}
                news["leave"][room.id] = {"timeline": gone, "state": {"events": []}}
        return news

    def _joined(
        self, room: FakeMatrixRoom, device: FakeDevice, since: int | None, rules: Mapping[str, Any]
    ) -> dict[str, Any]:
        timeline = rules.get("room", {}).get("timeline", {})
        picks, limit = chosen(timeline), int(timeline.get("limit", DEFAULT_LIMIT))
        joined = room.state["m.room.member", device.user_id].position
        # Who has just come in is told what was said before as well.
        after = 0 if since is None or joined > since else since
        found = [one for one in room.events if one.position > after and picks(one)]
        shown = found[-limit:] if limit else []
        first = shown[0].position - 1 if shown else len(self._server.stream)
        state = chosen(rules.get("room", {}).get("state", {}))
        return {
            "timeline": {
                "events": [self._server.shown(one, device) for one in shown],
                "limited": len(found) > len(shown) or after != since,
                "prev_batch": f"t{first}",
            },
            "state": {
                "events": [
                    self._server.shown(one, device)
                    for one in room.state.values()
                    if (since is None or one.position > since) and state(one)
                ]
            },
            "ephemeral": {"events": []},
            "account_data": {"events": []},
            "summary": {},
            "unread_notifications": {},
        }
