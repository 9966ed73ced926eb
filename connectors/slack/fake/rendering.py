"""What people in a channel would see and be called by: Slack's reading of a message, for the fake.

https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_CALLS = re.compile(r"<(![a-z]+(?:\^[^>|]*)?|@[UW][A-Z0-9]+)(?:\|[^>]*)?>")
_LINKS = re.compile(r"<((?:https?|mailto|tel):[^>|]*)(?:\|[^>]*)?>")
_NAMES = re.compile(r"@(?:here|channel|everyone)\b")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}

MAX_BLOCKS = 50
MAX_ALL_BLOCKS = 13_000


def shown(message: dict[str, Any]) -> str:
    """The text people read: the blocks', or the fallback where there are none."""
    blocks = message.get("blocks") or []
    sections = [
        block["text"] for block in blocks if block["type"] in ("section", "header") and "text" in block
    ]
    if sections:
        return "".join(_text(part) for part in sections)
    return _unescaped(str(message.get("text", "")))


def notified(message: dict[str, Any]) -> str:
    """The text a phone shows: always the fallback."""
    return _unescaped(str(message.get("text", "")))


def calls(message: dict[str, Any]) -> list[str]:
    """Everybody the message calls: `!channel`, `@U123`, `!subteam^S1`, or `@here` where names are linked."""
    found = [call for text in _parsed(message) for call in _CALLS.findall(text)]
    if message.get("parse") == "full" or message.get("link_names"):
        found += [name for text in _parsed(message) for name in _NAMES.findall(text)]
    return found


def links(message: dict[str, Any]) -> list[str]:
    """Every link somebody could click in the text (buttons are not text)."""
    return [link for text in _parsed(message) for link in _LINKS.findall(text)]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The buttons below a message, in order."""
    rows = [block["elements"] for block in message.get("blocks") or [] if block["type"] == "actions"]
    return [button for row in rows for button in row]


def fault(blocks: Any) -> str | None:
    """Slack's word for what is wrong with the blocks, if anything."""
    if not isinstance(blocks, list) or len(blocks) > MAX_BLOCKS:
        return "invalid_blocks"
    if not all(_is_sound(block) for block in blocks):
        return "invalid_blocks"
    if sum(_units(shown({"blocks": [block]})) for block in blocks) > MAX_ALL_BLOCKS:
        return "msg_blocks_too_long"
    return None


def _is_sound(block: Any) -> bool:
    """Whether Slack would take it. Types without rules here are taken as they are, unknown ones are not.

    https://docs.slack.dev/reference/block-kit/blocks
    """
    try:
        return _RULES[block["type"]](block)
    except (KeyError, TypeError, AttributeError):
        return False


def _is_section(block: dict[str, Any]) -> bool:
    parts = [*([block["text"]] if "text" in block else []), *block.get("fields", [])]
    sizes = [3000 if part is block.get("text") else 2000 for part in parts]
    return bool(parts) and all(
        1 <= _units(part["text"]) <= size for part, size in zip(parts, sizes, strict=True)
    )


def _is_row(block: dict[str, Any]) -> bool:
    elements = block["elements"]
    ids = [element["action_id"] for element in elements if "action_id" in element]
    buttons_of_it = [element for element in elements if element["type"] == "button"]
    return 1 <= len(elements) <= 25 and len(set(ids)) == len(ids) and all(map(_is_button, buttons_of_it))


def _is_header(block: dict[str, Any]) -> bool:
    return block["text"]["type"] == "plain_text" and 1 <= _units(block["text"]["text"]) <= 150


def _is_context(block: dict[str, Any]) -> bool:
    return 1 <= len(block["elements"]) <= 10


def _is_image(block: dict[str, Any]) -> bool:
    return bool(block["alt_text"]) and bool(block.get("image_url") or block.get("slack_file"))


def _is_input(block: dict[str, Any]) -> bool:
    return block["label"]["type"] == "plain_text" and bool(block["element"]["type"])


def _is_anything(block: dict[str, Any]) -> bool:
    return True


_RULES = {
    "section": _is_section,
    "actions": _is_row,
    "header": _is_header,
    "context": _is_context,
    "image": _is_image,
    "input": _is_input,
    **dict.fromkeys(("divider", "rich_text", "video", "file", "markdown", "table"), _is_anything),
}


def _is_button(element: dict[str, Any]) -> bool:
    label, url = element["text"], element.get("url")
    return (
        label["type"] == "plain_text"
        and 1 <= _units(label["text"]) <= 75
        and len(element.get("action_id", "")) <= 255
        and len(element.get("value", "")) <= 2000
        and (url is None or (url.startswith(("http://", "https://")) and len(url) <= 3000))
    )


def _parsed(message: dict[str, Any]) -> Iterator[str]:
    """The texts Slack parses: the fallback and every mrkdwn object, never a plain_text one."""
    yield str(message.get("text", ""))
    for block in message.get("blocks") or []:
        text = block.get("text")
        if isinstance(text, dict) and text["type"] == "mrkdwn":
            yield text["text"]


def _text(part: dict[str, Any]) -> str:
    return str(part["text"]) if part["type"] == "plain_text" else _unescaped(part["text"])


def _unescaped(text: str) -> str:
    return re.sub("&(?:lt|gt|amp);", lambda match: _ENTITIES[match[0]], text)


def _units(text: str) -> int:
    """JavaScript's length."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
