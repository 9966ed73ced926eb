"""The verb and the incident in what people type: `ack INC-2`, `note INC-2 restarted the pods`, `status`, `help`.

Anything else is a cry for help: it becomes `HELP` with the words as typed, so that they are told what works. How it is
marked that something is said to us (a slash, a mention) is taken off before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from incidents.commands.verbs import WORDS, Verb

LONGEST = 8_000
"""Characters of a command that are read."""
_INCIDENT = re.compile(r"(?:inc-?|#)([0-9]{1,18})", re.IGNORECASE)
_NAMED = re.compile(r"inc-?([0-9]{1,18})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,18}")
_SAID = re.compile(r"(not[ _]an[ _]incident|false[ _]alarm|not[ _]us)(?=[\s:,]|$)", re.IGNORECASE)
_TICKETS = frozenset({Verb.SPLIT, Verb.LINK})
"""Where a number by itself is a ticket's, also with a hash."""
_TIMES = frozenset({Verb.PROMISE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """`incident` as people say it (`INC-2`), or None when none was named; `text` is what follows, as typed."""

    verb: Verb
    incident: str | None = None
    text: str = ""


def typed_words(words: str, *, is_on_ticket: bool = False) -> Typed:
    """The command in what was said to us. Any text has one.

    On a ticket a number may be a ticket's, also with a hash, so there only `INC-2` names an incident.
    """
    words = words[:LONGEST].strip()
    words = _SAID.sub(lambda said: "-".join(re.split("[ _]", said[0])), words, count=1)
    first, rest = first_word(words)
    verb = WORDS.get(first.lower().replace("_", "-").rstrip(":,"))
    if verb is None:
        return Typed(verb=Verb.HELP, text=words)
    if verb is Verb.LINK:
        return _where_to(rest)
    second, tail = first_word(rest)
    if is_on_ticket or verb in _TICKETS | _TIMES:
        incident = named_incident(second)
    elif _NUMBER.fullmatch(rest):
        # "ack 2" names an incident; "note 2 pods restarted" counts pods.
        return Typed(verb=verb, incident=f"INC-{int(rest)}")
    else:
        incident = incident_name(second)
    return Typed(verb=verb, incident=incident, text=rest if incident is None else tail)


def _where_to(rest: str) -> Typed:
    """`link INC-42`, `link 4711 to INC-42`: the incident is named wherever it stands before the reason."""
    words = rest.split()
    for place, word in enumerate(words):
        if word.lower() == "because":
            break
        if (incident := named_incident(word)) is not None:
            return Typed(
                verb=Verb.LINK, incident=incident, text=" ".join((*words[:place], *words[place + 1 :]))
            )
    return Typed(verb=Verb.LINK, text=rest)


def incident_name(word: str) -> str | None:
    """`inc-2`, `INC2` and `#2` are all `INC-2`; anything else names no incident."""
    match = _INCIDENT.fullmatch(word.rstrip(",;:."))
    return f"INC-{int(match[1])}" if match else None


def named_incident(word: str) -> str | None:
    """The same where a hash and a number are a ticket's."""
    match = _NAMED.fullmatch(word.rstrip(",;:."))
    return f"INC-{int(match[1])}" if match else None


def first_word(text: str) -> tuple[str, str]:
    """The first word and, as typed, the rest."""
    first, *rest = text.split(maxsplit=1) or [""]
    return first, rest[0].strip() if rest else ""
