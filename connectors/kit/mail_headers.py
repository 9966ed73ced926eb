"""Who made a mail, by its own headers: a person, or a machine that says so.

`Auto-Submitted`: RFC 3834, section 5. `List-Id`: RFC 2919. Delivery reports: RFC 3464 (`multipart/report`) and the
empty return path of RFC 5321, section 4.5.5. `Precedence`, `X-Autoreply`, `X-Autorespond` and their like are of no
standard, but of every second absence notice. `X-Auto-Response-Suppress` is not among them: people's mail has it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from incidents.models import Origin

_AUTOMATIC = frozenset(
    {
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply",
        "x-mail-autoreply",
    }
)
_BOUNCES = frozenset({"x-failed-recipients", "x-ms-exchange-message-is-ndr"})
_LISTS = frozenset({"list-id", "list-unsubscribe", "list-post"})
_SAYS_NO = frozenset({"", "no", "false", "0"})
_REPORT = re.compile(
    r"report-type\s{0,5}=\s{0,5}\"?(?:delivery-status|disposition-notification)", re.IGNORECASE
)
_WORD = re.compile(r"[a-z_-]+")


def origin_of(headers: Iterable[tuple[str, str]]) -> Origin:
    """What the headers of one mail say; a mail that says nothing is a person's."""
    found = {Origin.PERSON}
    for name, value in headers:
        found.add(_said(name.strip().casefold(), value.strip()[:1_000].casefold()))
    # A bounce is an automatic answer, too, and a list's absence notice no list mail: the surest word counts.
    return next(one for one in (Origin.BOUNCE, Origin.AUTOMATIC, Origin.LIST, Origin.PERSON) if one in found)


def _said(name: str, value: str) -> Origin:
    first = (_WORD.match(value) or [""])[0]
    is_report = name == "content-type" and value.startswith("multipart/report") and _REPORT.search(value)
    if name in _BOUNCES or is_report or (name == "return-path" and value == "<>"):
        return Origin.BOUNCE
    if name == "precedence":
        return {
            "auto_reply": Origin.AUTOMATIC,
            "junk": Origin.AUTOMATIC,
            "bulk": Origin.LIST,
            "list": Origin.LIST,
        }.get(first, Origin.PERSON)
    if name == "auto-submitted" or name in _AUTOMATIC:
        return Origin.PERSON if first in _SAYS_NO and value in _SAYS_NO | {first} else Origin.AUTOMATIC
    return Origin.LIST if name in _LISTS else Origin.PERSON
