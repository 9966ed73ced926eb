"""Our messages as Matrix's: whatever a text says, it is only ever text.

`body` is plain text, and `formatted_body` the same with everything escaped: no tag of a text's own gets through, the
list of who is mentioned is there and empty, so nobody is called by a name in a text or by @room. Programs make links of
addresses by themselves; so what looks like one stands in `<code>`, where they commonly do not.

https://spec.matrix.org/v1.16/client-server-api/#mroommessage-msgtypes
https://spec.matrix.org/v1.16/client-server-api/#definition-mmentions
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.kit.fields import record, records, text
from connectors.kit.links import is_link
from incidents.commands.verbs import Verb
from incidents.models import Button, ChatMessage, Link
from incidents.texts.plain_text import printable

ONCE = "org.liaison.once"
OFFERS = "org.liaison.offers"
THUMBS_UP = "\U0001f44d"

# A whole event may have 65,536 bytes; what the servers add to the content (ids, hashes, signatures) needs its room.
MOST_BYTES = 60_000
MAX_LINKS = 20
MAX_LABEL = 75
MAX_URL = 2_000
CUT = " … (cut)"
NOTHING = "(no text)"

_CLICKABLE = re.compile(
    r"://|@|^[#!+$][^\s:]+:|(?:^|\W)(?:geo|im|magnet|mailto|matrix|sip|sms|tel|xmpp):|[^\W_]\.[^\W\d_]{2}",
    re.IGNORECASE,
)
_PIECES = re.compile(r"(\s+)")
_SKIN = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")


def post_content(message: ChatMessage, *, once: str, command: str, kind: str = "m.text") -> dict[str, Any]:
    """The content of a message that carries its key. `command` is what people begin commands with."""

    def build(words: str) -> dict[str, Any]:
        return {**_content(message, words, command, kind), ONCE: once}

    return _fitting(build, message.text)


def edit_content(message: ChatMessage, event_id: str, *, once: str, command: str) -> dict[str, Any]:
    """The content of the edit of a message: programs that know no edits show its `body`.

    https://spec.matrix.org/v1.16/client-server-api/#event-replacements
    """

    def build(words: str) -> dict[str, Any]:
        new = _content(message, words, command, "m.text")
        shown = {**new, "body": f"* {new['body']}", "formatted_body": f"* {new['formatted_body']}"}
        replaced = {"rel_type": "m.replace", "event_id": event_id}
        return {**shown, ONCE: once, "m.new_content": new, "m.relates_to": replaced}

    return _fitting(build, message.text)


def transaction_id(once: str, content: Mapping[str, Any], attempt: int) -> str:
    """What makes a message happen once on the server. The content is part of it: for another text under the same
    transaction a server answers with the first one's id, and says nothing of it.
    """
    said = json.dumps([once, content, attempt], sort_keys=True, ensure_ascii=True)
    return f"liaison-{hashlib.sha256(said.encode()).hexdigest()[:40]}"


def is_the_same(content: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the event is the message with this content."""
    found = record(event.get("content"))
    return event.get("type") == "m.room.message" and all(
        found.get(key) == content.get(key) for key in (ONCE, "body", "m.relates_to")
    )


def once_of(event: Mapping[str, Any]) -> str | None:
    """The key a message was posted with; None for edits, for what was taken back, and for everybody else's."""
    content = record(event.get("content"))
    if record(content.get("m.relates_to")).get("rel_type") == "m.replace":
        return None
    return text(content.get(ONCE)) or None


def offered(event: Mapping[str, Any]) -> str | None:
    """The incident that a message of ours offers to acknowledge, if it does."""
    for offer in records(record(event.get("content")).get(OFFERS)):
        if offer.get("verb") == Verb.ACKNOWLEDGE.value:
            return text(offer.get("incident")) or None
    return None


def is_thumbs_up(key: Any) -> bool:
    """Whether a reaction is a thumb up, in whatever colour."""
    return isinstance(key, str) and len(key) <= 10 and _SKIN.sub("", key) == THUMBS_UP


def _content(message: ChatMessage, words: str, command: str, kind: str) -> dict[str, Any]:
    links = [link for link in message.links[:MAX_LINKS] if is_link(link.url, at_most=MAX_URL)]
    # What cannot be a link is written out, so that it is not lost.
    bare = [f"{_label(link.label)}: {link.url[:MAX_URL]}" for link in message.links if link not in links]
    shown = "\n".join([words if words.strip() else NOTHING, *map(printable, bare)])
    plain = [shown, *(f"{_label(link.label)}: {link.url}" for link in links)]
    marked = [_marked(shown), *map(_anchor, links)]
    if message.buttons:
        offers = [
            (_label(one.label), f"!{command} {one.verb.value} {one.incident} {one.words}".rstrip())
            for one in message.buttons
        ]
        hint = f", or react with {THUMBS_UP}" if _may_react(message.buttons) else ""
        plain.append(f"{'; '.join(f'{label}: {words}' for label, words in offers)}{hint}")
        marked.append(
            f"{'; '.join(f'{_escaped(label)}: <code>{_escaped(words)}</code>' for label, words in offers)}{hint}"
        )
    content: dict[str, Any] = {
        "msgtype": kind,
        "body": "\n".join(plain),
        "format": "org.matrix.custom.html",
        "formatted_body": "<br>".join(marked),
        "m.mentions": {},
    }
    if message.buttons:
        content[OFFERS] = [{"verb": one.verb.value, "incident": one.incident} for one in message.buttons]
    return content


def _fitting(build: Callable[[str], dict[str, Any]], words: str) -> dict[str, Any]:
    """The content with as much of the text as fits, counted in bytes of the whole."""
    words = printable(words)
    if len(words) <= MOST_BYTES and _weight(content := build(words)) <= MOST_BYTES:
        return content
    fits, too_much = 0, min(len(words), MOST_BYTES)
    while too_much - fits > 1:
        middle = (fits + too_much) // 2
        if _weight(build(words[:middle] + CUT)) <= MOST_BYTES:
            fits = middle
        else:
            too_much = middle
    return build(words[:fits] + CUT)


def _weight(content: Mapping[str, Any]) -> int:
    return len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def _marked(words: str) -> str:
    """The text as HTML that shows just this text."""
    pieces = _PIECES.split(words)
    return "".join(
        _space(piece)
        if number % 2
        else f"<code>{_escaped(piece)}</code>"
        if _CLICKABLE.search(piece)
        else _escaped(piece)
        for number, piece in enumerate(pieces)
    )


def _space(piece: str) -> str:
    return piece.replace("\n", "<br>")


def _escaped(words: str) -> str:
    return html.escape(words, quote=True)


def _anchor(link: Link) -> str:
    return f'<a href="{_escaped(link.url)}">{_escaped(_label(link.label))}</a>'


def _label(words: str) -> str:
    return " ".join(printable(words).split())[:MAX_LABEL] or "…"


def _may_react(buttons: Sequence[Button]) -> bool:
    return any(button.verb is Verb.ACKNOWLEDGE for button in buttons)
