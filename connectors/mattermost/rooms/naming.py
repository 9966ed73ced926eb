"""What a channel of ours is called, and how it is known to be ours."""

from __future__ import annotations

import hashlib
import re

from connectors.mattermost.markdown import fitting, marked
from incidents.texts.plain_text import cut, one_line

MAX_NAME = 50
"""Of the part that people read; Mattermost takes 64 letters of a name."""
MAX_TITLE = 64
MAX_HEADER = 1000
MAX_PURPOSE = 250
_NOT_IN_NAMES = re.compile("[^a-z0-9]+")
_PURPOSE = re.compile(r"An incident's room, kept by Liaison \((.+)\)")


def channel_name(name: str, once: str, number: int) -> str:
    """The name in addresses, unique in a team: `inc-7-checkout-3f9a1c2b`; with a number where that is taken.

    https://docs.mattermost.com/collaborate/channel-naming-conventions.html
    """
    word = _NOT_IN_NAMES.sub("-", name.lower()).strip("-")[:MAX_NAME].rstrip("-") or "incident"
    mark = hashlib.sha256(once.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{word}-{mark}" if number == 1 else f"{word}-{mark}-{number}"


def title(name: str) -> str:
    """The name that people read: one line."""
    return cut(one_line(name), MAX_TITLE) or "incident"


def header(topic: str) -> str:
    """A channel's header, which is Markdown: one line that says the topic."""
    return fitting(marked, one_line(topic), MAX_HEADER) if topic.strip() else ""


def purpose(once: str) -> str:
    """What a channel of ours is for, with the key that it was opened by."""
    return cut(f"An incident's room, kept by Liaison ({once})", MAX_PURPOSE)


def opened_by(said: str) -> str | None:
    """The key in a purpose, if it is one of ours."""
    found = _PURPOSE.fullmatch(said)
    return found[1] if found is not None else None
