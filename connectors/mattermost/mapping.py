"""Our messages as Mattermost's posts: words, links, buttons, and the key that a post carries.

https://developers.mattermost.com/api-documentation/#/operations/CreatePost
https://developers.mattermost.com/integrate/plugins/interactive-messages/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.kit.fields import record, text
from connectors.kit.links import is_link
from connectors.kit.webhooks.signing import sign_hmac
from connectors.mattermost.markdown import fitting, marked
from connectors.mattermost.settings import MattermostSettings
from incidents.models import Button, ChatMessage, Link, Room
from incidents.texts.plain_text import one_line, printable

ONCE = "liaison_once"
OURS = "liaison"
MAX_BUTTONS = 12
MAX_LABEL = 60
MAX_WORDS = 200
MAX_LINKS = 10
MAX_URL = 1000
_NOT_IN_LABELS = str.maketrans("[]()`\\<>", "        ")


def post_body(
    room_id: str, message: ChatMessage, *, once: str, connection: str, settings: MattermostSettings
) -> dict[str, Any]:
    """The body of a new post. `pending_post_id` lets the server find a repetition by itself, for half a minute."""
    return {
        "channel_id": room_id,
        "message": words_of(message, settings),
        "props": props_of(message, once=once, connection=connection, settings=settings),
        "pending_post_id": f"liaison:{hashlib.sha256(f'{room_id}:{once}'.encode()).hexdigest()[:40]}",
    }


def words_of(message: ChatMessage, settings: MattermostSettings) -> str:
    """The message's text, with its links, and with what may be typed where there are no buttons."""
    links = [link for link in message.links[:MAX_LINKS] if is_link(link.url, at_most=MAX_URL)]
    bare = [f"{link.label}: {link.url}" for link in message.links[:MAX_LINKS] if link not in links]
    below = [marked(one[:MAX_URL]) for one in bare] + [_link(link) for link in links]
    if message.buttons and not settings.callback_url:
        below += [
            marked(f"{_label(button.label)}: ") + f"`{_typed(button, settings.command)}`"
            for button in message.buttons[:MAX_BUTTONS]
        ]
    return fitting(lambda words: "\n".join([marked(words), *below]), message.text)


def props_of(
    message: ChatMessage, *, once: str, connection: str, settings: MattermostSettings
) -> dict[str, Any]:
    """What a post carries: its key, and its buttons. An edit replaces all of it."""
    props: dict[str, Any] = {ONCE: once} if once else {}
    if message.buttons and settings.callback_url:
        actions = [
            _action(button, number, connection, settings)
            for number, button in enumerate(message.buttons[:MAX_BUTTONS])
        ]
        props["attachments"] = [{"fallback": "Buttons", "actions": actions}]
    return props


def once_of(post: Mapping[str, Any], own_id: str) -> str:
    """The key that a post of ours carries; "" for everybody else's: anybody can write such a property."""
    return text(record(post.get("props")).get(ONCE)) if post.get("user_id") == own_id else ""


def signed_words(verb: str, incident: str, words: str, connection: str) -> bytes:
    """What a button's proof is of."""
    return json.dumps([connection, verb, incident, words]).encode()


def room(channel: Mapping[str, Any], *, base_url: str, team: str) -> Room:
    """A channel as Mattermost describes it."""
    own_id, name = text(channel.get("id")), text(channel.get("name"))
    return Room(id=own_id, name=name or own_id, url=f"{base_url}/{team}/channels/{quote(name or own_id)}")


def _action(button: Button, number: int, connection: str, settings: MattermostSettings) -> dict[str, Any]:
    verb, incident, words = button.verb.value, button.incident, printable(button.words)[:MAX_WORDS]
    proof = sign_hmac(
        signed_words(verb, incident, words, connection),
        settings.secrets[0],
        prefix="",
        algorithm="sha256",
        encoding="hex",
    )
    context = {OURS: {"verb": verb, "incident": incident, "words": words, "proof": proof}}
    return {
        # Letters and digits: others make an address that Mattermost itself does not know.
        "id": f"liaison{number}",
        "type": "button",
        "name": _label(button.label),
        "integration": {"url": settings.callback_url, "context": context},
    }


def _typed(button: Button, command: str) -> str:
    words = f"/{command} {button.verb.value} {button.incident} {button.words}"
    return one_line(words).replace("`", "'")[:MAX_URL]


def _label(words: str) -> str:
    return " ".join(printable(words).translate(_NOT_IN_LABELS).split())[:MAX_LABEL] or "…"


def _link(link: Link) -> str:
    url = link.url.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
    return f"[{marked(_label(link.label))}]({url})"


def is_ours(post: Mapping[str, Any], own_id: str) -> bool:
    """Whether we wrote it."""
    return bool(own_id) and post.get("user_id") == own_id


def found_in(page: Sequence[Mapping[str, Any]], once: str, own_id: str) -> str | None:
    """The id of the post with this key."""
    return next((text(post.get("id")) for post in page if once_of(post, own_id) == once), None) or None
