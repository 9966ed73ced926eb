"""What people type to the app, freed of Slack's marks: mentions in front, entities for `& < >`."""

from __future__ import annotations

import re

from incidents.commands.typed import Typed, incident_name, typed_words

__all__ = ["Typed", "incident_name", "typed"]

_MENTIONS = re.compile(r"^(?:\s*<@[UW][A-Z0-9]+(?:\|[^>]*)?>)+")
_NAMED = re.compile(r"<@[UW][A-Z0-9]+\|([^>]+)>")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
_ENTITY = re.compile("&(?:lt|gt|amp);")


def typed(text: str) -> Typed:
    """The command in a slash command's text or in a message to the app."""
    # Whoever is mentioned within it is meant by their name.
    named = _NAMED.sub(r"@\1", _MENTIONS.sub("", text))
    return typed_words(_ENTITY.sub(lambda match: _ENTITIES[match[0]], named))
