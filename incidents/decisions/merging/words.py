"""Which two incidents somebody means who says `merge`."""

from __future__ import annotations

import re

from incidents.events import ChatCommand
from incidents.models import IncidentRef

WHICH = (
    "Which two? `merge INC-7 INC-2` puts INC-7 into INC-2, which goes on; in the room of INC-7, "
    "`merge INC-2` is enough"
)
_INCIDENT = re.compile(r"(?:inc-?|#)?([0-9]{1,18})", re.IGNORECASE)
_BETWEEN = frozenset({"into", "with", "and"})


def read_merge(command: ChatCommand, here: int | None) -> tuple[str, str] | None:
    """The one that ends and the one that goes on, by name; None where they are not named.

    `here` is the incident in whose room it was said: it ends where only one other is named.
    """
    words = [word for word in command.text.split() if word.lower() not in _BETWEEN]
    found = [_INCIDENT.fullmatch(word) for word in words]
    named = [str(IncidentRef(number=int(one[1]))) for one in found if one is not None]
    if len(named) < len(words):
        return None
    if command.incident is not None:
        named = [command.incident, *named]
    if len(named) == 1 and here is not None:
        named = [str(IncidentRef(number=here)), *named]
    return (named[0], named[1]) if len(named) == 2 else None
