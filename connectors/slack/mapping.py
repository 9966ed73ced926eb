"""Our messages as Slack's: whatever a text says, in Slack it is only ever text.

A mention or a link needs `<...>` in a text Slack parses. So no text goes where Slack parses: blocks hold
`plain_text` only, and the one field that is parsed, the fallback `text`, has `& < >` escaped, with parsing,
name linking and unfurling off besides. Lengths are counted in UTF-16 units, the strictest way to count.

https://docs.slack.dev/messaging/formatting-message-text#escaping
https://docs.slack.dev/reference/block-kit/composition-objects/text-object
https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from connectors.kit.fields import record, text
from connectors.kit.links import is_link
from incidents.models import Button, ChatMessage, Link, Room
from incidents.texts.plain_text import printable

EVENT_TYPE = "liaison"
ACTION_PREFIX = "liaison"
LINK_VERB = "open"

MAX_SECTION = 3000
# Slack refuses all blocks of a message together somewhere above 13,000 characters (msg_blocks_too_long,
# slackapi/bolt-js issue 2509), whatever the documented limits of each.
MAX_SECTIONS = 3
MAX_FALLBACK = 3000
MAX_LABEL = 75
MAX_VALUE = 2000  # https://docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_URL = 3000
MAX_ROW = 25
MAX_BUTTONS = 100
MAX_NAME = 80
CUT = " … (cut)"
NOTHING = "(no text)"

_NOT_IN_NAMES = re.compile("[^a-z0-9_]+")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def message_fields(message: ChatMessage) -> dict[str, Any]:
    """`text` and `blocks` with every switch that keeps text text: for chat.postMessage and chat.update."""
    buttons = [_button(button, n) for n, button in enumerate(message.buttons)]
    # Slack refuses the whole message for one bad URL of a button.
    links = [link for link in message.links if is_link(link.url, at_most=MAX_URL)]
    buttons += [_link_button(link, n) for n, link in enumerate(links)]
    text = printable(_with_bare_links(message, links))
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _plain(part)} for part in sections(text)]
    blocks += [{"type": "actions", "elements": row} for row in _rows(buttons[:MAX_BUTTONS])]
    return {
        "text": escape(text, MAX_FALLBACK),
        "blocks": blocks,
        "parse": "none",
        "link_names": False,
    }


def post_fields(room_id: str, message: ChatMessage, *, once: str) -> dict[str, Any]:
    """The body of chat.postMessage. `once` travels as metadata, which the room does not show."""
    return {
        "channel": room_id,
        **message_fields(message),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": {"once": once}},
    }


def ephemeral_fields(room_id: str, user_id: str, message: ChatMessage) -> dict[str, Any]:
    """The body of chat.postEphemeral, which has no `mrkdwn` to switch off: what is shown are the blocks.

    https://docs.slack.dev/reference/methods/chat.postEphemeral
    """
    return {"channel": room_id, "user": user_id, **message_fields(message)}


def update_fields(room_id: str, message_id: str, message: ChatMessage) -> dict[str, Any]:
    """The body of chat.update. Metadata left out is metadata kept, and with it the post's own `once`.

    https://docs.slack.dev/reference/methods/chat.update
    """
    return {"channel": room_id, "ts": message_id, **message_fields(message)}


def once_of(message: Any) -> str | None:
    """The key a message was posted with, from conversations.history; None for everybody else's messages."""
    metadata = record(record(message).get("metadata"))
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return text(record(metadata.get("event_payload")).get("once")) or None


def channel_name(name: str) -> str:
    """A name Slack takes: lowercase letters, digits, - and _, at most 80.

    https://docs.slack.dev/reference/methods/conversations.create#naming
    """
    return _NOT_IN_NAMES.sub("-", name.lower()).strip("-_")[:MAX_NAME].rstrip("-_") or "incident"


def room(channel: Any, *, team_url: str) -> Room:
    """A channel as Slack describes it. `team_url` is auth.test's `url`, with its closing slash."""
    id_ = str(channel["id"])
    return Room(id=id_, name=str(channel.get("name") or id_), url=f"{team_url}archives/{id_}")


def escape(text: str, limit: int) -> str:
    """The text with `& < >` escaped, cut so that the escaped form fits and no entity is cut in two."""
    escaped = [_ESCAPES.get(character, character) for character in text]
    if _units("".join(escaped)) <= limit:
        return "".join(escaped)
    return "".join(_fitting(escaped, limit - len(CUT))) + CUT


def sections(text: str) -> Sequence[str]:
    """The text in pieces that each fit a section; put together they are the text, or its beginning."""
    rest = text.rstrip() if text.strip() else NOTHING
    pieces: list[str] = []
    while rest and len(pieces) < MAX_SECTIONS:
        piece = "".join(_fitting(rest, MAX_SECTION))
        pieces.append(piece)
        rest = rest[len(piece) :]
    if rest:
        pieces[-1] = "".join(_fitting(pieces[-1], MAX_SECTION - len(CUT))) + CUT
    return pieces


def _fitting(pieces: Sequence[str], limit: int) -> Iterator[str]:
    """As many of the pieces, from the first, as fit into `limit` units."""
    room_left = limit
    for piece in pieces:
        room_left -= _units(piece)
        if room_left < 0:
            return
        yield piece


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _label(text: str) -> dict[str, Any]:
    return _plain("".join(_fitting(printable(text), MAX_LABEL)).strip() or "…")


def _button(button: Button, number: int) -> dict[str, Any]:
    # The number is there because an action_id must be unique within its block.
    return {
        "type": "button",
        "text": _label(button.label),
        "action_id": f"{ACTION_PREFIX}:{button.verb.value}:{number}",
        "value": printable(f"{button.incident} {button.words}".rstrip())[:MAX_VALUE],
    }


def _link_button(link: Link, number: int) -> dict[str, Any]:
    return {
        "type": "button",
        "text": _label(link.label),
        "action_id": f"{ACTION_PREFIX}:{LINK_VERB}:{number}",
        "url": link.url,
    }


def _with_bare_links(message: ChatMessage, as_buttons: Sequence[Link]) -> str:
    """The text, and below it the links that cannot be buttons, so that none is lost."""
    bare = [f"{link.label}: {link.url}" for link in message.links if link not in as_buttons]
    return "\n".join([message.text, *bare])


def _rows(buttons: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(buttons)
    while row := list(islice(rest, MAX_ROW)):
        yield row
