"""The fake Slack's modals and home tabs: opened, changed, and submitted by whoever looks at them.

A trigger id of Slack's form is taken once: the three seconds that Slack allows are not counted.
https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.slack.fake import rendering
from connectors.slack.fake.arguments import No, needed
from connectors.slack.fake.people import APP
from connectors.slack.fake.workspace import BOT, TEAM, Method, Workspace

_TRIGGER = re.compile(r"[0-9]+\.[0-9]+\.[0-9a-f]+", re.ASCII)
MOST_BLOCKS = 100
DEEPEST = 3


class Views:
    """Upon one workspace: every view that was opened, by its id."""

    def __init__(self, workspace: Workspace) -> None:
        self.opened: dict[str, dict[str, Any]] = {}
        self._workspace = workspace
        self._used: set[str] = set()

    def methods(self) -> Mapping[str, Method]:
        """By their names in the Web API."""
        return {
            "views.open": self._open,
            "views.push": self._push,
            "views.update": self._update,
            "views.publish": self._publish,
        }

    def _open(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._exchange(arguments)
        return {"view": self._show(arguments, "modal", previous=None)}

    def _push(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """On top of the modal that was opened last, three deep at most."""
        self._exchange(arguments)
        modals = [view for view in self.opened.values() if view["type"] == "modal"]
        if not modals:
            raise No("not_found")
        if modals[-1]["depth"] >= DEEPEST:
            raise No("push_limit_reached")
        return {"view": self._show(arguments, "modal", previous=modals[-1])}

    def _update(self, arguments: dict[str, Any]) -> dict[str, Any]:
        known = self._known(arguments)
        if arguments.get("hash") not in (None, "", known["hash"]):
            raise No("hash_conflict")
        known.update(self._judged(arguments, known["type"]), hash=self._hash())
        return {"view": known}

    def _publish(self, arguments: dict[str, Any]) -> dict[str, Any]:
        user = needed(arguments, "user_id")
        if user not in self._workspace.people:
            raise No("user_not_found")
        return {"view": self._show(arguments, "home", previous=None)}

    def _exchange(self, arguments: dict[str, Any]) -> None:
        trigger = str(arguments.get("trigger_id") or "")
        if _TRIGGER.fullmatch(trigger) is None:
            raise No("invalid_trigger_id")
        if trigger in self._used:
            raise No("exchanged_trigger_id")
        self._used.add(trigger)

    def _show(
        self, arguments: dict[str, Any], kind: str, *, previous: dict[str, Any] | None
    ) -> dict[str, Any]:
        given = self._judged(arguments, kind)
        view_id = f"V0{self._workspace.next_number():06d}"
        own: dict[str, Any] = {
            "id": view_id,
            "team_id": TEAM,
            "app_id": APP,
            "bot_id": BOT,
            "hash": self._hash(),
            "root_view_id": view_id if previous is None else previous["root_view_id"],
            "previous_view_id": None if previous is None else previous["id"],
            "depth": 1 if previous is None else previous["depth"] + 1,
            "state": {"values": {}},
            "callback_id": "",
            "private_metadata": "",
            "external_id": "",
        }
        self.opened[view_id] = own | given
        return self.opened[view_id]

    def _judged(self, arguments: dict[str, Any], kind: str) -> dict[str, Any]:
        view = arguments.get("view")
        if not isinstance(view, dict) or view.get("type") != kind or not isinstance(view.get("blocks"), list):
            raise No("invalid_arguments")
        if kind == "modal" and not (view.get("title") or {}).get("text"):
            raise No("invalid_arguments")
        blocks = view["blocks"]
        if len(blocks) > MOST_BLOCKS or any(rendering.fault([block]) for block in blocks):
            raise No("invalid_arguments")
        return view

    def _known(self, arguments: dict[str, Any]) -> dict[str, Any]:
        by_external = arguments.get("external_id")
        for view in self.opened.values():
            if view["id"] == arguments.get("view_id") or (by_external and view["external_id"] == by_external):
                return view
        raise No("not_found")

    def _hash(self) -> str:
        return f"{int(self._workspace.now())}.{self._workspace.next_number():06d}"
