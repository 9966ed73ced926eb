"""Incidents by what somebody remembers of them: a number, a ticket, a name, a word of the title."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from incidents.errors import NotFound, Refused
from incidents.models import Incident
from incidents.store.cases import incidents_by_id

LONGEST = 300
"""Characters of what is looked for; more than that is no memory of an incident."""
SHOWN = 50

_NAME = re.compile(r"inc-?([0-9]{1,18})", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(?:^|/)inc-?([0-9]{1,18})(?:[/?#]|$)", re.IGNORECASE)
_NUMBER = re.compile(r"#?([0-9]{1,18})")
_LIKE = str.maketrans({mark: f"\\{mark}" for mark in "\\%_"})
# By the primary key, however many tickets there are.
_TICKETS = text(
    "select distinct incident_id as id from tickets where connection = any(:helpdesks) and id = any(:ids)"
    " and incident_id is not null order by 1 desc limit :shown"
).bindparams(bindparam("helpdesks", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Text)))
_WORDS = text(
    """
    select id from incidents
    where title ilike :like or service ilike :like or owner ilike :like or responder ilike :like
    order by id desc limit :shown
    """
)


async def find_incidents(tx: AsyncConnection, words: str, *, helpdesks: Sequence[str]) -> Sequence[Incident]:
    """INC-7 or 7; the number, ref or address of a ticket of these helpdesks; else words of the title, the service, the
    owner or the responder: the newest first, `SHOWN` at most. Texts of tickets are not searched.
    """
    sought = words.strip()[:LONGEST]
    named, number = _NAME.fullmatch(sought), _NUMBER.fullmatch(sought)
    if not sought:
        return ()
    if named is not None:
        return await _incidents(tx, [int(named[1])])
    ids = [number[1]] if number is not None else ticket_ids(sought)
    given = {"helpdesks": list(helpdesks), "ids": ids, "shown": SHOWN}
    order = [int(number[1])] if number is not None else []
    order += (await tx.execute(_TICKETS, given)).scalars()
    if number is None:
        like = f"%{sought.translate(_LIKE)}%"
        order += (await tx.execute(_WORDS, {"like": like, "shown": SHOWN})).scalars()
    return await _incidents(tx, order)


def ticket_ids(sought: str) -> list[str]:
    """What may be a ticket's id in it: all of it, what follows the `#` of a ref, the last part of an address."""
    last = sought.split("?", maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    return list(dict.fromkeys([sought, sought.rpartition("#")[2], last]))


async def named_incident(tx: AsyncConnection, words: str, *, helpdesks: Sequence[str]) -> Incident:
    """The one incident that somebody means to act on: by `INC-7`, the address of its page, or a ticket of it; a bare
    number only where it can be nothing else. No words of a title: a guess would be acted upon.

    Raises `NotFound` for none and `Refused` for several, in words for whoever filled in a form.
    """
    sought = words.strip()[:LONGEST]
    named, number = _IN_ADDRESS.search(sought), _NUMBER.fullmatch(sought)
    if named is not None:
        order = [int(named[1])]
    else:
        ids = [number[1]] if number is not None else ticket_ids(sought)
        given = {"helpdesks": list(helpdesks), "ids": ids, "shown": SHOWN}
        order = list((await tx.execute(_TICKETS, given)).scalars())
        if number is not None and not sought.startswith("#"):
            order.append(int(number[1]))
    found = await _incidents(tx, order)
    if len(found) > 1:
        names = " or ".join(one.name for one in found[:5])
        raise Refused(f"{sought!r} may mean {names}: name one of them")
    if not found:
        what = (
            f"there is no INC-{named[1]}"
            if named is not None
            else f"no incident has a ticket {sought[:80]!r}"
        )
        raise NotFound(f"{what}: name it as INC-42, or a ticket of it as #4711 or by its address")
    return found[0]


async def _incidents(tx: AsyncConnection, order: Sequence[int]) -> Sequence[Incident]:
    found = await incidents_by_id(tx, order)
    return [found[number] for number in dict.fromkeys(order) if number in found][:SHOWN]
