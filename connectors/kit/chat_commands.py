"""What people type to us in a chat, as commands: `ack INC-2`, `note INC-2 restarted the pods`, `status`, `help`.

Anything else is a cry for help: it becomes `HELP` with the words as typed, so that they are told what works. How a chat
marks that something is said to us (a slash, a mention), its vendor takes off first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from incidents.models import ChatVerb

WORDS: Mapping[str, ChatVerb] = {verb.value: verb for verb in ChatVerb} | {
    "acknowledge": ChatVerb.ACKNOWLEDGE,
    "resolved": ChatVerb.RESOLVE,
}

_INCIDENT = re.compile(r"(?:inc-?|#)([0-9]{1,18})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """`incident` as people say it (`INC-2`), or None when none was named."""

    verb: ChatVerb
    incident: str | None = None
    text: str = ""


def typed_words(words: str) -> Typed:
    """The command in what was said to us."""
    words = words.strip()
    first, rest = _split(words)
    verb = WORDS.get(first.lower())
    if verb is None:
        return Typed(verb=ChatVerb.HELP, text=words)
    if verb is ChatVerb.SPLIT:
        # A number by itself is a ticket's here, also with a hash.
        second, tail = _split(rest)
        incident = incident_name(second) if second.lower().startswith("inc") else None
        return Typed(verb=verb, incident=incident, text=rest if incident is None else tail)
    # "ack 2" names an incident; "note 2 pods restarted" counts pods.
    if _NUMBER.fullmatch(rest):
        return Typed(verb=verb, incident=f"INC-{int(rest)}")
    second, tail = _split(rest)
    incident = incident_name(second)
    return Typed(verb=verb, incident=incident, text=rest if incident is None else tail)


def incident_name(word: str) -> str | None:
    """`inc-2`, `INC2` and `#2` are all `INC-2`; anything else names no incident."""
    match = _INCIDENT.fullmatch(word)
    return f"INC-{int(match[1])}" if match else None


def _split(text: str) -> tuple[str, str]:
    """The first word and, as typed, the rest."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, rest[0].strip() if rest else ""
