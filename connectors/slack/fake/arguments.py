"""How the fake Slack reads a call: arguments from the address, a form or a JSON body.

In forms, lists and objects are JSON text, and switches are `1`, `true`, `0` or `false`.
https://docs.slack.dev/apis/web-api/#basics
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

_FORM = "application/x-www-form-urlencoded"
# What is JSON text in a form, and Slack's word for text that is none.
_JSON_TEXT = {
    "blocks": "invalid_blocks_format",
    "attachments": "invalid_attachments",
    "metadata": "invalid_metadata_format",
    "view": "invalid_arguments",
    "files": "invalid_arguments",
    "unfurls": "cannot_parse_attachment",
    "profile": "invalid_profile",
}
_SHAPES: dict[str, type] = {
    "blocks": list,
    "attachments": list,
    "metadata": dict,
    "view": dict,
    "files": list,
}


class No(Exception):
    """Slack's `"ok": false`, with the word for it."""


async def read_arguments(request: Request) -> dict[str, Any]:
    """The arguments by name, whichever way they came. Raises `No`."""
    arguments: dict[str, Any] = dict(request.query_params)
    raw = await request.body()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if raw and content_type == "application/json":
        try:
            body = json.loads(raw)
        except ValueError:
            raise No("invalid_json") from None
        if not isinstance(body, dict):
            raise No("json_not_object")
        arguments |= body
    elif raw and content_type in (_FORM, ""):
        arguments |= dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))
    elif raw:
        raise No("invalid_post_type")
    return {name: _value(name, value) for name, value in arguments.items()}


def is_yes(value: Any) -> bool:
    """Whether a switch is on, however it was written."""
    return value in (True, 1, "1", "true", "True")


def whole(value: Any, default: int) -> int:
    """A number however it was written. Raises `No` for what is none."""
    try:
        return int(value) if value not in (None, "") else default
    except (TypeError, ValueError):
        raise No("invalid_arguments") from None


def needed(arguments: dict[str, Any], name: str, otherwise: str = "invalid_arguments") -> str:
    """A text that the call cannot do without. Raises `No` with the word for its absence."""
    value = str(arguments.get(name) or "")
    if not value:
        raise No(otherwise)
    return value


def _value(name: str, value: Any) -> Any:
    if name in _JSON_TEXT and isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            raise No(_JSON_TEXT[name]) from None
    if name in _SHAPES and value not in (None, "") and not isinstance(value, _SHAPES[name]):
        raise No(_JSON_TEXT[name])
    return value
