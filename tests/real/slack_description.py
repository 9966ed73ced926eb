"""Slack's own description of its Web API (2021, no longer updated), made to judge calls with JSON bodies.

The description lists every method's arguments as form fields and has the token as one of them; Slack takes a
JSON body and a bearer token as well (https://docs.slack.dev/apis/web-api/#basics), and that is what we send.
So the fields become one JSON object that may have no others, the token the `Authorization` header, and what
forms carry as JSON text becomes JSON. Names, types and what is required stay Slack's.
"""

from __future__ import annotations

import copy
from typing import Any

METHODS = (
    "auth.test",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.create",
    "conversations.history",
    "conversations.info",
    "conversations.invite",
    "conversations.join",
    "conversations.list",
    "conversations.members",
    "conversations.setPurpose",
    "conversations.setTopic",
    "usergroups.users.list",
)
"""Every method the connector calls."""

AS_JSON: dict[tuple[str, str], dict[str, Any]] = {
    ("chat.postMessage", "blocks"): {"$ref": "#/definitions/blocks"},
    ("chat.postEphemeral", "blocks"): {"$ref": "#/definitions/blocks"},
    ("chat.update", "blocks"): {"$ref": "#/definitions/blocks"},
    # Named a string in 2021; https://docs.slack.dev/reference/methods/chat.update has it as a boolean.
    ("chat.update", "link_names"): {"type": "boolean"},
}
"""Arguments that are JSON text in a form."""

NEWER: dict[str, dict[str, Any]] = {
    # https://docs.slack.dev/messaging/message-metadata, since 2022
    "chat.postMessage": {
        "metadata": {
            "type": "object",
            "required": ["event_type", "event_payload"],
            "properties": {"event_type": {"type": "string"}, "event_payload": {"type": "object"}},
            "additionalProperties": False,
        }
    }
}
"""Arguments younger than the description."""


def for_json_bodies(description: dict[str, Any]) -> dict[str, Any]:
    """The same API for callers that send JSON and a bearer token: our methods only, under their full paths."""
    paths = {f"/api/{method}": _path(method, description["paths"][f"/{method}"]) for method in METHODS}
    return {**description, "basePath": "/", "paths": paths}


def _path(method: str, operations: dict[str, Any]) -> dict[str, Any]:
    return {verb: _operation(method, operation) for verb, operation in operations.items()}


def _operation(method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [item for item in operation["parameters"] if item["name"] != "token"]
    fields = [item for item in parameters if item["in"] == "formData"]
    changed = copy.deepcopy(operation)
    changed["parameters"] = [item for item in parameters if item["in"] != "formData"]
    # An answer of ours to what was well asked; what Slack answers is the fake's business.
    changed["responses"] = {"200": {"description": "well asked", "examples": {"application/json": {}}}}
    if fields:
        changed["consumes"] = ["application/json"]
        changed["parameters"].append(
            {"in": "body", "name": "body", "required": True, "schema": _object(method, fields)}
        )
    return changed


def _object(method: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    properties = {
        field["name"]: AS_JSON.get((method, field["name"]), {"type": field["type"]}) for field in fields
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field["name"] for field in fields if field.get("required")],
        "properties": properties | NEWER.get(method, {}),
    }
