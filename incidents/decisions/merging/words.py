"""What somebody means who says `merge` or `split`."""

from __future__ import annotations

import re

from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from incidents.events import ChatCommand
from incidents.models import IncidentRef

WHICH = (
    "Which two? `merge INC-7 INC-2` puts INC-7 into INC-2, which goes on; in the room of INC-7, "
    "`merge INC-2` is enough"
)
_INCIDENT = re.compile(r"(?:inc-?|#)?([0-9]{1,18})", re.IGNORECASE)
_NAMED = re.compile(r"inc-?([0-9]{1,18})", re.IGNORECASE)
_BETWEEN = frozenset({"into", "with", "and", "to", "for"})


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


WHAT = (
    "Which ticket? `split 4711` in the room of its incident (else `split INC-2 4711`) puts it into an incident of its "
    "own, `split 4711 INC-9` into that one, `split 4711 search` into a new one of that service"
)


def read_split(command: ChatCommand) -> Splitting | None:
    """The ticket and where it goes; None where no ticket is named, or too much is."""
    words = [word for word in command.text.split() if word.lower() not in _BETWEEN]
    if not 1 <= len(words) <= 2:
        return None
    where = words[1] if len(words) == 2 else ""
    incident = _NAMED.fullmatch(where)
    return Splitting(
        ticket=words[0],
        said=Merging(by=command.user),
        into=None if incident is None else int(incident[1]),
        service=where if where and incident is None else None,
    )
