"""Who a ticket's contacts are: it tells their ids alone.

The search does not know a contact of the last minutes (its description), so those that it lacks are read one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from connectors.intercom.api import IntercomApi
from connectors.kit.fields import any_text, text
from incidents.errors import NotFound
from incidents.models import Contact

AT_ONCE = 50
"""Contacts in one search: its page, when none is asked for."""
_ID = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


async def contacts_of(api: IntercomApi, ids: Iterable[str]) -> dict[str, Contact]:
    """By id, without those that were deleted. Raises `incidents.errors`."""
    wanted = [one for one in dict.fromkeys(ids) if _ID.fullmatch(one)]
    found: dict[str, Contact] = {}
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        for row in await api.contacts(some):
            contact = _contact(row)
            found[contact.id] = contact
        for one in some:
            if one not in found:
                try:
                    found[one] = _contact(await api.contact(one))
                except NotFound:
                    continue
    return found


def _contact(row: Mapping[str, object]) -> Contact:
    return Contact(id=any_text(row.get("id")), name=text(row.get("name")), email=text(row.get("email")))
